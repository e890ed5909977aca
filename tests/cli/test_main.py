import io

import pytest

import triode as package
from triode.cli import main
from triode.cli.new import ask_kind


def run(capsys, *arguments):
    """Return the exit code, standard output and standard error of the command line."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return (caught.value.code, *capsys.readouterr())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("nonsense",),
            'Unknown command "nonsense". Available commands: '
            "dev, run, new, routes, openapi, shell, user, db.",
        ),
        (("dev", "--prot", "3"), "Unknown option: --prot. Did you mean --port?"),
        (("dev", "--port", "x"), 'Invalid value for --port: unable to convert "x" into int.'),
        (("new",), 'Command "new" parameter NAME requires an argument.'),
        (("new", "a", "b", "c"), "more was given than the command takes: b c"),
        (("run", "--workers", "0"), "--workers 0 serves nothing. Use 1 or more"),
    ],
)
def test_mistake_on_the_command_line_is_one_line(capsys, arguments, message):
    assert run(capsys, *arguments) == (2, "", f"triode: error: {message}\n")


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{package.__version__}\n"


@pytest.fixture
def typed(monkeypatch):
    """Answer questions with these lines, as at a terminal."""

    def answer(*lines: str) -> None:
        stdin = io.StringIO("".join(f"{line}\n" for line in lines))
        stdin.isatty = lambda: True
        monkeypatch.setattr("sys.stdin", stdin)

    return answer


@pytest.mark.parametrize(
    ("lines", "kind"),
    [(["2"], "api"), ([""], "service"), (["site"], "site"), (["7", " 3 "], "site")],
)
def test_kind_is_asked_until_it_is_known(typed, lines, kind):
    typed(*lines)
    assert ask_kind() == kind


def test_end_of_input_at_a_question_ends_the_command(capsys, typed, tmp_path):
    typed()
    code, _, errors = run(capsys, "new", str(tmp_path / "start"))
    assert (code, errors) == (130, "")
