"""The order in which the kinds of types are asked who describes an annotation."""

from __future__ import annotations

from typing import Final

from triode.schema.describe import Kind, install
from triode.schema.kinds.anything import anything
from triode.schema.kinds.choices import choice
from triode.schema.kinds.collections import collection
from triode.schema.kinds.mappings import mapping
from triode.schema.kinds.numbers import number
from triode.schema.kinds.own import own, variant
from triode.schema.kinds.records import attrs_class, dataclass, struct, typed_dict
from triode.schema.kinds.scalars import scalar
from triode.schema.kinds.special import special
from triode.schema.kinds.strings import string
from triode.schema.kinds.temporal import temporal
from triode.schema.kinds.unions import union

KINDS: Final[tuple[Kind, ...]] = (
    variant,
    scalar,
    special,
    string,
    anything,
    union,
    collection,
    mapping,
    choice,
    temporal,
    number,
    own,
    struct,
    dataclass,
    typed_dict,
    attrs_class,
)

install(KINDS)
