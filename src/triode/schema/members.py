"""One field of an object, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from triode.schema.describe import describe
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.node import Schema


@dataclass(slots=True)
class FieldDescription:
    """One field of an object.

    `annotation` is as written, `Annotated` included; `info` is all that was said of it, merged.
    `encoded_name` is the key on the wire, `other_names` are keys that do as well. `automatic`
    marks a key that the database makes, `patch_only` what is taken of `Patch[T]` alone.
    `is_marked` says that the class has a marker in place of its default, where only we know better.
    """

    name: str
    annotation: Any
    info: FieldInfo
    required: bool
    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    encoded_name: str = ""
    automatic: bool = False
    patch_only: bool = False
    is_marked: bool = False
    other_names: tuple[str, ...] = ()
    _schema: Schema | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.encoded_name = self.encoded_name or self.info.alias or self.name

    @property
    def schema(self) -> Schema:
        """The description of the field's type."""
        if self._schema is None:
            self._schema = describe(Annotated[self.annotation, self.info])
        return self._schema

    @property
    def is_accepted(self) -> bool:
        """Whether a client may send it to make an object."""
        return not (self.info.read_only or self.automatic or self.patch_only)

    @property
    def is_sent(self) -> bool:
        """Whether it is part of an answer."""
        return not self.info.write_only

    def make_default(self) -> Any:
        """Return what stands where nothing was sent; `MISSING` if there is nothing."""
        return self.default if self.default_factory is None else self.default_factory()
