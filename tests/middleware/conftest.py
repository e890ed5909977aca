"""Applications for the tests of middleware."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from triode.app import App
from triode.http import HTTPException

MakeApp = Callable[..., App]


@pytest.fixture
def make_app() -> MakeApp:
    """Return a function that makes an application with a few routes and one middleware."""

    def make(middleware: Any = None, /, *args: Any, app: App | None = None, **options: Any) -> App:
        made = App() if app is None else app
        if middleware is not None:
            made.add_middleware(middleware, *args, **options)

        @made.get("/")
        async def home() -> dict[str, str]:
            return {"hello": "world"}

        @made.get("/large")
        async def large() -> str:
            return "x" * 5000

        @made.get("/fail")
        async def fail() -> None:
            raise LookupError("lost")

        @made.get("/teapot")
        async def teapot() -> None:
            raise HTTPException(418, "short and stout")

        @made.post("/items/")
        async def create(item: dict[str, int]) -> dict[str, int]:
            return item

        return made

    return make
