"""One route: a path, methods, a handler and what is said of them.

What a router says of all its routes is in `options.py`, what is no handler of ours in `mount.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypedDict, TypeVar, Unpack, overload

from triode.binding.description import Dependency
from triode.binding.markers import DependsInfo
from triode.binding.mistakes import check_path_names
from triode.binding.signature import (
    check_connection,
    check_lifetimes,
    name_of,
    read_dependency,
    read_signature,
    signature_of,
)
from triode.binding.trimming import Names, Trim
from triode.errors import BindingError, RouteError, SchemaError, place_of
from triode.later import later
from triode.routing.mistakes import check_options, check_status
from triode.routing.options import RouterOptions
from triode.routing.path import PathTemplate, no_match, parse_path
from triode.schema import MISSING

if TYPE_CHECKING:
    from starlette import datastructures
    from starlette.datastructures import URLPath
    from starlette.responses import Response

    from triode.binding import endpoint as compiling
    from triode.binding import places, results
    from triode.binding.bodies import FormLimits
    from triode.binding.endpoint import Endpoint, Overrides
    from triode.routing import handlers
    from triode.routing.handlers import RouteHandler
else:
    later(
        globals(),
        datastructures="starlette.datastructures",
        compiling="triode.binding.endpoint",
        places="triode.binding.places",
        results="triode.binding.results",
        handlers="triode.routing.handlers",
    )


class RouteKeywords(TypedDict, total=False):
    """What `app.get(path, …)` and its like take; the names and meanings are FastAPI's."""

    response_model: Any
    response_model_include: Names
    response_model_exclude: Names
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    response_model_by_alias: bool
    status_code: int | None
    tags: Sequence[Any] | None
    dependencies: Sequence[Any] | None
    summary: str | None
    description: str | None
    response_description: str
    responses: dict[int | str, dict[str, Any]] | None
    deprecated: bool | None
    operation_id: str | None
    include_in_schema: bool
    response_class: type[Response] | None
    name: str | None
    openapi_extra: dict[str, Any] | None
    callbacks: Sequence[Any] | None
    generate_unique_id_function: Callable[[Any], str] | None
    sync_to_thread: bool
    max_body_size: int | None
    form_limits: FormLimits | None
    strict_content_type: bool | None
    middleware: Sequence[Any] | None


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """What a route says of itself besides path, methods and handler.

    `response_model` is `MISSING` where the return annotation is the contract. `status_code` None
    means 200. `max_body_size` is in bytes, None for the application's limit; `form_limits`
    and `strict_content_type` are None for what the application says.
    """

    response_model: Any = MISSING
    response_model_include: Names = None
    response_model_exclude: Names = None
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    response_model_by_alias: bool = True
    status_code: int | None = None
    tags: tuple[Any, ...] = ()
    dependencies: tuple[DependsInfo, ...] = ()
    summary: str | None = None
    description: str | None = None
    response_description: str = "Successful Response"
    responses: dict[int | str, dict[str, Any]] = field(default_factory=dict)
    deprecated: bool | None = None
    operation_id: str | None = None
    include_in_schema: bool = True
    response_class: type[Response] | None = None
    name: str | None = None
    openapi_extra: dict[str, Any] | None = None
    callbacks: tuple[Any, ...] = ()
    generate_unique_id_function: Callable[[Any], str] | None = None
    sync_to_thread: bool = True
    max_body_size: int | None = None
    form_limits: FormLimits | None = None
    strict_content_type: bool | None = None
    middleware: tuple[Any, ...] = ()

    @property
    def trim(self) -> Trim | None:
        """What the `response_model_…` options leave out of a response, None for nothing."""
        trim = Trim(
            self.response_model_include,
            self.response_model_exclude,
            self.response_model_exclude_unset,
            self.response_model_exclude_defaults,
            self.response_model_exclude_none,
            self.response_model_by_alias,
        )
        return None if trim == Trim() else trim


def make_options(keywords: RouteKeywords) -> RouteOptions:
    """Return route options from keyword arguments.

    Raises:
        RouteError: there is no option of that name.
    """
    check_options(keywords, RouteKeywords.__annotations__)
    values: dict[str, Any] = {
        key: value
        for key, value in keywords.items()
        if value is not None or key == "response_model"
    }
    for name in ("tags", "dependencies", "callbacks", "middleware"):
        if name in values:
            values[name] = tuple(values[name])
    return RouteOptions(**values)


T = TypeVar("T")


class Option(Generic[T]):
    """One of a route's options as an attribute of the route, which may be set."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, route: None, owner: type) -> Self: ...
    @overload
    def __get__(self, route: Route, owner: type) -> T: ...
    def __get__(self, route: Route | None, owner: type) -> Self | T:
        if route is None:
            return self
        value: T = getattr(route.options, self.name)
        return value

    def __set__(self, route: Route, value: T) -> None:
        changed: dict[str, Any] = {self.name: value}
        route.options = replace(route.options, **changed)


class Route:
    """A path, the methods it answers, and the handler; FastAPI's `APIRoute`.

    The handler's signature is read when the route is made, so that a mistake is found at import;
    `compiled` is made when it is first asked for.
    """

    tags = Option[Sequence[Any]]()
    middleware = Option[Sequence[Any]]()
    dependencies = Option[Sequence[DependsInfo]]()
    callbacks = Option[Sequence[Any]]()
    summary = Option[str | None]()
    description = Option[str | None]()
    responses = Option[dict[int | str, dict[str, Any]]]()
    response_description = Option[str]()
    response_class = Option["type[Response] | None"]()
    response_model = Option[Any]()
    status_code = Option[int | None]()
    deprecated = Option[bool | None]()
    operation_id = Option[str | None]()
    include_in_schema = Option[bool]()
    openapi_extra = Option[dict[str, Any] | None]()
    generate_unique_id_function = Option[Callable[[Any], str] | None]()

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        options: RouteOptions | None = None,
        **keywords: Unpack[RouteKeywords],
    ) -> None:
        self.handler = endpoint
        self.options = make_options(keywords) if options is None else options
        self.methods = frozenset(
            method.upper() for method in (("GET",) if methods is None else methods)
        )
        self.name: Any = self.options.name or getattr(endpoint, "__name__", type(endpoint).__name__)
        self._bound: tuple[tuple[str, ...], Dependency] | None = None
        self._inner: Endpoint | None = None
        self._compiled: Endpoint | None = None
        self._move(path)
        if not callable(endpoint):
            raise RouteError(
                f'"{path}" has the handler {endpoint!r}, which cannot be called.',
                code="route-handler",
            )
        if not self.methods:
            raise RouteError(f'"{path}" ({self.place}) answers no method.', code="route-no-method")
        try:
            self._read_handler()
        except BindingError as exc:
            # The prefix of a router above may name the parameter: `check` has the last word.
            if exc.code != "binding-not-in-path":
                raise
        said = self.options.status_code
        check_status(said, self.response_annotation, endpoint, f'"{path}"')

    def _move(self, path: str) -> None:
        self.path = path
        # An empty path is that of a router's prefix.
        self.template: PathTemplate = parse_path(
            path or "/", where=lambda: f" (handler {self.place})"
        )
        address = getattr(self.handler, "address", None)
        if address is not None:
            self.template = replace(self.template, address=address)
        self.path_format = self.template.format if path else ""

    @property
    def endpoint(self) -> Callable[..., Any]:
        """The handler, under FastAPI's name."""
        return self.handler

    @property
    def place(self) -> str:
        """The handler and its file:line, for messages."""
        return f"{name_of(self.handler)}, {place_of(inspect.unwrap(self.handler))}"

    def check(self) -> None:
        """Find what is wrong with the route where it is served.

        Raises:
            RouteError: neither the route nor a router has a path.
            BindingError: a path parameter is nowhere in the path.
        """
        if not self.path:
            raise RouteError(
                f"The route of {self.place} has an empty path, and no router gives it a prefix. "
                'Write "/", or include its router with a prefix.',
                code="route-empty",
            )
        self._read_handler()

    def check_names(self, own: str) -> None:
        """Find a parameter of the route's own path that a query parameter is called much like.

        Those of a prefix are for whoever wants them.

        Raises:
            BindingError: there is one, or a dependency cannot be bound.
        """
        try:
            dependant = self.dependant
        except BindingError as exc:
            if exc.code != "binding-not-in-path":
                raise
            return
        names = [name for name in self.template.names if f"{{{name}" in own]
        check_path_names(dependant, names, self.path, name_of(self.handler))

    def under(self, prefix: str, outer: RouterOptions) -> Self:
        """Return the route as it is below a prefix, within a router that says `outer`."""
        made = copy(self)
        made.options = replace(self.options, **outer.around(self.options))
        made._compiled = None
        made._move(prefix + self.path)
        return made

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the route's path, if this is its name.

        Raises:
            RouteError: it has another name, or the parameters do not fit.
        """
        if name != self.name:
            raise no_match(f'This route is named "{self.name}", not "{name}".')
        return datastructures.URLPath(self.template.fill(values), protocol="http")

    # --- compile

    @property
    def compiled(self) -> Endpoint:
        """The compiled endpoint, without overrides."""
        if self._compiled is None:
            self._compiled = self.compile()
        return self._compiled

    @property
    def dependant(self) -> Dependency:
        """What the handler needs, the dependencies of routers and route first."""
        found = self._read_handler()
        before = []
        for depends in self.options.dependencies:
            if depends.call is None:
                raise RouteError(
                    f'"{self.path}" ({self.place}) has Depends() without a function.',
                    code="route-dependency",
                )
            before.append(read_dependency(depends.call, depends, self.template.names))
        whole = replace(found, dependencies=[*before, *found.dependencies])
        check_lifetimes(whole)
        check_connection(whole, is_socket=False)
        return whole

    def _read_handler(self) -> Dependency:
        names = self.template.names
        if self._bound is None or self._bound[0] != names:
            self._bound = (names, read_signature(self.handler, path_names=names))
        return self._bound[1]

    @property
    def response_annotation(self) -> Any:
        """The contract of the response: `response_model`, else what the handler says it returns.

        `MISSING` if neither says anything.
        """
        if self.options.response_model is not MISSING:
            return self.options.response_model
        annotation = signature_of(self.handler).return_annotation
        return MISSING if annotation is inspect.Signature.empty else annotation

    def compile(self, overrides: Overrides | None = None) -> Endpoint:
        """Return the compiled endpoint, with dependencies replaced as `overrides` says."""
        options = self.options
        result = results.ResultOptions(
            annotation=self.response_annotation,
            status_code=options.status_code,
            response_class=options.response_class,
            where=self.place,
            trim=options.trim,
        )
        try:
            endpoint = compiling.compile_endpoint(
                self.dependant,
                result,
                sync_to_thread=options.sync_to_thread,
                overrides=overrides,
                path_names=self.template.names,
            )
        except SchemaError as exc:
            exc.where = exc.where or place_of(inspect.unwrap(self.handler))
            raise
        self._inner = endpoint
        if type(self).get_route_handler is not Route.get_route_handler:
            return handlers.endpoint_of(endpoint, self.get_route_handler())
        return endpoint

    def get_route_handler(self) -> RouteHandler:
        """Return what makes a response of a request; a subclass may put its own around it."""
        return handlers.request_handler(self._inner or self.compiled)

    def locate(
        self, field: str, model: str | None = None, item: int | None = None
    ) -> tuple[int | str, ...] | None:
        """Return where a request has the value of a field, None where that is not plain.

        `model` is the class that has the field, `item` the number of the object in a list.
        """
        return places.place_of_field(self.dependant, field, model, item)

    def __repr__(self) -> str:
        return f"<Route {'/'.join(sorted(self.methods))} {self.path} {name_of(self.handler)}>"


APIRoute = Route
"""FastAPI's name for a route."""
