"""uvicorn, set up for the lane."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from triode.server.graceful import GracefulServer
from triode.server.lifespan import LifespanDriver
from triode.server.limits import Limits, check_positive

LANE = "triode.server.lane:LaneProtocol"
LOOP = "triode.server.loop:new_event_loop"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where and how to listen.

    `uds` is the path of a Unix socket instead of host and port. Times are in seconds.
    `limit_concurrency` is how many requests may be under way at once before others get 503, None
    for no limit. `server_name` is the Server header, empty for none. `limits` are what one client
    may ask.

    Raises:
        ConfigError: a number that must be positive is not.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    workers: int = 1
    access_log: bool = False
    log_level: str = "info"
    keep_alive: int = 75
    graceful_shutdown: int = 30
    limit_concurrency: int | None = None
    backlog: int = 2048
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    server_name: str = "triode"
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        for name in ("workers", "keep_alive", "graceful_shutdown", "limit_concurrency", "backlog"):
            check_positive(name, getattr(self, name))


def make_config(
    app: Any,
    options: ServerOptions,
    *,
    kind: type[uvicorn.Config] = uvicorn.Config,
    **extra: Any,
) -> uvicorn.Config:
    """Return uvicorn's configuration for an application or its import string.

    `extra` are options of uvicorn's, which replace ours. Proxy headers are not trusted: that is
    a middleware's work, which knows the proxies.
    """
    settings: dict[str, Any] = {
        "host": options.host,
        "port": options.port,
        "uds": options.uds,
        "workers": options.workers,
        "http": LANE,
        "loop": LOOP,
        "lifespan": "on",
        "interface": "asgi3",
        "access_log": options.access_log,
        "log_level": options.log_level,
        "proxy_headers": False,
        "server_header": False,
        "headers": [("server", options.server_name)] if options.server_name else [],
        "timeout_keep_alive": options.keep_alive,
        "timeout_graceful_shutdown": options.graceful_shutdown,
        "limit_concurrency": options.limit_concurrency,
        "backlog": options.backlog,
        "ws_max_size": options.limits.max_message,
        "ssl_certfile": options.ssl_certfile,
        "ssl_keyfile": options.ssl_keyfile,
    }
    config = kind(app, **{**settings, **extra})
    config.lane_limits = options.limits  # type: ignore[attr-defined]  # the lane asks for it
    return config


def serve(app: Any, options: ServerOptions, *, listener: socket.socket | None = None) -> None:
    """Serve an application in this process until it is told to stop.

    `listener` is a socket that listens already, in place of the host and port of `options`.

    Raises:
        Exception: whatever the application's start-up raised.
    """
    config = make_config(app, options)
    config.load()
    config.lifespan_class = lambda _config: LifespanDriver(app)
    GracefulServer(config).run(sockets=None if listener is None else [listener])
