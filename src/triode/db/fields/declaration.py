"""Read what a model's class body declares.

Annotations are evaluated where they stand. The target of a relation may be a name that does not
exist yet; it stays a name until the tables are made.
"""

from __future__ import annotations

import copy
import inspect
import linecache
import re
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any, ClassVar, get_args, get_origin

from triode.db.fields.constraints import Check, Index, Search
from triode.db.fields.field import ColumnInfo, ForeignKeyInfo, ManyToManyInfo, RelatedInfo
from triode.errors import ModelError
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.metadata import take_apart

if sys.version_info >= (3, 14):
    import annotationlib

_OPTIONAL = re.compile(r"(?:typing\.)?Optional\[(.+)\]|(.+?)\s*\|\s*None|None\s*\|\s*(.+)")
_LIST = re.compile(r"(?:typing\.)?[Ll]ist\[(.+)\]")


@dataclass(slots=True)
class Place:
    """Where a class body stands: for evaluating annotations, and for errors."""

    file: str
    line: int
    names: dict[str, Any]

    def of_field(self, name: str) -> str:
        """Return "file:line" of a field, that of the class if it is not found below it."""
        pattern = re.compile(rf"\s+{re.escape(name)}\s*[:=]")
        for number in range(self.line, self.line + 300):
            if pattern.match(linecache.getline(self.file, number)):
                return f"{self.file}:{number}"
        return str(self)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Target:
    """The model that a relation leads to, by name as long as it may not exist."""

    model: Any
    is_list: bool = False
    is_nullable: bool = False


@dataclass(slots=True)
class Declaration:
    """One annotated name of a class body. A relation has a `target`, a column has none."""

    name: str
    annotation: Any
    info: FieldInfo
    where: str
    target: Target | None = None


@dataclass(slots=True)
class ModelOptions:
    """What `class Meta` of a model says; the names are Django's.

    `ordering` holds field names, with "-" in front for descending. `unique_together` holds tuples
    of field names, `indexes` such tuples or `Index`, `constraints` holds `Check`, `search` is a
    `Search`. `primary_key` names the fields of a composite key; `schema` is that of the table on
    PostgreSQL. `database` is the name of the database that the table lies in, the default one
    where it is not said. A table that is not `managed` belongs to somebody else: it is neither
    created, altered nor dropped. `renamed_from` is the name the table had before.
    """

    abstract: bool = False
    db_table: str | None = None
    managed: bool = True
    renamed_from: str | None = None
    ordering: tuple[str, ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Check, ...] = ()
    search: Search | None = None
    primary_key: tuple[str, ...] = ()
    schema: str | None = None
    database: str | None = None
    verbose_name: str | None = None
    verbose_name_plural: str | None = None
    given: frozenset[str] = field(default=frozenset())


def place_of_class(frame: FrameType) -> Place:
    """Return the place of the class statement that `frame` runs."""
    names = {**frame.f_globals}
    if frame.f_locals is not frame.f_globals:
        names.update(frame.f_locals)
    return Place(frame.f_code.co_filename, frame.f_lineno, names)


def read_declarations(
    model_name: str, namespace: Mapping[str, Any], place: Place
) -> list[Declaration]:
    """Return what the class body declares, in its order.

    Raises:
        ModelError: an annotation cannot be evaluated, or a marker does not fit it.
    """
    declarations = []
    for name, annotation in class_annotations(namespace).items():
        if name.startswith("_") or _is_class_variable(annotation):
            continue
        where = place.of_field(name)
        given = namespace.get(name, MISSING)
        info = given if isinstance(given, FieldInfo) else ColumnInfo(given)
        if isinstance(info, ForeignKeyInfo | ManyToManyInfo | RelatedInfo):
            target = read_target(annotation)
            if isinstance(target.model, str) and target.model != model_name:
                # The class of that name which the module sees; else a model defined later.
                known = place.names.get(target.model)
                target.model = known if hasattr(known, "__table__") else target.model
            declarations.append(_relation(model_name, name, annotation, info, (where, target)))
        else:
            declarations.append(_column(model_name, name, annotation, info, place))
    return declarations


def place_of_mixin(mixin: type) -> Place:
    """Return the place of a class that is no model, whose annotations become fields."""
    module = sys.modules.get(mixin.__module__)
    line = getattr(mixin, "__firstlineno__", 0)
    if not line:
        try:
            line = inspect.getsourcelines(mixin)[1]
        except (OSError, TypeError):
            line = 0  # Made without a file: the error names the module alone.
    file = getattr(module, "__file__", None) or mixin.__module__
    return Place(file, line, {**vars(module)} if module else {})


def refuse_stray(
    model_name: str, namespace: Mapping[str, Any], known: set[str], place: Place
) -> None:
    """Refuse what looks like a field and would be none.

    Raises:
        ModelError: a marker without an annotation, or a value for a field of a base.
    """
    for name, value in namespace.items():
        if isinstance(value, FieldInfo) and name not in class_annotations(namespace):
            reason = "has no annotation, so it is no field. Write its type"
        elif name in known and _is_class_variable(class_annotations(namespace).get(name, ClassVar)):
            reason = "is a field of a base. Repeat its annotation to change it"
        else:
            continue
        raise ModelError(
            f"{model_name}.{name} {reason}: {name}: int = ….",
            code="model-no-annotation",
            where=place.of_field(name),
        )


def class_annotations(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a class body, those of Python 3.14 included."""
    found = namespace.get("__annotations__")
    if found is None and sys.version_info >= (3, 14):
        annotate = annotationlib.get_annotate_from_class_namespace(dict(namespace))
        if annotate is not None:
            return dict(
                annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF)
            )
    return dict(found or {})


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.startswith(("ClassVar", "typing.ClassVar"))
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _column(
    model_name: str, name: str, annotation: Any, info: FieldInfo, place: Place
) -> Declaration:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    while isinstance(annotation, str):
        try:
            annotation = eval(annotation, place.names)  # noqa: S307 - the developer's own text
        except NameError as exc:
            raise ModelError(
                f"{model_name}.{name}: {annotation!r} names {exc.name!r}, which is not defined "
                "there. Import it (not only under TYPE_CHECKING); if it is a model, write "
                f"{name}: {annotation} = ForeignKey().",
                code="model-unknown-name",
                where=place.of_field(name),
            ) from exc
    parts = take_apart(annotation)
    merged = ColumnInfo().merged(parts.info, info)
    if isinstance(merged.default, list | dict | set):
        # Each row has its own, or a change to one would show in all.
        merged.default_factory = partial(copy.deepcopy, merged.default)
        del merged.default
    return Declaration(name, annotation, merged, place.of_field(name))


def _relation(
    model_name: str, name: str, annotation: Any, info: FieldInfo, place: tuple[str, Target]
) -> Declaration:
    where, target = place
    wants_list = not isinstance(info, ForeignKeyInfo)
    is_right = target.is_list == wants_list or isinstance(info, RelatedInfo)
    if not is_right:
        marker = "ManyToMany" if wants_list else "ForeignKey"
        form = "list[Other]" if wants_list else "Other or Other | None"
        raise ModelError(
            f"{model_name}.{name}: {marker}() needs the annotation {form}, not {annotation!r}.",
            code="model-relation-annotation",
            where=where,
        )
    return Declaration(name, annotation, info, where, target)


def read_target(annotation: Any) -> Target:
    """Take the annotation of a relation apart, without looking up names."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return _read_target_text(annotation.strip().strip("'\""))
    origin = get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        rest = [each for each in get_args(annotation) if each is not type(None)]
        if len(rest) == 1:
            inner = read_target(rest[0])
            return Target(inner.model, inner.is_list, is_nullable=True)
    if origin is list:
        return Target(read_target(get_args(annotation)[0]).model, is_list=True)
    return Target(annotation)


def _read_target_text(text: str) -> Target:
    if found := _OPTIONAL.fullmatch(text):
        inner = _read_target_text(next(part for part in found.groups() if part).strip())
        return Target(inner.model, inner.is_list, is_nullable=True)
    if found := _LIST.fullmatch(text):
        return Target(_read_target_text(found.group(1).strip("'\" ")).model, is_list=True)
    return Target(text.rpartition(".")[2])


def read_options(model_name: str, namespace: dict[str, Any], where: str) -> ModelOptions:
    """Read `class Meta`.

    Raises:
        ModelError: it has an option that is not known.
    """
    options = ModelOptions()
    meta = namespace.get("Meta")
    if meta is None:
        return options
    given = _options_of(meta)
    known = [name for name in ModelOptions.__slots__ if name != "given"]
    for name, value in given.items():
        if name not in known:
            raise ModelError(
                f"{model_name}.Meta has no option {name!r}. There are: {', '.join(known)}.",
                code="model-unknown-option",
                where=where,
            )
        setattr(options, name, _read_option(model_name, name, value, where))
    options.given = frozenset(given)
    return options


def _options_of(meta: type) -> dict[str, Any]:
    """Return the options of a `Meta`, those of the classes it inherits from included."""
    found: dict[str, Any] = {}
    for kind in reversed(meta.__mro__[:-1]):
        inherited = {name: value for name, value in vars(kind).items() if name[0] != "_"}
        if kind is not meta:
            inherited.pop("abstract", None)
        found.update(inherited)
    return found


def inherited_options(options: ModelOptions, bases: Sequence[type], where: str) -> None:
    """Take over what bases say, abstract models and others, and the class itself does not."""
    for base in bases:
        older: ModelOptions | None = getattr(base, "__options__", None)
        if older is None and hasattr(base, "Meta"):
            older = read_options(base.__name__, {"Meta": base.Meta}, where)
        if older is None:
            continue
        names = older.given - options.given - {"abstract", "db_table"}
        for name in names:
            setattr(options, name, getattr(older, name))
        options.given |= names


def _read_option(model_name: str, name: str, value: Any, where: str) -> Any:
    if name in ("ordering", "primary_key"):
        return (value,) if isinstance(value, str) else tuple(value)
    if name == "unique_together":
        return tuple(tuple(group) for group in _groups(value))
    if name == "indexes":
        value = [each if isinstance(each, Index) else Index(*each) for each in _groups(value)]
    elif name != "constraints":
        if name == "search" and not isinstance(value, Search):
            raise ModelError(
                f'{model_name}.Meta.search is {value!r}. Write Search("title", "body").',
                code="model-search",
                where=where,
            )
        return value
    kind = Index if name == "indexes" else Check
    made = (value,) if isinstance(value, kind) else tuple(value)
    if not all(isinstance(each, kind) for each in made):
        raise ModelError(
            f"{model_name}.Meta.{name} is {value!r}. It holds {kind.__name__} objects.",
            code="model-constraint",
            where=where,
        )
    return made


def _groups(value: Any) -> Any:
    if isinstance(value, Index):
        return [value]
    return [value] if value and all(isinstance(each, str) for each in value) else value
