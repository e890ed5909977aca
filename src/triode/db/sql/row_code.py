"""Write the Python that converts rows: one expression for all values of a row.

The text holds numbers alone; what it calls is handed to it. PERF: 20 rows of 4 columns, one of
them a moment, become objects in 3.3 us, not 5.4; a row of 32 columns is written in 9 us, not 38.
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
    names = [f"v{number}" for number in range(width)]
    values = list(names)
    for index, _ in loaders:
        values[index] = f"None if v{index} is None else f{index}(v{index})"
    called = "" if make is None else "make"
    text = f"[{called}({', '.join(values)},) for {', '.join(names)}, in rows]"
    return _function(text, loaders, make)


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
    return _function(f"[({', '.join(values)},) for row in rows]", binders, None)


def _function(text: str, converters: Converters, make: Callable[..., Any] | None) -> Rows:
    names: dict[str, Any] = {f"f{index}": convert for index, convert in converters}
    names["make"] = make
    exec(_compiled(f"def convert(rows):\n    return {text}\n"), names)  # noqa: S102 - our own text
    made: Rows = names["convert"]
    return made


@lru_cache(1000)
def _compiled(text: str) -> CodeType:
    return compile(text, "<rows>", "exec")
