"""Which handlers may be stepped without a task: those that call statements only."""

import asyncio
import functools
from typing import Annotated

import pytest

from triode import Create, Depends, Field, HTTPException, Model, Triode, desc
from triode.binding.awaits import awaits_only_statements
from triode.testing import LaneClient


class Stepped(Model):
    name: str = Field(max_length=20)


def stranger() -> int:
    return 1


def timed(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        async with asyncio.timeout(1):
            return await function(*args, **kwargs)

    return wrapper


async def get(key: int) -> Stepped:
    return await Stepped.get(key)


async def get_or_fail(key: int) -> Stepped:
    found = await Stepped.where(Stepped.id == key).order_by(desc(Stepped.id)).first()
    if found is None:
        raise HTTPException(404, "gone")
    return await found.update(name="new")


async def create(row: Create[Stepped]) -> Stepped:
    return await row.save()


@pytest.mark.parametrize("handler", [get, get_or_fail, create])
def test_handler_of_statements_is_stepped(handler):
    assert awaits_only_statements(handler)


async def sleeps(key: int) -> None:
    await asyncio.sleep(0)


async def calls_a_stranger(key: int) -> int:
    await Stepped.get(key)
    return stranger()


async def imports_the_name(key: int) -> None:
    from asyncio import Queue as Stepped

    await Stepped().get()


async def walrus(rows: list[asyncio.Queue]) -> None:
    if Stepped := rows[0]:
        await Stepped.get()


async def comprehension(rows: list[asyncio.Queue]) -> list:
    return [await Stepped.get() for Stepped in rows]


async def depends(row: Annotated[Stepped, Depends(stranger)]) -> None:
    await row.save()


async def default(row: Stepped = Depends(stranger)) -> None:  # noqa: B008
    await row.save()


async def with_block(key: int) -> None:
    with open(__file__):
        await Stepped.get(key)


async def inner_function(key: int) -> None:
    async def other() -> None:
        await Stepped.get(key)

    await other()


@pytest.mark.parametrize(
    "handler",
    [
        *(sleeps, calls_a_stranger, imports_the_name, walrus, comprehension, depends, default),
        *(with_block, inner_function, timed(get), functools.partial(sleeps, 1)),
    ],
)
def test_any_other_handler_has_a_task(handler):
    assert not awaits_only_statements(handler)


def test_wrapped_handler_finds_its_task_on_the_lane(tmp_path):
    app = Triode(database=f"sqlite:///{tmp_path}/app.db")
    app.post("/rows")(timed(create))
    with LaneClient(app) as client:
        assert client.post("/rows", json={"name": "x"}).json() == {"id": 1, "name": "x"}


async def get_row(key: int) -> Stepped:
    return await Stepped.get(key)


async def list_rows() -> list[Stepped]:
    return await Stepped.where().order_by(Stepped.id).limit(20)


async def save_row(row: Create[Stepped]) -> Stepped:
    return await row.save()


@pytest.mark.parametrize("handler", [get_row, list_rows, save_row])
def test_methods_of_a_model_are_stepped(handler):
    """Wherever in the model's bases they stand."""
    assert awaits_only_statements(handler)
