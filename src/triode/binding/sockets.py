"""Compile the handler of a WebSocket route.

Parameters and dependencies are bound by the same generated code as for HTTP: the connection's
opening request is the call, and the handler runs as the result of the last dependency.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from triode.binding.endpoint import Overrides, compile_endpoint
from triode.binding.markers import DependsInfo
from triode.binding.mistakes import check_takes_socket
from triode.binding.results import ResultOptions
from triode.binding.signature import (
    check_connection,
    check_lifetimes,
    name_of,
    read_dependency,
    read_signature,
)
from triode.http import Call

SocketEndpoint: TypeAlias = Callable[[Call], Awaitable[Any]]


def compile_socket(
    handler: Callable[..., Any],
    *,
    dependencies: Sequence[DependsInfo] = (),
    overrides: Overrides | None = None,
    path_names: Sequence[str] = (),
) -> SocketEndpoint:
    """Return the coroutine function that serves one connection."""
    root = read_signature(handler, path_names=path_names)
    before = [
        read_dependency(depends.call, depends, path_names)
        for depends in dependencies
        if depends.call is not None
    ]
    root.dependencies[:0] = before
    check_lifetimes(root)
    check_takes_socket(root, name_of(handler))
    check_connection(root, is_socket=True)
    endpoint = compile_endpoint(
        root,
        ResultOptions(annotation=None, status_code=204),
        overrides=overrides,
        path_names=path_names,
        keeps_open=False,
    )

    async def serve(call: Call) -> None:
        outcome = endpoint.run(call)
        if isinstance(outcome, Awaitable):
            await outcome

    return serve
