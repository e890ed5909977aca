"""Databases that are behind their models."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from triode.db import Database, Field, Model, SchemaMismatch, transaction
from triode.framework import Triode

MEND = (
    "Where a model has it, the database is behind the program: apply the migrations with triode db "
    "upgrade, or start triode dev anew, which does it. In SQL of your own, mend the name. "
    "[schema-mismatch]"
)
COLUMN = f"The table 'client' in the database lacks the column 'phone'. {MEND}"
ANY_COLUMN = f"A table in the database lacks the column 'phone'. {MEND}"
TABLE = f"The database lacks the table 'client'. {MEND}"


class Client(Model):
    name: str = Field(max_length=20)
    phone: str = Field(default="", max_length=20)


@pytest.fixture
def behind(empty: Database) -> Database:
    sql = "CREATE TABLE client (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)"
    empty.fetch(sa.text(sql)).run()
    return empty


def told(statement: Any) -> str:
    with pytest.raises(SchemaMismatch) as caught:
        statement.run()
    return str(caught.value)


def test_column_that_a_table_lacks_is_named(behind: Database) -> None:
    assert told(Client.all()) in (COLUMN, ANY_COLUMN)
    assert told(Client.where(phone="1").count()) in (COLUMN, ANY_COLUMN)
    assert told(Client(id=1, name="a", phone="1").save()) in (COLUMN, ANY_COLUMN)
    assert told(Client.all().update(phone="1")) in (COLUMN, ANY_COLUMN)


def test_column_that_a_table_lacks_is_named_while_awaiting(behind: Database) -> None:
    async def work() -> None:
        with pytest.raises(SchemaMismatch, match="lacks the column 'phone'"):
            await Client.all()
        with pytest.raises(SchemaMismatch, match="lacks the column 'phone'"):
            async with transaction():
                await Client.all()
        await behind.stop()

    asyncio.run(work())


def test_table_that_a_database_lacks_is_named(empty: Database) -> None:
    assert told(Client.all()) == TABLE


def test_client_is_told_nothing_of_it(serve: Any, empty: Database) -> None:
    app = Triode(database=empty)

    @app.get("/clients")
    async def clients() -> list[Client]:
        return await Client.all()

    client = serve(app)
    assert client.get("/clients").json() == []
    empty.fetch(sa.text("ALTER TABLE client DROP COLUMN phone")).run()
    answer = client.get("/clients")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
