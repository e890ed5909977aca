"""Models as the text of a Python module."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from triode.db.migrations.column_text import FieldText, quoted
from triode.db.migrations.inspection import ModelText, imports_of
from triode.db.tables.search_index import SearchIndex

_HOMES: Final = {
    "datetime": ("datetime", "date", "time", "timedelta"),
    "decimal": ("Decimal",),
    "ipaddress": ("IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network"),
    "typing": ("Any",),
    "uuid": ("UUID",),
    "triode": ("Field", "ForeignKey", "ManyToMany", "Model", "Search"),
}
_WIDTH: Final = 84
"""Characters of a line within a class, for formatters that break lines after 88."""


def module_text(models: Sequence[ModelText], source: str) -> str:
    """Return the module of models; `source` says what they are of, without a password."""
    used = set(imports_of(models))
    lines = [
        f'"""The tables of {source}, as `triode db inspect` read them."""',
        "",
        "from __future__ import annotations",
        "",
    ]
    for home, names in _HOMES.items():
        chosen = sorted(used & set(names))
        if home == "triode" and chosen:
            lines.append("")
        if chosen:
            lines.append(f"from {home} import {', '.join(chosen)}")
    for model in models:
        lines += ["", "", *_class(model)]
    return "\n".join(lines).replace("annotations\n\n\n", "annotations\n\n") + "\n"


def _class(model: ModelText) -> list[str]:
    if model.reason is not None:
        return [f"# The table {model.table} has no model: {model.reason}."]
    lines = [f"class {model.name}(Model):"]
    for field in model.fields:
        lines += _wrapped(field)
    lines += ["", "    class Meta:", f"        db_table = {quoted(model.table)}"]
    if not model.is_managed:
        lines.append("        managed = False  # A new row needs what is left out above.")
    if model.primary_key:
        lines.append(f"        primary_key = {_listed(model.primary_key)}")
    for option in ("unique_together", "indexes"):
        groups = getattr(model, option)
        if groups:
            lines += _groups(option, groups)
    if model.search is not None:
        lines += _search(model.search, {each.column: each.name for each in model.fields})
    return lines


def _groups(option: str, groups: Sequence[Sequence[str]]) -> list[str]:
    """Return an option of `Meta` that is a tuple of tuples, which no formatter changes."""
    listed = [_listed(group) for group in groups]
    line = f"        {option} = ({', '.join(listed)}{',' if len(listed) == 1 else ''})"
    if len(line) <= _WIDTH + 4:
        return [line]
    return [f"        {option} = (", *(f"            {each}," for each in listed), "        )"]


def _search(index: SearchIndex, names: Mapping[str, str]) -> list[str]:
    """Return the option; of weights the database tells only which is larger."""
    given = [quoted(names.get(column, column)) for column, _ in index.labels]
    labels = sorted({label for _, label in index.labels}, reverse=True)
    weights = {
        names.get(column, column): labels.index(label) + 1
        for column, label in index.labels
        if label != labels[0]
    }
    given += [f"weights={json.dumps(weights)}"] if weights else []
    given += [f"language={json.dumps(index.language)}"] if index.language else []
    return ["        search = Search(", *(f"            {each}," for each in given), "        )"]


def _listed(names: Sequence[str]) -> str:
    return f"({', '.join(quoted(name) for name in names)})"


def _wrapped(field: FieldText) -> list[str]:
    """Return a line of a class body, one option a line where it is too long."""
    line = field.line()
    if not field.is_model_field:
        return textwrap.wrap(line, _WIDTH, initial_indent="    ", subsequent_indent="    # ")
    head, options = field.parts()
    if len(line) <= _WIDTH or not options or field.note:
        return [f"    {line}"]
    return [f"    {head}(", *(f"        {option}," for option in options), "    )"]
