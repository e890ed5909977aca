"""`triode db dump` and `triode db load`: rows in a file, as lines of JSON."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from triode.cli.database import database_of
from triode.cli.errors import CommandError
from triode.cli.target import Named, Target
from triode.db import model_registry
from triode.db.database import Database
from triode.db.transfer.dumping import dump as dump_rows
from triode.db.transfer.loading import load as load_rows
from triode.db.transfer.records import records_of

File = Annotated[str, Parameter(allow_leading_hyphen=True)]
Models = Annotated[list[str] | None, Parameter(negative="")]


def dump(file: File, target: Target = "", /, *, database: Named = "", model: Models = None) -> None:
    """Write rows into a file, as lines of JSON.

    Parameters
    ----------
    file
        The file; "-" is the standard output.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    model
        A model whose rows to write; may be said several times. All models when left out.
    """
    opened, _ = database_of(target, database)
    models = [_model(name, opened) for name in model or ()]
    records = records_of(models, opened.name)
    secrets = [name for record in records for name in record.secrets]
    if file == "-":
        count = _finish(opened, dump_rows(opened, sys.stdout.buffer.write, models))
    else:
        count = _dump_into(Path(file), opened, models)
    _say(f"Wrote {_rows(count)}{'' if file == '-' else f' to {file}'}.")
    if secrets:
        _say(
            f"They hold {', '.join(secrets)}, which the application never shows. "
            "Keep them as you keep the database."
        )


def load(file: File, target: Target = "", /, *, database: Named = "") -> None:
    """Insert the rows of a file that `triode db dump` wrote, all or none.

    Parameters
    ----------
    file
        The file; "-" is the standard input.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    """
    opened, _ = database_of(target, database)
    if file == "-":
        count = _finish(opened, _load(opened, sys.stdin.buffer))
    else:
        try:
            with open(file, "rb") as lines:
                count = _finish(opened, _load(opened, lines))
        except OSError as exc:
            raise CommandError(f"{file} cannot be read: {exc.strerror}") from exc
    _say(f"Loaded {_rows(count)}.")


async def _load(database: Database, lines: Any) -> int:
    await database.start()
    await database.create_tables()
    return await load_rows(database, lines)


def _dump_into(path: Path, database: Database, models: list[Any]) -> int:
    """Write a file that is whole or not there, and that nobody else on the machine can read."""
    part = path.with_name(f".{path.name}.part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(number, "wb") as opened:
            write: Callable[[bytes], Any] = opened.write
            count = _finish(database, dump_rows(database, write, models))
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise CommandError(f"{path} cannot be written: {exc.strerror}") from exc
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return count


def _finish(database: Database, work: Any) -> int:
    async def run() -> int:
        try:
            return int(await work)
        finally:
            await database.stop()

    return asyncio.run(run())


def _model(name: str, database: Database) -> Any:
    known = {table.model_name: table.model for table in model_registry.tables_in(database.name)}
    if name not in known:
        raise CommandError(f"there is no model {name!r}. There are: {', '.join(sorted(known))}")
    return known[name]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _say(text: str) -> None:
    print(text, file=sys.stderr)
