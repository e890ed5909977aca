import pytest

from triode.cli.errors import fail, program_error
from triode.errors import TriodeError


def error_of(path, source):
    path.write_text(source)
    try:
        exec(compile(source, str(path), "exec"), {})
    except Exception as exc:
        return program_error(exc)
    return pytest.fail("the program raised nothing")


def test_error_names_the_users_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = error_of(tmp_path / "app.py", "import json\n\njson.loads('{')\n")
    assert str(error).startswith("app.py:3: JSONDecodeError: Expecting property name")
    assert error.detail.endswith("\n    app.py:3: json.loads('{')")


def test_syntax_error_marks_its_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = error_of(tmp_path / "app.py", "def x(:\n    pass\n")
    assert str(error) == "app.py:1: SyntaxError: invalid syntax"
    assert error.detail == "    def x(:\n          ^"


def test_error_that_knows_its_place_is_not_given_another(tmp_path):
    def program():
        raise TriodeError("Two names.", code="names", where="models.py:7")

    with pytest.raises(TriodeError) as caught:
        program()
    assert str(program_error(caught.value)) == "models.py:7: Two names. [names]"


def test_failure_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as caught:
        fail(TriodeError("Nothing there.", code="missing"))
    assert caught.value.code == 2
    assert capsys.readouterr() == ("", "triode: error: Nothing there. [missing]\n")
