"""`triode shell`: Python with the application started, its models imported and `await` allowed.

IPython is used where it is installed, else the console of the standard library, with a history.
"""

from __future__ import annotations

import ast
import atexit
import code
import inspect
import rlcompleter
import sys
import traceback
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType, TracebackType
from typing import Any, TypeAlias

import triode.db
import triode.schema
from triode.app import App
from triode.cli.background import BackgroundApp
from triode.cli.discovery import load
from triode.cli.target import Target

try:
    import readline
except ImportError:  # Windows has none
    readline = None  # type: ignore[assignment]

HISTORY_FILE = Path("~/.triode_history").expanduser()

_TYPED = {"<console>", "<stdin>"}

RunCoroutine: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]


def shell(target: Target = "", /) -> None:
    """Open a Python shell with the models imported.

    `await` works at the top level. Lines that come from a pipe are run without a prompt.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    """
    program = load(target)
    names = namespace_of(program.app, sys.modules[program.location.module].__dict__)
    with BackgroundApp(program.app) as background:
        if find_spec("IPython") is not None and sys.stdin.isatty():
            _open_ipython(names, background.run)
        else:
            _open_console(names, background.run)


def namespace_of(app: App, program: dict[str, Any]) -> dict[str, Any]:
    """Return the names of a shell: triode's, the program's, every model's, and `app`."""
    names: dict[str, Any] = {}
    if models := sys.modules.get("triode.db.tables.registry"):
        names.update({name: getattr(triode, name) for name in _names_of_data()})
        names.update(models.model_registry)
    names.update({name: value for name, value in program.items() if not name.startswith("__")})
    return {**names, "app": app}


def _names_of_data() -> set[str]:
    """Return triode's names for queries and values; others would load rooms, accounts for one."""
    handed: list[str] = getattr(triode, "__all__")  # noqa: B009 -- made on demand
    return {*handed} & {*triode.db.__all__, *triode.schema.__all__}


class AwaitingConsole(code.InteractiveConsole):
    """The standard library's console, with `await` at the top level."""

    def __init__(self, names: dict[str, Any], run: RunCoroutine) -> None:
        super().__init__(names)
        self._run = run
        self.has_failed = False
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def run_all(self, source: str) -> None:
        """Run a whole program."""
        try:
            program = compile(source, "<stdin>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError):
            self.has_failed = True
            self.showsyntaxerror("<stdin>")
        else:
            self.runcode(program)

    def runcode(self, code: CodeType) -> None:
        """Run one statement; a coroutine is run on the application's event loop."""
        function = FunctionType(code, self.locals)
        try:
            result = function()
            if inspect.iscoroutine(result):
                self._run(result)
        except SystemExit:
            raise
        except KeyboardInterrupt:
            self.write("KeyboardInterrupt\n")
        except BaseException as exc:
            self.has_failed = True
            exc.__traceback__ = _from_typed_line(exc.__traceback__)
            self.write("".join(traceback.format_exception(exc)))


def _from_typed_line(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without what led to the line that was typed."""
    while trace is not None and trace.tb_frame.f_code.co_filename not in _TYPED:
        trace = trace.tb_next
    return trace


def _open_console(names: dict[str, Any], run: RunCoroutine) -> None:
    console = AwaitingConsole(names, run)
    if not sys.stdin.isatty():
        console.run_all(sys.stdin.read())
        sys.exit(1 if console.has_failed else 0)
    _load_history(names)
    models = [name for name, value in names.items() if _is_model(value)]
    ready = f"Ready: {', '.join(['app', *models])}. await works; Ctrl-D ends."
    console.interact(banner=f"Python {sys.version.split()[0]}. {ready}", exitmsg="")


def _is_model(value: object) -> bool:
    models = sys.modules.get("triode.db.tables.registry")
    return models is not None and value in models.model_registry.values()


def _load_history(names: dict[str, Any]) -> None:
    """Complete names with Tab and keep the lines typed, where there is a readline."""
    if readline is None:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
    if HISTORY_FILE.is_file():
        readline.read_history_file(HISTORY_FILE)
    readline.set_history_length(2000)
    atexit.register(readline.write_history_file, HISTORY_FILE)


def _open_ipython(names: dict[str, Any], run: RunCoroutine) -> None:
    from IPython.terminal.embed import InteractiveShellEmbed  # pyright: ignore[reportMissingImports]

    console = InteractiveShellEmbed(user_ns=names, banner1="")
    console.loop_runner = run
    console.autoawait = True
    console()
