"""The lane, and uvicorn set up for it."""

from triode.server.graceful import GracefulServer
from triode.server.lane import LaneProtocol
from triode.server.limits import Limits
from triode.server.loop import new_event_loop
from triode.server.serve import ServerOptions, make_config, serve

__all__ = [
    "GracefulServer",
    "LaneProtocol",
    "Limits",
    "ServerOptions",
    "make_config",
    "new_event_loop",
    "serve",
]
