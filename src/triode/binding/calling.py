"""Write the calls of an endpoint: dependencies, each once, and the handler."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Collection
from typing import Any

from triode.binding.calls import is_async, is_async_generator
from triode.binding.description import Dependency
from triode.binding.plan import Mode, Place, Plan
from triode.binding.specials import SecurityScopes
from triode.binding.stages import INDENT, Stages


class CallWriter:
    """Collects the lines and constants of one endpoint."""

    def __init__(self, plan: Plan, *, tools: Collection[str] = ()) -> None:
        self.plan = plan
        self.root = plan.root
        self.mode = plan.mode
        self.tools = tools
        self.constants: dict[str, Any] = {}
        self._stages = Stages()
        self._indent = 0
        self._cache: dict[Any, str] = {}
        self._fallible: set[str] = set()

    def _values(self, node: Dependency) -> list[tuple[str, str]]:
        """Write the values that a callable takes from the request; return names and values."""
        raise NotImplementedError

    # --- dependencies

    def _bind(self, node: Dependency) -> tuple[str, list[str]]:
        """Write the values that one callable needs.

        Returns its call's arguments, and the variables of dependencies that ran before and may
        have failed then.
        """
        values: list[tuple[str, str]] = []
        doubtful: list[str] = []
        for child in node.dependencies:
            known = set(self._cache.values())
            variable = self._dependency(child)
            values.append((child.name or "", variable))
            if variable in known & self._fallible:
                doubtful.append(variable)
        for name, special in node.specials.items():
            values.append((name, self._special(special, node)))
        values += self._values(node)
        # A dependency of the route only runs: it has no name that its value could be passed by.
        return ", ".join(f"{name}={value}" for name, value in values if name), doubtful

    def _dependency(self, node: Dependency) -> str:
        key = self._cache_key(node)
        if node.use_cache and key in self._cache:
            return self._cache[key]
        variable = self._name(_readable(node.call))
        is_fallible = any(inner.parameters or inner.body for inner in node.walk())
        mark = self._name(f"{variable}_mark") if is_fallible else ""
        if is_fallible:
            self._line(f"{mark} = len(problems)")
        arguments, doubtful = self._bind(node)
        self._stages.go_to(self.plan.place(node))
        if is_fallible:
            self._fallible.add(variable)
            failed = [f" and {name} is not FAILED" for name in dict.fromkeys(doubtful)]
            self._line(f"{variable} = FAILED")
            self._line(f"if len(problems) == {mark}{''.join(failed)}:")
            self._indent += 1
        self._call(variable, node, arguments)
        if is_fallible:
            self._indent -= 1
        self._cache.setdefault(key, variable)
        return variable

    def _cache_key(self, node: Dependency) -> tuple[Any, ...]:
        """Return what two dependencies have in common that are one: FastAPI's rule."""
        scopes = frozenset(node.scopes) if _uses_scopes(node) else None
        lifetime = node.lifetime or ("request" if self.plan.is_generator(node) else None)
        return (identity(node.original or node.call), scopes, lifetime)

    def _call(self, variable: str, node: Dependency, arguments: str) -> None:
        if node.inline is not None:
            function = self._constant(_readable(node.call), node.inline)
            self._line(f"{variable} = {function}(call)")
            return
        runner = self.plan.runner(node)
        called = f"{self._constant(_readable(node.call), runner)}({arguments})"
        if self.plan.is_generator(node):
            self._enter(variable, node, called)
        elif not is_async(runner):
            self._line(f"{variable} = {called}")
        elif self.mode is Mode.INLINE:
            self._step(variable, called)
        else:
            self._line(f"{variable} = await {called}")

    def _call_handler(self, arguments: str) -> None:
        """Write the call of the handler, and what makes a reply of its result."""
        if self.plan.is_stream:
            handler = self._constant(_readable(self.root.call), self.root.call)
            self._line(f"reply = await open_stream(call, {handler}({arguments}))")
        else:
            self._call("result", self.root, arguments)
            self._line("reply = finish(result)")

    def _step(self, variable: str, awaitable: str) -> None:
        """Write what runs an awaitable that never waits."""
        self._line("try:")
        self._line(f"{INDENT}{awaitable}.send(None)")
        self._line("except StopIteration as stop:")
        self._line(f"{INDENT}{variable} = stop.value")

    def _enter(self, variable: str, node: Dependency, called: str) -> None:
        """Write what runs a generator up to its value, and notes it to be left."""
        generator = self._name(f"{variable}_generator")
        self._line(f"{generator} = {called}")
        is_async_one = is_async_generator(self.plan.runner(node))
        if is_async_one and self.mode is Mode.INLINE:
            self._step(variable, f"{generator}.__anext__()")
            ended = "StopAsyncIteration"
        else:
            value = f"await {generator}.__anext__()" if is_async_one else f"next({generator})"
            ended = "StopAsyncIteration" if is_async_one else "StopIteration"
            self._line("try:")
            self._line(f"{INDENT}{variable} = {value}")
        self._line(f"except {ended}:")
        self._line(f"{INDENT}raise not_yielded({_readable(node.call)!r}) from None")
        is_hop = self.mode is Mode.MIXED and self.plan.place(node) is Place.THREAD
        context = f"context_{self._stages.hops}" if is_hop else "None"
        exits = "early" if node.lifetime == "function" else "exits"
        self._line(f"{exits}.append(({generator}, {context}))")

    def _special(self, special: str, node: Dependency) -> str:
        if special == "scopes":
            return self._constant("scopes", SecurityScopes(list(node.scopes)))
        return {
            "request": "call.request()",
            "websocket": "call.websocket()",
            "optional request": "None if call.method == 'WEBSOCKET' else call.request()",
            "optional websocket": "call.websocket() if call.method == 'WEBSOCKET' else None",
            "connection": "call.connection()",
            "call": "call",
            "response": "response",
            "background": "background",
        }[special]

    # --- text

    def _line(self, text: str) -> None:
        self._stages.add(INDENT * self._indent + text)

    def _name(self, base: str) -> str:
        name, number = base, 1
        while name in self.constants or name in RESERVED or name in self.tools:
            number += 1
            name = f"{base}_{number}"
        self.constants[name] = None
        return name

    def _constant(self, base: str, value: Any) -> str:
        for name, known in self.constants.items():
            if known is value and value is not None:
                return name
        name = self._name(f"{base}_0" if base in RESERVED else base)
        self.constants[name] = value
        return name


RESERVED = frozenset(
    [
        *dir(builtins),
        *keyword.kwlist,
        "call",
        "problems",
        "params",
        "query",
        "headers",
        "response",
        "background",
        "form",
        "body",
        "body_problems",
        "raw",
        "reply",
        "result",
        "exits",
        "early",
        "exc",
        "stop",
        "finish",
        "open_stream",
        "missing",
        "deepcopy",
        *(f"{kind}_{number}" for kind in ("hop", "context") for number in range(1, 100)),
    ]
)


def identity(call: Callable[..., Any]) -> Any:
    """Return what a callable is known by: itself, or its id where it cannot be a key."""
    try:
        hash(call)
    except TypeError:
        return id(call)
    return call


def _readable(call: Callable[..., Any]) -> str:
    name = getattr(call, "__name__", type(call).__name__)
    return name if name.isidentifier() else "function"


def _uses_scopes(node: Dependency) -> bool:
    return any(
        inner.own_scopes
        or "scopes" in inner.specials.values()
        or hasattr(inner.call, "__openapi__")
        for inner in node.walk()
    )
