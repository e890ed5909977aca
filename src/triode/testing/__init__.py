"""Clients and servers for the tests of an application.

`TestClient` and `AsyncTestClient` call the application in the same process; `LaneClient` speaks
to it over a real socket, served as in production. All three speak httpx.
"""

from triode.testing.client import AsyncTestClient, StartingTestClient, TestClient
from triode.testing.lane import LaneClient
from triode.testing.live import LiveServer

__all__ = ["AsyncTestClient", "LaneClient", "LiveServer", "StartingTestClient", "TestClient"]
