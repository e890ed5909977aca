"""Routes as methods of a class, which share what its constructor and attributes ask for.

A controller is made for every request, by a dependency like any other. A method becomes a
handler whose `self` is that dependency; nothing else of a route knows of classes.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Annotated, Any, ClassVar, TypeVar, Unpack, get_origin

from triode.binding.markers import DependsInfo
from triode.binding.signature import signature_of, split_annotated
from triode.binding.specials import special_of
from triode.errors import RouteError, place_of
from triode.routing.functions import redeclared
from triode.routing.marks import METHODS, Mark
from triode.routing.options import RouterKeywords, check_prefix, make_router_options
from triode.routing.route import RouteKeywords
from triode.schema import FieldInfo, title_of


class Controller:
    """A class whose methods are routes: `class Items(Controller, prefix="/items")`.

    The class takes what a `Router` takes; a subclass inherits it, adds to the lists and replaces
    the rest. The parameters of the constructor, and attributes declared by a marker
    (`store: Annotated[Store, Depends(open_store)]`), are bound like those of a handler, once per
    request. Methods are marked by `get`, `post` and the like (`marks.py`).
    """

    __router_options__: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(
        cls, *, prefix: str | None = None, **options: Unpack[RouterKeywords]
    ) -> None:
        super().__init_subclass__()
        inherited = cls.__router_options__
        known = {key: value for key, value in inherited.items() if key != "prefix"}
        outer = make_router_options(typing.cast(RouterKeywords, known))
        joined = outer.around(make_router_options(options))
        joined["default_response_class"] = joined.pop("response_class")
        own = check_prefix(prefix) if prefix is not None else inherited.get("prefix", "")
        cls.__router_options__ = {**joined, "prefix": own}


class MethodView(Controller):
    """A controller whose methods `get`, `post` and so on answer at its prefix, as in Flask."""


def controller_routes(controller: type[Controller]) -> list[tuple[Mark, Callable[..., Any]]]:
    """Return the routes of a class: base classes first, each in the order of declaration.

    Raises:
        RouteError: there are none.
    """
    arguments = type_arguments(controller)
    maker = Maker(controller, arguments)
    found: list[tuple[Mark, Callable[..., Any]]] = []
    for name, marks in _marks_of(controller).items():
        given = inspect.getattr_static(controller, name)
        if given is None:  # a subclass took the route away
            continue
        handler = _handler_of(controller, given, maker, arguments)
        found.extend((_named(mark, controller, name), handler) for mark in marks)
    if not found:
        raise RouteError(
            f"{controller.__qualname__} has no routes. Mark its methods by @get(…), @post(…), …",
            code="controller-empty",
        )
    return found


def _marks_of(controller: type[Controller]) -> dict[str, list[Mark]]:
    """Return the marks of every method; one that replaces another keeps its marks."""
    found: dict[str, list[Mark]] = {}
    for base in reversed(controller.__mro__):
        for name, value in vars(base).items():
            function = getattr(value, "__func__", value)
            marks = getattr(function, "__triode_routes__", None)
            if marks:
                found[name] = list(marks)
            elif issubclass(base, MethodView) and name in METHODS and inspect.isfunction(value):
                found.setdefault(name, [Mark("", (name.upper(),), {})])
    return found


def _named(mark: Mark, controller: type[Controller], name: str) -> Mark:
    """Return a mark with the names that the route has where none were given."""
    full = f"{controller.__name__}.{name}"
    if mark.is_socket:
        return Mark(mark.path, is_socket=True, name=mark.name or full)
    given: RouteKeywords = mark.options or {}
    words: RouteKeywords = {"name": full, "summary": title_of(name), **given}
    return Mark(mark.path, mark.methods, words)


def _handler_of(
    controller: type[Controller], given: Any, maker: Maker, arguments: Mapping[Any, Any]
) -> Callable[..., Any]:
    """Return a method as a function whose `self` is a dependency."""
    is_static = isinstance(given, staticmethod)
    function: FunctionType = given.__func__ if is_static else given
    signature = signature_of(function)
    parameters = list(signature.parameters.values())
    if not is_static:
        if not parameters:
            raise RouteError(
                f"{controller.__qualname__}.{function.__name__} takes no self.",
                code="controller-method",
                where=place_of(function),
            )
        parameters[0] = parameters[0].replace(
            annotation=Annotated[controller, DependsInfo(maker)],
            kind=inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
    declared = signature.replace(
        parameters=[
            parameter.replace(annotation=substitute(parameter.annotation, arguments))
            for parameter in parameters
        ],
        return_annotation=substitute(signature.return_annotation, arguments),
    )
    name = f"{controller.__qualname__}.{function.__name__}"
    return redeclared(function, declared, qualname=name)


class Maker:
    """The dependency that makes a controller: its attributes first, then its constructor runs."""

    def __init__(self, controller: type[Controller], arguments: Mapping[Any, Any]) -> None:
        self.controller = controller
        self.__name__ = controller.__name__
        self.__qualname__ = controller.__qualname__
        self.__module__ = controller.__module__
        attributes = list(_attributes_of(controller, arguments))
        self.names = tuple(parameter.name for parameter in attributes)
        own = [] if controller.__init__ is object.__init__ else _constructor(controller, arguments)
        for parameter in own:
            if parameter.name in self.names:
                raise RouteError(
                    f"{controller.__qualname__} asks for {parameter.name!r} as an attribute and "
                    "in its constructor. Leave one of them out.",
                    code="controller-attribute",
                    where=place_of(controller.__init__),
                )
        self.__signature__ = inspect.Signature([*own, *attributes])

    # Async, so that making one costs no thread: a constructor only puts things in their place.
    async def __call__(self, **values: Any) -> Controller:
        """Return a controller for one request."""
        made = self.controller.__new__(self.controller)
        for name in self.names:
            setattr(made, name, values.pop(name))
        made.__init__(**values)  # type: ignore[misc]
        return made


def _constructor(
    controller: type[Controller], arguments: Mapping[Any, Any]
) -> list[inspect.Parameter]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=substitute(parameter.annotation, arguments),
        )
        for parameter in signature_of(controller).parameters.values()
        if parameter.kind not in variable
    ]


def _attributes_of(
    controller: type[Controller], arguments: Mapping[Any, Any]
) -> Iterator[inspect.Parameter]:
    """Yield the attributes that a marker or their type declares as bound."""
    for name, annotation in typing.get_type_hints(controller, include_extras=True).items():
        if get_origin(annotation) is ClassVar or name == "__router_options__":
            continue
        plain, markers = split_annotated(annotation)
        default = getattr(controller, name, inspect.Parameter.empty)
        markers = [*markers, default]
        if special_of(plain) or any(
            isinstance(each, FieldInfo | DependsInfo) or hasattr(each, "__bind__")
            for each in markers
        ):
            yield inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=substitute(annotation, arguments),
                default=default,
            )


def type_arguments(controller: type) -> dict[Any, Any]:
    """Return what the type variables of generic base classes stand for in a class."""
    found: dict[Any, Any] = {}
    for base in controller.__mro__:
        for written in vars(base).get("__orig_bases__", ()):
            parameters = getattr(get_origin(written), "__parameters__", ())
            for variable, given in zip(parameters, typing.get_args(written), strict=False):
                found.setdefault(variable, substitute(given, found))
    return found


def substitute(annotation: Any, arguments: Mapping[Any, Any]) -> Any:
    """Return an annotation with type variables replaced by what they stand for."""
    if isinstance(annotation, TypeVar):
        return arguments.get(annotation, annotation)
    variables = getattr(annotation, "__parameters__", ())
    if not variables or inspect.isclass(annotation):
        return annotation
    return annotation[tuple(arguments.get(each, each) for each in variables)]
