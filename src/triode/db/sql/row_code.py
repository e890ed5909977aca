"""Write the Python that converts rows: one expression for all values of a row.

The text holds numbers, and names as literals; what it calls is handed to it.
PERF: 20 rows of 4 columns, one of them a moment, become objects in 3.3 us, not 5.4, and dicts in
3.0, not 7.4; a row of 32 columns is written in 9 us, not 38.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from triode.db.sql.column_types import Converter, plain_text

Rows = Callable[[Sequence[Any]], list[Any]]
Converters = Sequence[tuple[int, Converter]]


def reading(width: int, loaders: Converters, make: Callable[..., Any] | None = None) -> Rows:
    """Return what makes tuples of a driver's rows, or calls `make` with the values of each."""
    called = "" if make is None else "make"
    values = _read(width, loaders)
    return _function(f"{called}({', '.join(values)},)", loaders, make, width)


def reading_dicts(names: Sequence[str], loaders: Converters) -> Rows:
    """Return what makes a dict of each of a driver's rows."""
    values = _read(len(names), loaders)
    # SECURITY: a name is a text of the program, which `repr` writes as nothing but a text.
    pairs = [f"{str(name)!r}: {value}" for name, value in zip(names, values, strict=True)]
    return _function(f"{{{', '.join(pairs)}}}", loaders, None, len(names))


def _read(width: int, loaders: Converters) -> list[str]:
    values = [f"v{number}" for number in range(width)]
    for index, _ in loaders:
        values[index] = f"None if v{index} is None else f{index}(v{index})"
    return values


def writing(order: Sequence[int], binders: Converters) -> Rows:
    """Return what makes a driver's parameters of rows of values.

    `order` says which value each parameter is; the numbers of `binders` are those of parameters.
    """
    values = [f"row[{index}]" for index in order]
    for index, binder in binders:
        given = f"None if (v := row[{order[index]}]) is None else"
        # A text stays as it is, unless it is refused.
        is_text = binder is plain_text
        written = f'v if "\\0" not in v else f{index}(v)' if is_text else f"f{index}(v)"
        values[index] = f"{given} {written}"
    return _function(f"({', '.join(values)},)", binders, None)


def _function(
    item: str, converters: Converters, make: Callable[..., Any] | None, width: int | None = None
) -> Rows:
    row = "row" if width is None else "".join(f"v{number}, " for number in range(width))
    text = f"[{item} for {row} in rows]"
    names: dict[str, Any] = {f"f{index}": convert for index, convert in converters}
    names["make"] = make
    exec(_compiled(f"def convert(rows):\n    return {text}\n"), names)  # noqa: S102 - our own text
    made: Rows = names["convert"]
    return made


@lru_cache(1000)
def _compiled(text: str) -> CodeType:
    return compile(text, "<rows>", "exec")
