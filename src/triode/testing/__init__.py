"""Clients and servers for the tests of an application, and what its database needs in a test.

`TestClient` and `AsyncTestClient` call the application in the same process; `LaneClient` speaks
to it over a real socket, served as in production. All three speak httpx. `Factory` makes rows,
`rolled_back` undoes what a test did, `count_queries` counts statements, `no_loops` refuses those
in a loop; they load the database room when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from triode.testing.client import AsyncTestClient, StartingTestClient, TestClient
from triode.testing.lane import LaneClient
from triode.testing.live import LiveServer

if TYPE_CHECKING:
    from triode.testing.factories import Factory, factory
    from triode.testing.queries import Queries, count_queries, no_loops
    from triode.testing.rollback import rolled_back

_HOMES = {
    "Factory": "factories",
    "Queries": "queries",
    "count_queries": "queries",
    "factory": "factories",
    "no_loops": "queries",
    "rolled_back": "rollback",
}

__all__ = [
    "AsyncTestClient",
    "Factory",
    "LaneClient",
    "LiveServer",
    "Queries",
    "StartingTestClient",
    "TestClient",
    "count_queries",
    "factory",
    "no_loops",
    "rolled_back",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
