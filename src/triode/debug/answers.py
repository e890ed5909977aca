"""The replies of debugging: what the client asks for decides between a page, JSON and text."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

import jinja2

from triode.debug.facts import Facts, facts_of
from triode.debug.failures import Failure, Frame, failures_of, text_of
from triode.debug.masking import Mask
from triode.debug.near import known_routes
from triode.debug.statements import Statements, statements_of
from triode.http import Call, Reply
from triode.http.accept import names_type, prefers_html
from triode.templating.standalone import standalone_page

_VERSIONS = f"Triode {sys.modules['triode'].__version__}, Python {sys.version.split()[0]}"

logger = logging.getLogger("triode")

TEXT = b"text/plain; charset=utf-8"
JSON = b"application/json"
_SAFE = [
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
    (b"x-content-type-options", b"nosniff"),
]


class Report:
    """Everything that is known of an error; collected first, then scrubbed as it is written."""

    def __init__(self, call: Call, exc: Exception) -> None:
        self.mask = Mask()
        # Read twice: a long text is cut where all secrets are known, and not in one's middle.
        facts_of(call, self.mask)
        failures_of(exc, self.mask)
        self.facts: Facts = facts_of(call, self.mask)
        self.failures: list[Failure] = failures_of(exc, self.mask)
        self.statements: Statements = statements_of(call)
        self.traceback = text_of(exc)

    def text(self) -> str:
        """Return the report for a terminal, or to be pasted into a message."""
        facts = self.facts
        lines = [self.traceback, f"Request: {facts.method} {facts.path}"]
        if facts.handler:
            lines.append(f"Handler: {facts.handler}")
        lines += [
            f"SQL: {ran.milliseconds:.2f} ms  {ran.sql}  ({ran.place or 'not from your code'})"
            for ran in self.statements.ran
        ]
        if self.statements.count > len(self.statements.ran):
            lines.append(f"SQL: {self.statements.count} statements in all")
        lines += [
            f"SQL in a loop: {loop.count} times  {loop.sql}  ({loop.place})"
            for loop in self.statements.loops
        ]
        lines.append(_VERSIONS)
        return self.mask.scrub("\n".join(lines) + "\n")

    def data(self) -> dict[str, Any]:
        """Return the report for a program."""
        found = {
            "failures": [asdict(failure) for failure in self.failures],
            "request": asdict(self.facts),
            "statements": [asdict(ran) for ran in self.statements.ran],
            "loops": [asdict(loop) for loop in self.statements.loops],
            "traceback": self.traceback.splitlines(),
        }
        scrubbed: dict[str, Any] = _scrubbed(found, self.mask)
        return scrubbed


def error_reply(call: Call, exc: Exception) -> Reply:
    """Return the answer to an exception that nobody expected."""
    accept = call.header(b"accept")
    try:
        report = Report(call, exc)
        if prefers_html(accept):
            return _page(report)
        if names_type(accept, "application/json"):
            body = {"detail": "Internal Server Error", "debug": report.data()}
            return Reply(json.dumps(body).encode(), 500, JSON, list(_SAFE))
        return Reply(report.text().encode("utf-8", "replace"), 500, TEXT, list(_SAFE))
    except Exception:
        # What is shown of an error must not hide the error, which is logged besides.
        logger.exception("Exception in the debug page")
        return Reply(b"Internal Server Error", 500, TEXT)


def missing_reply(app: Any, call: Call) -> Reply:
    """Return the page for an address that no route answers: those it may have meant."""
    routes = known_routes(app.routes, call.path)
    template = _templates().get_template("missing.html")
    root = str(call.scope().get("root_path", "")).rstrip("/")
    body = template.render(method=call.method, path=call.path, routes=routes, root=root)
    return standalone_page("404 Not Found", body, status=404, sheet=_sheet())


def _page(report: Report) -> Reply:
    first = report.failures[0]
    template = _templates().get_template("error.html")
    environment = {
        "failures": report.failures,
        "facts": report.facts,
        "statements": report.statements,
        "text": report.text(),
        "versions": _VERSIONS,
        "scrub": report.mask.scrub,
    }
    title = escape(report.mask.scrub(f"{first.kind}: {first.message}")[:120])
    return standalone_page(title, template.render(environment), status=500, sheet=_sheet())


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("triode.debug"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(groupby_own=_by_owner, packages=_packages)
    return made


@cache
def _sheet() -> str:
    return (files("triode.debug") / "templates" / "debug.css").read_text(encoding="utf-8")


def _by_owner(frames: list[Frame]) -> list[tuple[bool, list[Frame]]]:
    """Return the frames in runs: the developer's own, those of others, and so on."""
    return [(own, list(run)) for own, run in groupby(frames, key=lambda frame: frame.is_own)]


def _packages(frames: list[Frame]) -> str:
    """Return the names of the packages that some frames belong to, each once."""
    return ", ".join(dict.fromkeys(frame.package for frame in frames))


def _scrubbed(value: Any, mask: Mask) -> Any:
    if isinstance(value, str):
        return mask.scrub(value)
    if isinstance(value, dict):
        return {name: _scrubbed(item, mask) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item, mask) for item in value]
    return value
