"""What a parameter says of where its value comes from.

Each function stands as a default (`q: str = Query(max_length=50)`) or in `Annotated`, and
returns `Any` so that a type checker accepts it as a default of any type.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Unpack, get_args

from triode.binding.concurrency import MaxConcurrency
from triode.binding.description import Lifetime
from triode.errors import BindingError
from triode.schema import MISSING, FieldInfo
from triode.schema.fields import FieldOptions


class MarkerOptions(FieldOptions, total=False):
    """The options of a parameter's marker: those of every field, and FastAPI's other ones."""

    validation_alias: Any
    serialization_alias: str | None
    validate_default: bool | None
    strict: bool | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    regex: str | None
    example: Any


class MarkerInfo(FieldInfo):
    """What a parameter says of itself.

    `validation_alias` is its name on the wire, or pydantic's `AliasChoices`; it goes before
    `alias`. `serialization_alias` may be said, because markers are shared with models; a
    parameter is never written. `validate_default` checks the default at start-up. `strict`,
    `union_mode` and `fail_fast` are executed by pydantic.
    """

    validation_alias: Any = None
    serialization_alias: str | None = None
    validate_default: bool | None = None
    strict: bool | None = None
    union_mode: str | None = None
    fail_fast: bool | None = None

    def __init__(
        self,
        default: Any = MISSING,
        *,
        default_factory: Callable[[], Any] | None = None,
        **options: Unpack[MarkerOptions],
    ) -> None:
        given: dict[str, Any] = dict(options)
        super().__init__(default, default_factory=default_factory, **given)

    def _set(self, options: dict[str, Any]) -> None:
        for old, new in (("regex", "pattern"), ("example", "examples")):
            value = options.pop(old, None)
            if value is not None:
                warnings.warn(
                    f"`{old}` has been deprecated, use `{new}` instead.",
                    DeprecationWarning,
                    stacklevel=5,
                )
                options.setdefault(new, value if old == "regex" else [value])
        super()._set(options)


class ParameterInfo(MarkerInfo):
    """A value from outside the body; `source` is where from."""

    source: ClassVar[str] = "query"
    convert_underscores: bool = False


class QueryInfo(ParameterInfo):
    """A value from the query string."""


class PathInfo(ParameterInfo):
    """A value from the path."""

    source = "path"


class HeaderInfo(ParameterInfo):
    """A value from a header; underscores in its name become hyphens."""

    source = "header"
    convert_underscores = True


class CookieInfo(ParameterInfo):
    """A value from a cookie."""

    source = "cookie"


class BodyInfo(MarkerInfo):
    """The body, or with `embed` a key of it."""

    embed: bool = False
    media_type: str = "application/json"


class FormInfo(BodyInfo):
    """A field of a submitted form."""

    media_type = "application/x-www-form-urlencoded"


class FileInfo(BodyInfo):
    """An uploaded file: `UploadFile`, or `bytes` read whole."""

    media_type = "multipart/form-data"


class DependsInfo:
    """A value that another callable makes.

    `call` None means: the parameter's annotation. `scope` says when one that yields is cleaned
    up, `scopes` are those of OAuth2. Two that say the same are equal, unless they limit how many
    requests use it: each such limit counts alone.
    """

    def __init__(
        self,
        call: Callable[..., Any] | None = None,
        *,
        use_cache: bool = True,
        scope: Lifetime | None = None,
        scopes: Sequence[str] = (),
        max_concurrency: int | None = None,
    ) -> None:
        if isinstance(scopes, str):
            raise BindingError(
                f"The scopes {scopes!r} are one text. Write a list: scopes=[{scopes!r}].",
                code="binding-scopes",
            )
        if scope is not None and scope not in get_args(Lifetime):
            raise BindingError(
                f'The scope {scope!r} is not known. Write "function" or "request".',
                code="binding-scope",
            )
        if max_concurrency is not None and (
            type(max_concurrency) is not int or max_concurrency < 1
        ):
            raise BindingError(
                f"max_concurrency={max_concurrency!r} lets nobody in. Write a number from 1 on.",
                code="binding-max-concurrency",
            )
        self.call = call
        self.use_cache = use_cache
        self.scope: Lifetime | None = scope
        self.scopes = tuple(scopes)
        self.limit = None if max_concurrency is None else MaxConcurrency(max_concurrency)

    @property
    def dependency(self) -> Callable[..., Any] | None:
        """The callable, under FastAPI's name for it."""
        return self.call

    def _key(self) -> tuple[Any, ...]:
        return (self.call, self.use_cache, self.scope, self.scopes, self.limit)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DependsInfo) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        name = getattr(self.call, "__name__", repr(self.call))
        return f"Depends({name})"


def Query(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a query parameter."""
    return QueryInfo(default, default_factory=default_factory, **options)


def Path(default: Any = MISSING, **options: Unpack[MarkerOptions]) -> Any:
    """Declare a path parameter. It is always required."""
    return PathInfo(default, **options)


def Header(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    convert_underscores: bool = True,
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a header; `x_token` reads `X-Token` unless `convert_underscores` is false."""
    info = HeaderInfo(default, default_factory=default_factory, **options)
    info.convert_underscores = convert_underscores
    return info


def Cookie(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a cookie."""
    return CookieInfo(default, default_factory=default_factory, **options)


def Body(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    embed: bool = False,
    media_type: str = "application/json",
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare the request body, or with `embed` one key of it."""
    info = BodyInfo(default, default_factory=default_factory, **options)
    info.embed = embed
    info.media_type = media_type
    return info


def Form(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    media_type: str = "application/x-www-form-urlencoded",
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a form field.

    `media_type` is what the document says; a form is read in either of its encodings.
    """
    info = FormInfo(default, default_factory=default_factory, **options)
    info.media_type = media_type
    return info


def File(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    media_type: str = "multipart/form-data",
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare an uploaded file: an `UploadFile`, or `bytes` read whole; or a list of them."""
    info = FileInfo(default, default_factory=default_factory, **options)
    info.media_type = media_type
    return info


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: Lifetime | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a value that another callable makes.

    The callable's own parameters are bound like a handler's. It runs once per request unless
    `use_cache` is false. One that yields is cleaned up after the response is sent, with
    `scope="function"` before that. No more than `max_concurrency` requests of one process use it
    at a time; others wait.
    """
    return DependsInfo(
        dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency
    )


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
    scope: Lifetime | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a dependency that asks for OAuth2 scopes."""
    return DependsInfo(
        dependency,
        use_cache=use_cache,
        scope=scope,
        scopes=scopes or (),
        max_concurrency=max_concurrency,
    )
