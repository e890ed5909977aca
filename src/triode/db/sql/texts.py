"""Texts: what stands in one, with or without regard to case; `upper`, `length`, `concat`, …."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import join_texts, plain, typed
from triode.db.sql.builder import Builder
from triode.db.sql.conversions import as_text
from triode.db.sql.expressions import Call, Expression, JsonValue, Literal
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import RENDERERS, quoted, renders, word
from triode.db.sql.storage import IntegerStorage, PatternStorage, TextStorage

_TEXT: Final = TextStorage()


@renders("contains", "startswith", "endswith", "icontains", "istartswith", "iendswith", "iequals")
def _match(builder: Builder, call: Call) -> Built:
    inner, text = call.arguments
    built = _text(builder, inner)
    _refuse_expression(text)
    ignores_case = call.name[0] == "i"
    is_whole = call.name == "iequals"
    pattern = builder.bind(
        PatternStorage(
            before="start" not in call.name and not is_whole,
            after="end" not in call.name and not is_whole,
            is_glob=not ignores_case,
        )
    )
    if builder.family != "sqlite":
        like = built.ilike if ignores_case else built.like
        return like(pattern, escape="\\")
    if not ignores_case:
        return built.op("GLOB", is_comparison=True)(pattern)
    # SQLite's LIKE ignores the case of ASCII letters only. That is enough, and much faster than
    # our own function, when only such letters are looked for.
    [is_ascii] = call.options
    if not is_ascii:
        built = sa.func.triode_lower(built)
    return built.like(pattern, escape="\\")


def _text(builder: Builder, inner: Expression) -> Built:
    """Return what is searched: of JSON, the texts in it."""
    if isinstance(inner, JsonValue):
        return RENDERERS["json text"](builder, inner)
    return inner.build(builder)


def _refuse_expression(text: Any) -> None:
    if not isinstance(text, Literal):
        raise QueryError(
            "contains, startswith and the like look for a text, not for another column. Write "
            "like(concat(…)).",
            code="query-wrong-type",
        )


@renders("like", "ilike")
def _like(builder: Builder, call: Call) -> Built:
    inner, pattern = (argument.build(builder) for argument in call.arguments)
    if call.name == "like":
        return inner.like(pattern)
    if builder.family == "sqlite":
        return sa.func.triode_lower(inner).like(sa.func.triode_lower(pattern))
    return inner.ilike(pattern)


@renders("matches", "imatches")
def _regular(builder: Builder, call: Call) -> Built:
    inner, pattern = (argument.build(builder) for argument in call.arguments)
    ignores_case = call.name == "imatches"
    if builder.family == "sqlite":
        name = "triode_imatches" if ignores_case else "triode_matches"
        matched: Built = getattr(sa.func, name)(inner, pattern, type_=sa.Boolean())
        return matched
    if builder.family == "postgresql":
        return inner.op("~*" if ignores_case else "~", is_comparison=True)(pattern)
    # The columns compare letters by their case; the pattern itself says where it does not matter.
    flag = word("'(?i)'" if ignores_case else "'(?-i)'")
    return inner.op("REGEXP", is_comparison=True)(sa.func.concat(flag, pattern))


@renders("upper", "lower")
def _case(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    built = inner.build(builder)
    # SQLite's own know the letters of ASCII only.
    name = f"triode_{call.name}" if builder.family == "sqlite" else call.name
    return typed(getattr(sa.func, name)(built), _TEXT)


@renders("length")
def _length(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    name = "char_length" if builder.family == "generic" else "length"
    return typed(getattr(sa.func, name)(inner.build(builder)), IntegerStorage())


@renders("trim")
def _trim(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    return typed(sa.func.trim(inner.build(builder)), _TEXT)


@renders("replace")
def _replace(builder: Builder, call: Call) -> Built:
    built = [argument.build(builder) for argument in call.arguments]
    return typed(sa.func.replace(*built), _TEXT)


@renders("substring")
def _substring(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    numbers: list[Any] = [word(number) for number in call.options]
    return typed(sa.func.substr(inner.build(builder), *numbers), _TEXT)


@renders("concat")
def _concat(builder: Builder, call: Call) -> Built:
    parts = [as_text(builder, argument.build(builder), call) for argument in call.arguments]
    # One without a value is an empty text.
    nothing = quoted("")
    return join_texts(builder, [sa.func.coalesce(plain(part), nothing) for part in parts])
