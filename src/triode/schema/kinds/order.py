"""The order in which the kinds of types are asked who describes an annotation."""

from __future__ import annotations

from typing import Final

from triode.schema.describe import Kind, install
from triode.schema.kinds.anything import anything
from triode.schema.kinds.attrs_classes import attrs_class
from triode.schema.kinds.choices import choice
from triode.schema.kinds.collections import collection
from triode.schema.kinds.dataclasses import dataclass
from triode.schema.kinds.mappings import mapping
from triode.schema.kinds.named_tuples import named_tuple
from triode.schema.kinds.numbers import number
from triode.schema.kinds.own import own, variant
from triode.schema.kinds.pydantic_models import foreign, pydantic_model
from triode.schema.kinds.scalars import scalar
from triode.schema.kinds.special import special
from triode.schema.kinds.strings import string
from triode.schema.kinds.structs import struct
from triode.schema.kinds.temporal import temporal
from triode.schema.kinds.typed_dicts import typed_dict
from triode.schema.kinds.unions import union
from triode.schema.kinds.uploads import upload

KINDS: Final[tuple[Kind, ...]] = (
    variant,
    upload,
    foreign,
    scalar,
    special,
    string,
    anything,
    union,
    named_tuple,
    collection,
    mapping,
    choice,
    temporal,
    number,
    own,
    pydantic_model,
    struct,
    dataclass,
    typed_dict,
    attrs_class,
)

install(KINDS)
