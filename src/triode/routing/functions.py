"""Functions that are declared anew: the same code, other annotations."""

from __future__ import annotations

import inspect
from types import FunctionType


def redeclared(
    function: FunctionType, signature: inspect.Signature, *, qualname: str | None = None
) -> FunctionType:
    """Return a function with the same code whose signature is another.

    File, line, source and what was set on the function stay, so that messages point at what the
    user wrote.
    """
    made = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__dict__.update(function.__dict__)
    made.__dict__.pop("__wrapped__", None)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__module__ = function.__module__
    made.__qualname__ = qualname or function.__qualname__
    made.__doc__ = function.__doc__
    made.__signature__ = signature  # type: ignore[attr-defined]
    annotations = {
        parameter.name: parameter.annotation
        for parameter in signature.parameters.values()
        if parameter.annotation is not parameter.empty
    }
    if signature.return_annotation is not signature.empty:
        annotations["return"] = signature.return_annotation
    made.__annotations__ = annotations
    return made
