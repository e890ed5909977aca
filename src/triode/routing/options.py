"""What a router says of all its routes, and how that joins what they say themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from triode.errors import RouteError

if TYPE_CHECKING:
    from starlette.responses import Response

    from triode.binding.bodies import FormLimits
    from triode.binding.markers import DependsInfo


class RouterKeywords(TypedDict, total=False):
    """What a router and `include_router` say of every route; the names are FastAPI's.

    `middleware` stand around these routes only, inside those of the application, the first one
    outermost: `[Middleware(RateLimitMiddleware, limit="10/minute")]`. Of an application they are
    its own.
    """

    tags: Sequence[Any] | None
    dependencies: Sequence[Any] | None
    responses: dict[int | str, dict[str, Any]] | None
    callbacks: Sequence[Any] | None
    include_in_schema: bool
    deprecated: bool | None
    default_response_class: type[Response] | None
    generate_unique_id_function: Callable[[Any], str] | None
    middleware: Sequence[Any] | None
    strict_content_type: bool | None
    form_limits: FormLimits | None


class InnerOptions(Protocol):
    """What of a route's options a router has a say in."""

    @property
    def tags(self) -> Sequence[Any]: ...
    @property
    def dependencies(self) -> Sequence[Any]: ...
    @property
    def callbacks(self) -> Sequence[Any]: ...
    @property
    def responses(self) -> dict[int | str, dict[str, Any]]: ...
    @property
    def include_in_schema(self) -> bool: ...
    @property
    def deprecated(self) -> bool | None: ...
    @property
    def response_class(self) -> type[Response] | None: ...
    @property
    def generate_unique_id_function(self) -> Callable[[Any], str] | None: ...
    @property
    def middleware(self) -> Sequence[Any]: ...
    @property
    def strict_content_type(self) -> bool | None: ...
    @property
    def form_limits(self) -> FormLimits | None: ...


@dataclass(frozen=True, slots=True)
class RouterOptions:
    """The options of a router, or of one inclusion of it."""

    tags: tuple[Any, ...] = ()
    dependencies: tuple[DependsInfo, ...] = ()
    responses: dict[int | str, dict[str, Any]] = field(default_factory=dict)
    callbacks: tuple[Any, ...] = ()
    include_in_schema: bool = True
    deprecated: bool | None = None
    response_class: type[Response] | None = None
    generate_unique_id_function: Callable[[Any], str] | None = None
    middleware: tuple[Any, ...] = ()
    strict_content_type: bool | None = None
    form_limits: FormLimits | None = None

    def around(self, inner: InnerOptions) -> dict[str, Any]:
        """Return the options of a route, or of an inclusion, within this router.

        Lists come together, the outer ones first; of single things the inner one counts.
        """
        is_strict = inner.strict_content_type
        limits = {**(self.form_limits or {}), **(inner.form_limits or {})}
        return {
            "tags": (*self.tags, *inner.tags),
            "dependencies": (*self.dependencies, *inner.dependencies),
            "callbacks": (*self.callbacks, *inner.callbacks),
            "middleware": (*self.middleware, *inner.middleware),
            "responses": {**self.responses, **inner.responses},
            "include_in_schema": self.include_in_schema and inner.include_in_schema,
            "deprecated": inner.deprecated or self.deprecated,
            "response_class": inner.response_class or self.response_class,
            "generate_unique_id_function": inner.generate_unique_id_function
            or self.generate_unique_id_function,
            "strict_content_type": self.strict_content_type if is_strict is None else is_strict,
            "form_limits": limits or None,
        }


def make_router_options(keywords: RouterKeywords) -> RouterOptions:
    """Return a router's options from keyword arguments.

    Raises:
        RouteError: there is no such option.
    """
    unknown = sorted(set(keywords) - set(RouterKeywords.__annotations__))
    if unknown:
        known = ", ".join(RouterKeywords.__annotations__)
        raise RouteError(
            f"A router takes no option {unknown[0]!r}. Known are: {known}.", code="router-option"
        )
    return RouterOptions(
        tags=tuple(keywords.get("tags") or ()),
        dependencies=tuple(keywords.get("dependencies") or ()),
        responses=dict(keywords.get("responses") or {}),
        callbacks=tuple(keywords.get("callbacks") or ()),
        include_in_schema=keywords.get("include_in_schema", True),
        deprecated=keywords.get("deprecated"),
        response_class=keywords.get("default_response_class"),
        generate_unique_id_function=keywords.get("generate_unique_id_function"),
        middleware=tuple(keywords.get("middleware") or ()),
        strict_content_type=keywords.get("strict_content_type"),
        form_limits=keywords.get("form_limits"),
    )


def check_prefix(prefix: str) -> str:
    """Return a prefix that is well formed.

    Raises:
        RouteError: it does not start with "/", or ends with one.
    """
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        stripped = prefix.strip("/")
        mend = f'Write "/{stripped}".' if stripped else "Leave it out."
        raise RouteError(
            f'The prefix "{prefix}" must start with "/" and not end with one. {mend}',
            code="route-prefix",
        )
    return prefix
