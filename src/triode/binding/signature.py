"""Read a handler's signature: where each parameter's value comes from.

The rules are FastAPI's. A parameter named in the path is a path parameter; `Request`,
`Response`, `BackgroundTasks` and the like are given as they are; a dependency is called; a
marker decides; a scalar is a query parameter; anything else is the body.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any, get_args, get_origin

from triode.binding.calls import (
    inline_check,
    is_async_generator,
    is_generator,
    without_manager,
)
from triode.binding.description import BodyPart, Dependency, Parameter
from triode.binding.markers import (
    BodyInfo,
    DependsInfo,
    FileInfo,
    FormInfo,
    MarkerInfo,
    ParameterInfo,
    PathInfo,
    QueryInfo,
)
from triode.binding.mistakes import check_takes_names, problem_of
from triode.binding.shape import is_list, is_scalar, is_text_list, is_upload, objects_of
from triode.binding.specials import SecurityScopes, special_of
from triode.errors import BindingError, SchemaError, place_of
from triode.schema import MISSING, FieldInfo, ValidationFailed, describe, python_decoder
from triode.schema.kinds.pydantic_models import pydantic_field
from triode.schema.kinds.records import as_marker

EMPTY = inspect.Parameter.empty
# What a marker says of a parameter, and not of its type.
NOT_OF_THE_TYPE = (
    "default", "default_factory", "alias", "validation_alias", "serialization_alias",
    "validate_default", "convert_underscores", "embed", "media_type", "strict", "union_mode",
    "fail_fast",
)  # fmt: skip
EXECUTED = ("strict", "union_mode", "fail_fast")


def read_signature(
    call: Callable[..., Any],
    *,
    path_names: Sequence[str] = (),
    scopes: tuple[str, ...] = (),
    stack: tuple[Callable[..., Any], ...] = (),
) -> Dependency:
    """Return what a handler or dependency needs, dependencies below it included.

    `scopes` are those that it and all above it ask for.

    Raises:
        BindingError: a parameter that cannot be bound, or dependencies that need each other.
    """
    if call in stack:
        chain = " -> ".join(name_of(item) for item in (*stack, call))
        raise BindingError(
            f"Dependencies need each other: {chain}. Break the circle.",
            code="binding-circle",
            where=place_of(call),
        )
    found = Dependency(call=call, name=None, scopes=scopes, inline=inline_check(call))
    if found.inline is not None:
        return found
    reader = _Reader(call, path_names, found, (*stack, call))
    # What a dependency returns may be named for type checkers alone.
    parameters = signature_of(call, ignore_return=True).parameters.values()
    check_takes_names(parameters, call, name_of(call))
    for parameter in parameters:
        reader.read(parameter)
    return found


def read_dependency(
    call: Callable[..., Any],
    depends: DependsInfo,
    path_names: Sequence[str] = (),
    scopes: tuple[str, ...] = (),
    stack: tuple[Callable[..., Any], ...] = (),
) -> Dependency:
    """Return what the callable of a `Depends` needs; `scopes` are those asked for above it."""
    found = read_signature(
        without_manager(call),
        path_names=path_names,
        scopes=tuple(dict.fromkeys((*scopes, *depends.scopes))),
        stack=stack,
    )
    found.original = call
    found.use_cache = depends.use_cache
    found.own_scopes = depends.scopes
    # A callable may know that it has to be left before the client hears of it.
    found.lifetime = depends.scope or getattr(found.call, "__lifetime__", None)
    found.max_concurrency = depends.limit
    return found


def check_lifetimes(node: Dependency) -> None:
    """Refuse a dependency that would be cleaned up before one that still needs it.

    Raises:
        BindingError: one with scope "request" depends on one with scope "function".
    """
    yields = is_generator(node.call) or is_async_generator(node.call)
    for child in node.dependencies:
        if yields and node.lifetime != "function" and child.lifetime == "function":
            raise BindingError(
                f'The dependency "{getattr(node.call, "__name__", name_of(node.call))}" has a '
                'scope of "request", it cannot depend on dependencies with scope "function": '
                f"{name_of(child.call)} would be cleaned up before it. Give both the same scope.",
                code="binding-lifetime",
                where=place_of(node.call),
            )
        check_lifetimes(child)


def check_connection(root: Dependency, *, is_socket: bool) -> None:
    """Refuse a `Request` where a WebSocket comes in, and a `WebSocket` where a request does.

    Raises:
        BindingError: the handler or a dependency asks for what there is not.
    """
    missing, kind = ("request", "Request") if is_socket else ("websocket", "WebSocket")
    for node in root.walk():
        for name, special in node.specials.items():
            if special == missing:
                route = "a WebSocket" if is_socket else "an HTTP"
                raise BindingError(
                    f"Parameter {name!r} of {name_of(node.call)} is a {kind}, which {route} route "
                    f"has not ({name_of(root.call)}). Write HTTPConnection, which both have, or "
                    f"give it the default None.",
                    code="binding-connection",
                    where=place_of(node.call),
                )


def signature_of(call: Callable[..., Any], *, ignore_return: bool = False) -> inspect.Signature:
    """Return a callable's signature with its annotations resolved.

    Raises:
        BindingError: it has none, or an annotation names what cannot be found.
    """
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError) as exc:
        raise BindingError(
            f"{name_of(call)} has no signature that can be read: {exc}. Wrap it in a function.",
            code="binding-no-signature",
        ) from exc
    hints = _hints_of(call, ignore_return=ignore_return)
    parameters = [
        parameter.replace(annotation=hints.get(parameter.name, parameter.annotation))
        for parameter in signature.parameters.values()
    ]
    return signature.replace(
        parameters=parameters,
        return_annotation=hints.get("return", signature.return_annotation),
    )


def _hints_of(call: Callable[..., Any], *, ignore_return: bool) -> Mapping[str, Any]:
    target = _annotated_function(call)
    annotated: Any = target
    if ignore_return and "return" in getattr(target, "__annotations__", {}):
        named = {name: hint for name, hint in target.__annotations__.items() if name != "return"}
        space = getattr(target, "__globals__", {})
        annotated = SimpleNamespace(__annotations__=named, __globals__=space)
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except NameError as exc:
        raise BindingError(
            f"{name_of(call)} has an annotation that cannot be resolved: {exc}. "
            "Define or import the name at module level.",
            code="binding-unknown-name",
            where=place_of(target),
        ) from exc


def _annotated_function(call: Callable[..., Any]) -> Any:
    """Return the function that a callable's annotations stand on, below all decorators."""
    target: Any = call
    while True:
        if isinstance(target, partial):
            target = target.func
        elif inspect.isclass(target):
            target = target.__init__
        elif hasattr(target, "__wrapped__"):
            target = target.__wrapped__
        elif not inspect.isroutine(target):
            target = type(target).__call__
        else:
            return target


def name_of(call: Callable[..., Any]) -> str:
    """Return how messages name a callable: `module.function`."""
    name = getattr(call, "__qualname__", None) or type(call).__qualname__
    return f"{getattr(call, '__module__', '?')}.{name}"


class _Reader:
    """Sorts the parameters of one callable into its description."""

    def __init__(
        self,
        call: Callable[..., Any],
        path_names: Sequence[str],
        found: Dependency,
        stack: tuple[Callable[..., Any], ...],
    ) -> None:
        self.call = call
        self.path_names = path_names
        self.found = found
        self.stack = stack

    def read(self, parameter: inspect.Parameter) -> None:
        """Sort one parameter."""
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return
        problem = problem_of(parameter, split_annotated(parameter.annotation)[1])
        if problem is not None:
            raise self._error(parameter.name, *problem)
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise self._error(parameter.name, "is positional-only", 'Leave out the "/".')
        annotation, metadata = split_annotated(parameter.annotation)
        # What pydantic's `Field` says of a parameter is said as by a marker of ours.
        markers: list[Any] = [as_marker(each) or each for each in metadata]
        default = as_marker(parameter.default) or parameter.default
        if isinstance(default, (FieldInfo, DependsInfo)):
            markers = [*markers, default]
            default = MISSING
        elif default is EMPTY:
            default = MISSING
        depends = [marker for marker in markers if isinstance(marker, DependsInfo)]
        if depends:
            self._add_dependency(parameter.name, annotation, depends[-1])
            return
        binder = next((marker for marker in markers if hasattr(marker, "__bind__")), None)
        if binder is not None:
            self._add_dependency(parameter.name, annotation, DependsInfo(binder.__bind__))
            return
        special = special_of(annotation)
        if special is not None:
            # `request: Request = None` serves both kinds of route: None where there is none.
            is_optional = special in ("request", "websocket") and default is not MISSING
            self.found.specials[parameter.name] = f"optional {special}" if is_optional else special
            return
        infos = [marker for marker in markers if isinstance(marker, FieldInfo)]
        self._add_value(parameter, annotation, default, infos)

    def _add_dependency(self, name: str, annotation: Any, depends: DependsInfo) -> None:
        call = depends.call or annotation
        if call is EMPTY or not callable(call):
            raise self._error(
                name, "depends on nothing that can be called", "Write Depends(function)."
            )
        child = read_dependency(call, depends, self.path_names, self.found.scopes, self.stack)
        child.name = name
        self.found.dependencies.append(child)

    def _add_value(
        self, parameter: inspect.Parameter, annotation: Any, default: Any, infos: list[FieldInfo]
    ) -> None:
        name = parameter.name
        info = _merged(infos)
        in_path = name in self.path_names
        if info is None or type(info) is FieldInfo or isinstance(info, PathInfo):
            in_path = in_path or any(
                each in self.path_names for each in self._wire_names(name, info)
            )
        if isinstance(info, PathInfo) and not in_path:
            raise self._error(
                name,
                "is a path parameter, but the path does not name it",
                "Add it to the path.",
                code="binding-not-in-path",
            )
        if annotation is EMPTY:
            annotation = Any if in_path or default is MISSING else type(default)
            if default is None:
                annotation = Any
        schema = self._describe(name, parameter.annotation, annotation, info)
        if info is None or type(info) is FieldInfo:
            info = self._guess(schema, in_path).merged(*([info] if info else []))
        elif in_path and not isinstance(info, PathInfo):
            raise self._error(
                name,
                f"is named in the path, but declared as {type(info).__name__[:-4]}",
                "Use Path, or rename it.",
            )
        if default is not MISSING:
            info = info.merged(FieldInfo(default))
        if isinstance(info, PathInfo) and info.has_default:
            info = info.without("default", "default_factory")
        if isinstance(info, MarkerInfo) and info.validate_default and info.has_default:
            info = self._checked_default(name, schema, info)
        self._file(name, annotation, schema, info)

    def _wire_names(self, name: str, info: FieldInfo | None) -> tuple[str, ...]:
        """Return the names by which a client sends a value, the preferred one first."""
        given = getattr(info, "validation_alias", None)
        if isinstance(given, str):
            return (given,)
        choices = getattr(given, "choices", None)
        if choices and all(isinstance(each, str) for each in choices):
            return tuple(choices)
        if given is not None:
            raise self._error(
                name,
                f"has the validation_alias {given!r}, which is no name",
                "Give a name, or AliasChoices of names.",
            )
        if info is not None and info.alias:
            return (info.alias,)
        return (name.replace("_", "-") if getattr(info, "convert_underscores", False) else name,)

    def _describe(self, name: str, declared: Any, annotation: Any, info: FieldInfo | None) -> Any:
        try:
            plain = info.without(*NOT_OF_THE_TYPE) if info else None
            base = declared if get_origin(declared) is Annotated else annotation
            given = info.given if info else {}
            executed = {key: given[key] for key in EXECUTED if key in given}
            if executed:
                base = Annotated[base, pydantic_field(**executed)]
            return describe(Annotated[base, plain] if plain and plain.given else base)
        except SchemaError as exc:
            raise self._error(name, f"cannot be bound: {exc.message.rstrip('.')}", "") from exc

    def _guess(self, schema: Any, in_path: bool) -> FieldInfo:
        if in_path:
            return PathInfo()
        if is_upload(schema):
            return FileInfo()
        return QueryInfo() if is_scalar(schema) else BodyInfo()

    def _checked_default(self, name: str, schema: Any, info: MarkerInfo) -> FieldInfo:
        """Return the marker with its default as the type has it."""
        decode = python_decoder(schema)
        factory = info.default_factory
        if factory is not None:
            return info.merged(FieldInfo(default_factory=lambda: decode(factory())))
        try:
            return info.merged(FieldInfo(decode(info.default)))
        except ValidationFailed as exc:
            raise self._error(
                name, f"has the default {info.default!r}: {exc.message}", "Mend the default."
            ) from exc

    def _check_shape(self, name: str, schema: Any, info: FieldInfo) -> None:
        """Refuse what no text outside of a body can say."""
        if isinstance(info, ParameterInfo) and is_upload(schema):
            raise self._error(name, "is an upload, which only a form carries", "Use File.")
        if isinstance(info, PathInfo) and not is_scalar(schema):
            raise self._error(name, "is in the path, but no single value", "Use Query or Body.")
        is_readable = is_scalar(schema) or objects_of(schema) or is_text_list(schema)
        if isinstance(info, ParameterInfo) and not is_readable:
            raise self._error(
                name,
                "is neither a single value, nor a list of them, nor an object with known fields",
                "Use Body.",
            )

    def _file(self, name: str, annotation: Any, schema: Any, info: FieldInfo) -> None:
        """Put a value under parameters or body."""
        self._check_shape(name, schema, info)
        required = not info.has_default
        default = None if required else info.default
        alias, *others = self._wire_names(name, info)
        if isinstance(info, ParameterInfo):
            if isinstance(info, PathInfo):
                alias = next((each for each in (alias, *others) if each in self.path_names), name)
                others = []
            self.found.parameters.append(
                Parameter(
                    name=name,
                    alias=alias,
                    source=info.source,  # type: ignore[arg-type]
                    annotation=annotation,
                    schema=schema,
                    info=info,
                    required=required,
                    default=default,
                    is_list=is_list(schema),
                    others=tuple(others),
                )
            )
            return
        if not isinstance(info, BodyInfo):
            raise self._error(name, f"has a marker that is not known: {info!r}", "")
        is_form = isinstance(info, FormInfo | FileInfo)
        self.found.body.append(
            BodyPart(
                name=name,
                alias=alias,
                annotation=annotation,
                schema=schema,
                info=info,
                required=required,
                media_type=info.media_type,
                default=default,
                embed=info.embed or is_form,
                is_form=is_form,
                is_file=isinstance(info, FileInfo) or (is_form and is_upload(schema)),
                is_list=is_list(schema),
                others=tuple(others),
            )
        )

    def _error(
        self, name: str, problem: str, mend: str, *, code: str = "binding-parameter"
    ) -> BindingError:
        return BindingError(
            f"Parameter {name!r} of {name_of(self.call)} {problem}. {mend}".rstrip(),
            code=code,
            where=place_of(self.call),
        )


def _merged(infos: list[FieldInfo]) -> FieldInfo | None:
    """Return what was said of a value; the marker that names a source gives the class.

    `Annotated[Email, Query()]` is a query parameter, though `Email` brings words of its own.
    """
    if not infos:
        return None
    leader = next((info for info in infos if isinstance(info, ParameterInfo | BodyInfo)), None)
    blank = FieldInfo() if leader is None else leader.without(*leader.given)
    return blank.merged(*infos)


def split_annotated(annotation: Any) -> tuple[Any, list[Any]]:
    """Return the plain type and the metadata of an annotation, or of what it is an alias of."""
    if type(annotation).__name__ == "TypeAliasType" and get_origin(annotation) is None:
        value = annotation.__value__
        if get_origin(value) is Annotated:
            return split_annotated(value)
    if get_origin(annotation) is Annotated:
        plain, *metadata = get_args(annotation)
        return plain, list(metadata)
    return annotation, []


__all__ = [
    "SecurityScopes",
    "check_connection",
    "check_lifetimes",
    "name_of",
    "read_dependency",
    "read_signature",
    "signature_of",
    "split_annotated",
]
