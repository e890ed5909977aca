"""The servers that are compared: how each is installed, started and asked.

A peer may answer a row in more than one documented way (`async def` or `def`, say). Each way is a
variant with a path prefix; the runner tries all and times the fastest.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.places import APPS, DATA, ROOT

Command = Callable[[Path, int], list[str]]

UVICORN = (
    *("--loop", "uvloop", "--http", "httptools"),
    *("--no-access-log", "--log-level", "warning", "--host", "127.0.0.1"),
)
# One core: one worker. gthread is gunicorn's worker that keeps connections alive.
GUNICORN = (
    *("--worker-class", "gthread", "--workers", "1"),
    *("--keep-alive", "30", "--log-level", "warning"),
)
NGINX = """
daemon off; master_process off; worker_processes 1; pid PID; error_log stderr error;
events { worker_connections 256; }
http {
    access_log off;
    keepalive_requests 1000000000;
    default_type application/json;
    server {
        listen 127.0.0.1:PORT;
        location / { return 200 '{"message":"Hello, World!"}'; }
    }
}
"""


@dataclass(frozen=True)
class Variant:
    """A documented way to write a row's handler, told apart by the prefix of its paths."""

    name: str
    prefix: str = ""


@dataclass(frozen=True)
class Login:
    """How an administrator comes to be, and where the browser is let in.

    `commands` gets the peer's Python; each may read the password from its input.
    """

    commands: Callable[[Path], list[list[str]]]
    path: str
    name_field: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A server. `command` gets its Python and a port; `rows` names the rows it can answer."""

    name: str
    title: str
    command: Command
    rows: tuple[str, ...]
    variants: dict[str, tuple[Variant, ...]] = field(default_factory=dict)
    distributions: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = APPS
    login: Login | None = None
    oldest_python: tuple[int, ...] = (3, 11)

    def ways(self, row: str) -> tuple[Variant, ...]:
        return self.variants.get(row, (Variant(""),))


# Of a database that lives as long as the benchmark, on this machine.
ADMIN = "admin@example.org"
PASSWORD = "a valve for the benchmark"
WEB = ("hello", "params", "body", "plain")
MORE = ("deps3", "deps8", "large-body", "large-response", "stack")
DATABASE = ("row", "rows", "insert")
SYNC_OR_ASYNC = (Variant("async def"), Variant("def", "/sync"))


def uvicorn(application: str) -> Command:
    def command(python: Path, port: int) -> list[str]:
        return [str(python), "-m", "uvicorn", application, "--port", str(port), *UVICORN]

    return command


def gunicorn(application: str, threads: int) -> Command:
    def command(python: Path, port: int) -> list[str]:
        bind = ["--bind", f"127.0.0.1:{port}", "--threads", str(threads)]
        return [str(python), "-m", "gunicorn", application, *bind, *GUNICORN]

    return command


def triode(python: Path, port: int) -> list[str]:
    application = str(APPS / "triode_app.py")
    start = [str(python), "-m", "triode", "run", application, "--workers", "1"]
    return [*start, "--port", str(port)]


def bolt(python: Path, port: int) -> list[str]:
    start = [str(python), "-m", "bolt_site.manage", "runbolt", "--processes", "1", "--no-admin"]
    return [*start, "--host", "127.0.0.1", "--port", str(port)]


def nginx(_python: Path, port: int) -> list[str]:
    configuration = DATA / "nginx.conf"
    # nginx deletes the file it is told to keep its process id in, so it must be one of ours.
    pid = str(DATA / "nginx.pid")
    configuration.write_text(NGINX.replace("PORT", str(port)).replace("PID", pid))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return [program, "-c", str(configuration), "-e", "stderr"]


def triode_admin(python: Path) -> list[list[str]]:
    application = str(APPS / "triode_app.py")
    create = [str(python), "-m", "triode", "user", "create", application]
    return [[*create, "--admin", "--email", ADMIN, "--password-stdin"]]


def django_admin(python: Path) -> list[list[str]]:
    start = [str(python), "-m", "django"]
    create = [*start, "createsuperuser", "--noinput", "--username", ADMIN, "--email", ADMIN]
    return [[*start, "migrate"], create]


def all_peers() -> tuple[Peer, ...]:
    """Return every server, Triode first."""
    return (
        Peer(
            "triode",
            "Triode",
            triode,
            (*WEB, *DATABASE, *MORE, "fortunes", "postgres", "admin"),
            variants={
                "hello": (Variant("struct"), Variant("dict", "/dict")),
                "admin": (Variant("", "/admin/user"),),
            },
            login=Login(triode_admin, "/login", "email"),
            distributions=("triode", "starlette", "msgspec", "uvicorn", "SQLAlchemy"),
            directory=ROOT,
        ),
        Peer("nginx", "nginx `return 200`", nginx, ("hello",)),
        Peer(
            "raw",
            "raw ASGI on uvicorn",
            uvicorn("raw_app:app"),
            (*WEB, *DATABASE, "postgres"),
            distributions=("uvicorn", "uvloop", "httptools", "msgspec"),
        ),
        Peer(
            "django-bolt",
            "django-bolt",
            bolt,
            WEB + DATABASE,
            variants={
                "hello": (Variant("struct"), Variant("dict", "/dict")),
                "row": SYNC_OR_ASYNC,
                "rows": (*SYNC_OR_ASYNC, Variant("QuerySet", "/queryset")),
                "insert": SYNC_OR_ASYNC,
            },
            distributions=("django-bolt", "Django"),
            oldest_python=(3, 12),
        ),
        Peer(
            "fastapi",
            "FastAPI + uvicorn, SQLAlchemy",
            uvicorn("fastapi_app:app"),
            (*WEB, *DATABASE, *MORE, "postgres"),
            variants={
                "hello": (Variant("model"), Variant("dict", "/dict")),
                **dict.fromkeys((*DATABASE, "postgres"), SYNC_OR_ASYNC),
            },
            distributions=("fastapi", "starlette", "pydantic", "uvicorn", "SQLAlchemy"),
        ),
        Peer(
            "litestar",
            "Litestar + uvicorn",
            uvicorn("litestar_app:app"),
            WEB,
            variants={"plain": (Variant("inline"), Variant("thread", "/thread"))},
            distributions=("litestar", "msgspec", "uvicorn"),
        ),
        Peer(
            "blacksheep",
            "BlackSheep + uvicorn",
            uvicorn("blacksheep_app:app"),
            WEB,
            distributions=("blacksheep", "pydantic", "uvicorn"),
        ),
        Peer(
            "falcon",
            "Falcon (ASGI) + uvicorn",
            uvicorn("falcon_app:app"),
            ("hello", "params", "body"),
            distributions=("falcon", "msgspec", "uvicorn"),
        ),
        Peer(
            "flask",
            "Flask + gunicorn, SQLAlchemy",
            gunicorn("flask_app:app", 4),
            (*WEB, *DATABASE, "fortunes"),
            distributions=("flask", "gunicorn", "SQLAlchemy"),
        ),
        Peer(
            "django",
            "Django + gunicorn",
            gunicorn("django_site.wsgi", 4),
            (*WEB, *DATABASE, "fortunes", "postgres", "admin"),
            variants={"admin": (Variant("", "/admin/django_site/user/"),)},
            login=Login(
                django_admin,
                "/admin/login/",
                "username",
                environment={"DJANGO_SUPERUSER_PASSWORD": PASSWORD},
            ),
            distributions=("Django", "gunicorn"),
        ),
    )
