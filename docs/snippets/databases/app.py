"""The programs of docs/databases.md, in one application."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa

from triode import Database, Field, Model, Triode
from triode.db import StatementTimeout
from triode.db.transfer.backups import back_up

# --- an address

database = Database(
    os.environ.get("DATABASE_URL", "sqlite:///app.db"),
    pool_size=20,
    statement_timeout=2.5,
)


@asynccontextmanager
async def lifespan(app: Triode) -> AsyncIterator[None]:
    listening = asyncio.create_task(follow()) if "postgres" in database.url else None
    yield
    if listening is not None:
        listening.cancel()


app = Triode(database=database, lifespan=lifespan)


class Job(Model):
    text: str = Field(max_length=200)


# --- time-outs


@app.get("/slow")
async def slow() -> str:
    try:
        await database.fetch(
            sa.text(
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
                "SELECT count(*) FROM n"
            )
        )
    except StatementTimeout:
        return "that took too long"
    return "done"


# --- another database


def count_in_archive(path: Path) -> int:
    archive = Database(f"sqlite:///{path}")
    with archive.active():
        count = Job.count().run()
    archive.close()
    return count


# --- a backup


@app.post("/backup")
def write_backup(name: str) -> str:
    return str(back_up(database, Path(name)))


# --- LISTEN and NOTIFY


heard: list[str] = []


async def follow() -> None:
    async for notification in database.listen("jobs"):
        if notification.payload is None:
            heard.append("look: something may have been missed")
        else:
            heard.append(notification.payload)


@app.post("/jobs")
async def create_job(text: str) -> Job:
    job = await Job(text=text).save()
    await database.notify("jobs", str(job.id))
    return job
