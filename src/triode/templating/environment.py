"""Find, compile and fill templates: Jinja2, with escaping on.

A template sees what it is given, and besides: `request`, `session`, `current_user`, `csp_nonce`,
`url_for`, `static`, `triode_style()`, `csrf_token()`, `csrf_field()` and
`get_flashed_messages()`. The first four belong to the request that is being served, and are looked
up only where they are named.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self, TypeAlias

import jinja2
import jinja2.runtime
from jinja2.utils import missing

from triode.errors import TriodeError, place_of
from triode.http import Call, require_call
from triode.http.nonce import csp_nonce
from triode.templating.csrf import csrf_field, csrf_token
from triode.templating.flash import get_flashed_messages
from triode.templating.style import triode_style
from triode.templating.urls import static, url_for

Folder: TypeAlias = "str | Path"

NOT_ESCAPED = (".txt", ".md", ".csv", ".json", ".js", ".css")


class TemplateError(TriodeError):
    """A template that cannot be found or read."""

    default_code = "template"


class Templates:
    """The templates of one application.

    `folders` are searched in order, before what packages bring along. With `debug`, a changed
    file is read again, and a name that a template uses and nobody gave is an error.
    """

    def __init__(self, *folders: Folder, debug: bool = False) -> None:
        self.folders = [Path(folder) for folder in folders]
        self.packages: dict[str, jinja2.BaseLoader] = {}
        self.debug = debug
        self._environment: jinja2.Environment | None = None
        self._globals: dict[str, Any] = {}
        self._filters: dict[str, Callable[..., Any]] = {}

    def setup(self, app: Any) -> None:
        """Attach to an application, so that `render` uses these templates."""
        self.debug = self.debug or bool(getattr(app, "debug", False))
        home = home_of(app)
        if home is not None and not self.folders:
            self.folders.append(home / "templates")

    def add_package(self, package: str, folder: str = "templates", *, prefix: str) -> Self:
        """Search a Python package's folder for names that begin with `prefix/`."""
        if prefix not in self.packages:
            self.packages[prefix] = jinja2.PackageLoader(package, folder)
        return self

    def add_global(self, name: str, value: Any) -> None:
        """Give every template a value or function."""
        self._globals[name] = value
        if self._environment is not None:
            self._environment.globals[name] = value

    def filter(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Make a function a filter under its own name; a decorator."""
        self._filters[function.__name__] = function
        if self._environment is not None:
            self._environment.filters[function.__name__] = function
        return function

    @property
    def environment(self) -> jinja2.Environment:
        """Jinja's own object, made when first asked for."""
        if self._environment is None:
            self._environment = self._make_environment()
        return self._environment

    def _make_environment(self) -> jinja2.Environment:
        made = jinja2.Environment(
            loader=jinja2.ChoiceLoader(
                [jinja2.FileSystemLoader(self.folders), jinja2.PrefixLoader(self.packages)]
            ),
            autoescape=_escapes,  # noqa: S701 - off for text files only
            auto_reload=self.debug,
            undefined=jinja2.StrictUndefined if self.debug else jinja2.Undefined,
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        )
        made.context_class = _RequestContext
        made.globals.update(
            url_for=url_for,
            static=static,
            triode_style=triode_style,
            csrf_token=csrf_token,
            csrf_field=csrf_field,
            get_flashed_messages=get_flashed_messages,
            **self._globals,
        )
        made.filters.update(self._filters)
        return made

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return a template filled in.

        Raises:
            TemplateError: it, or one that it includes, is missing or cannot be parsed.
        """
        try:
            return self.environment.get_template(name).render(context)
        except jinja2.TemplateNotFound as exc:
            raise self._missing(str(exc.name or name)) from None
        except jinja2.TemplateSyntaxError as exc:
            raise TemplateError(
                f"The template {exc.name or name!r} cannot be read: {exc.message}.",
                code="template-syntax",
                where=f"{exc.filename or exc.name}:{exc.lineno}",
            ) from exc

    def _missing(self, name: str) -> TemplateError:
        searched = [str(folder) for folder in self.folders]
        searched += [f"{prefix}/… ({_package_of(at)})" for prefix, at in self.packages.items()]
        close = difflib.get_close_matches(name, self.environment.list_templates(), n=3)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        return TemplateError(
            f"There is no template {name!r}. Searched: {', '.join(searched) or 'no folder'}.{hint}",
            code="template-missing",
        )


def templates_of(call: Call) -> Templates:
    """Return the templates of the application that serves a call; made when it has none yet."""
    found = attached_templates(call.app)
    if not found.folders:
        found.folders.extend(_beside_handler(call))
    return found


def attached_templates(app: Any) -> Templates:
    """Return the templates of an application; attached now if it has none yet."""
    found: Templates | None = app.extension(Templates)
    return found if found is not None else app.attach(Templates())


def home_of(app: Any) -> Path | None:
    """Return the folder of an application's file, None where it is not known."""
    home = getattr(app, "directory", None)
    return None if home is None else Path(home)


def _beside_handler(call: Call) -> Iterable[Path]:
    handler = getattr(call.route, "handler", None)
    place = place_of(inspect.unwrap(handler)) if callable(handler) else None
    # Our own pages bring their templates along; they do not tell where the application's are.
    if place is not None and not str(handler.__module__).startswith("triode."):
        yield Path(place.rpartition(":")[0]).resolve().parent / "templates"


class _RequestContext(jinja2.runtime.Context):
    """Knows the values of the current request, without making them for templates without need."""

    def resolve_or_missing(self, key: str) -> Any:
        # PERF: Jinja's own two look-ups written out; this runs for every name of a template.
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        make = _OF_REQUEST.get(key)
        return missing if make is None else make(require_call(f"{key!r} in a template"))


_OF_REQUEST: dict[str, Callable[[Call], Any]] = {
    "request": lambda call: call.request(),
    "session": lambda call: (call.extras or {}).get("session", {}),
    "current_user": lambda call: (call.extras or {}).get("user"),
    "csp_nonce": csp_nonce,
}


def _escapes(name: str | None) -> bool:
    return name is None or not name.removesuffix(".jinja").endswith(NOT_ESCAPED)


def _package_of(loader: jinja2.BaseLoader) -> str:
    return str(getattr(loader, "package_name", loader))
