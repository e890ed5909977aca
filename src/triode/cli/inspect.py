"""`triode db inspect`: models for a database that exists."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from triode.cli.errors import CommandError
from triode.db import Database
from triode.db.database import parse
from triode.db.migrations.connection import on_connection
from triode.db.migrations.inspection import inspect_models
from triode.db.migrations.model_text import module_text


def inspect(
    url: str,
    /,
    *,
    tables: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    output: Path | None = None,
) -> None:
    """Write models for the tables of a database that exists.

    Parameters
    ----------
    url
        The address of the database, such as sqlite:///app.db or postgresql://host/name.
    tables
        The tables to write models for; all of them when left out.
    output
        A file to write to; the standard output when left out.
    """
    parsed = parse(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (
        None,
        "",
        ":memory:",
    )
    if is_file and not Path(str(parsed.database)).is_file():
        raise CommandError(f"there is no database {parsed.database}")
    database = Database(url)
    try:
        models = on_connection(
            database, lambda connection: inspect_models(connection, tables or []), is_kept=False
        )
    finally:
        database.close()
    text = module_text(models, parsed.set(query={}).render_as_string(hide_password=True))
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise CommandError(f"{output} cannot be written: {exc.strerror}") from exc
    written = sum(model.reason is None for model in models)
    print(f"Wrote {written} model{'' if written == 1 else 's'} to {output}.")
