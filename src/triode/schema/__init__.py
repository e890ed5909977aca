"""One description of a Python type: inspect, decode, encode, errors, JSON Schema."""

from triode.schema.decoders import json_decoder, parse_json, python_decoder, text_decoder
from triode.schema.describe import UnsupportedTypeError, describe, type_hints
from triode.schema.documentation import document, title_of
from triode.schema.encoders import adapter_encoder, json_encoder
from triode.schema.fields import MISSING, FieldInfo, FieldOptions, field_info
from triode.schema.kinds import order as _order  # noqa: F401 - installs the kinds of types
from triode.schema.kinds.special import Email, SecretText, Url
from triode.schema.members import FieldDescription
from triode.schema.metadata import take_apart
from triode.schema.node import Schema
from triode.schema.objects import ObjectSchema
from triode.schema.problems import (
    INVALID,
    Problem,
    ResponseValidationFailed,
    ValidationFailed,
    presentable,
)
from triode.schema.registry import Mode, Registry
from triode.schema.variants import Changes, Create, Patch, Variant

__all__ = [
    "INVALID",
    "MISSING",
    "Changes",
    "Create",
    "Email",
    "FieldDescription",
    "FieldInfo",
    "FieldOptions",
    "Mode",
    "ObjectSchema",
    "Patch",
    "Problem",
    "Registry",
    "ResponseValidationFailed",
    "Schema",
    "SecretText",
    "UnsupportedTypeError",
    "Url",
    "ValidationFailed",
    "Variant",
    "adapter_encoder",
    "describe",
    "document",
    "field_info",
    "json_decoder",
    "json_encoder",
    "parse_json",
    "presentable",
    "python_decoder",
    "take_apart",
    "text_decoder",
    "title_of",
    "type_hints",
]
