"""The base of every description: one node for one annotation.

A node knows four things about its type: how to check a value (`validate`), how msgspec can decode
it (`codec`, `finish`), how to write it (`dump`, `is_direct`) and its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from triode.schema.fields import FieldInfo
from triode.schema.foreign import to_builtins
from triode.schema.problems import INVALID, Loc, Problem, ResponseValidationFailed, problem

if TYPE_CHECKING:
    from triode.schema.registry import Mode, Registry

EXACT, STRICT, LAX = 2, 1, 0


class Refused(Exception):
    """What msgspec decoded is not what the node describes."""


class Schema:
    """The description of one annotation.

    `annotation` is what was written, without the metadata that `info` holds. `label` names the
    node in the place of a problem inside a union, as pydantic does.
    """

    kind: str = ""

    def __init__(self, annotation: Any, info: FieldInfo) -> None:
        self.annotation = annotation
        self.info = info

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    @property
    def label(self) -> str:
        """The name of the node where a union lists what each member refused."""
        return self.kind

    @property
    def children(self) -> Iterable[Schema]:
        """The nodes directly inside this one, as input has them."""
        return ()

    @property
    def sent_children(self) -> Iterable[Schema]:
        """The nodes directly inside this one, as output has them."""
        return self.children

    # --- decode

    @property
    def codec(self) -> Any | None:
        """The msgspec type that decodes only what `validate` accepts; None if there is none."""
        return self.codec_assuming(frozenset())

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        """Return the codec, taking for granted that msgspec reads each of `native` as it is."""
        return None

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        """What turns the codec's result into the value; None where it is the value.

        It may raise `Refused`; `validate` then says why.
        """
        return None

    @property
    def finish_list(self) -> Callable[[list[Any]], list[Any]] | None:
        """What does for a whole list what `finish` does for each item of it; None: nothing."""
        finish = self.finish
        return None if finish is None else lambda raw: [finish(each) for each in raw]

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        """Return the value as the annotation has it, or `INVALID` with every problem added.

        Lax, as pydantic is: "5" is an int. `text` says that `value` was text on the wire
        (path, query, header, cookie, form).
        """
        return value

    def json_reader(self) -> Callable[[bytes], Any] | None:
        """Return the node's own way to decode a whole body; None where the codec is the way."""
        return None

    def fit(self, value: Any) -> int:
        """Say how well `value` fits before any conversion: EXACT, STRICT or LAX.

        Unions choose the best fit among the members that accept a value.
        """
        return LAX

    # --- encode

    @property
    def exact_types(self) -> frozenset[type] | None:
        """The types whose instances msgspec writes as `dump` would; None if that depends."""
        return None

    @property
    def open_types(self) -> frozenset[type]:
        """The types that need no look inside while no class hides anything."""
        return frozenset()

    @property
    def is_plain(self) -> bool:
        """Whether msgspec writes every value of the declared type as `dump` would.

        It speaks for this node only; `is_plain_below` asks all.
        """
        return True

    @cached_property
    def adapter_of_all(self) -> Any | None:
        """pydantic's `TypeAdapter` where everything below is pydantic's to write, else None."""
        return None

    def is_direct(self, value: Any) -> bool:
        """Whether msgspec alone writes `value` as this node declares it."""
        return self.exact_types is not None and type(value) in self.exact_types

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        """Return what msgspec shall write for `value`; `INVALID` with problems if it cannot."""
        if self.is_direct(value):
            return value
        return self.validate(value, loc, problems)

    def serialize(self, value: Any) -> Any:
        """Return `value` as builtins that JSON has, by the declared type.

        Raises:
            ResponseValidationFailed: `value` is not what is declared.
        """
        problems: list[Problem] = []
        dumped = self.dump(value, (), problems)
        if problems:
            raise ResponseValidationFailed(problems, body=value)
        return to_builtins(dumped)

    # --- describe

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of the value, constraints included."""
        return {}


def refuse(problems: list[Problem], type: str, loc: Loc, msg: str, value: Any, **ctx: Any) -> Any:
    """Add a problem and return `INVALID`."""
    problems.append(problem(type, loc, msg, value, **ctx))
    return INVALID


def is_plain_below(node: Schema) -> bool:
    """Whether `node` and every node below it is plain: nothing in it is hidden or renamed."""
    return all(each.is_plain for each in walk(node, sent=True))


def walk(node: Schema, *, sent: bool = False) -> list[Schema]:
    """Return `node` and every node below it, each once; cycles are fine.

    As input has them, or as they are `sent`.
    """
    found: dict[int, Schema] = {}
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if id(current) not in found:
            found[id(current)] = current
            waiting.extend(current.sent_children if sent else current.children)
    return list(found.values())
