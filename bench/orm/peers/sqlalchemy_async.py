"""SQLAlchemy's ORM with `AsyncSession`, on aiosqlite and asyncpg; else as `sqlalchemy.py`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.peers.sqlalchemy import set_pragmas
from bench.orm.peers.sqlalchemy_models import MODELS, Team
from bench.orm.tables import Row


class AsyncPeer(Peer):
    is_async = True
    models = MODELS

    def __init__(self, database: str, address: str) -> None:
        super().__init__(database, address)
        self.columns = {
            model: [getattr(model, column.name) for column in model.__table__.columns]
            for model in self.models.values()
        }

    async def open(self) -> None:
        if self.database == "postgres":
            address = self.address.replace("postgresql://", "postgresql+asyncpg://")
            self.engine = create_async_engine(address)
        else:
            self.engine = create_async_engine(f"sqlite+aiosqlite:///{self.address}")
            event.listen(self.engine.sync_engine, "connect", set_pragmas)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.holding: AsyncSession = self.sessions()

    async def close(self) -> None:
        await self.holding.close()
        await self.engine.dispose()

    async def load(self, model: Any, last_key: int) -> Any:
        await self.holding.close()
        self.holding = self.sessions()
        found = select(model).where(model.id > last_key).order_by(model.id)
        objects = (await self.holding.scalars(found)).all()
        await self.holding.commit()
        return objects

    async def insert_one(self, model: Any, row: Row) -> Any:
        async with self.sessions() as session:
            created = model(**row)
            session.add(created)
            await session.commit()
            return created

    async def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        async with self.sessions() as session:
            session.add_all([model(**row) for row in rows])
            await session.commit()

    async def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        async with self.sessions() as session:
            await session.execute(insert(model), rows)
            await session.commit()

    async def get(self, model: Any, key: int) -> Any:
        async with self.sessions() as session:
            return await session.get(model, key)

    async def scalars(self, statement: Any) -> Any:
        async with self.sessions() as session:
            return (await session.scalars(statement)).all()

    async def filter_small(self, model: Any, level: int) -> Any:
        found = select(model).where(model.level == level)
        return await self.scalars(found.order_by(model.id).limit(PAGE))

    async def filter_large(self, model: Any, level: int) -> Any:
        return await self.scalars(select(model).where(model.level >= level).order_by(model.id))

    async def as_dict(self, model: Any, level: int) -> Any:
        found = select(*self.columns[model]).where(model.level >= level).order_by(model.id)
        async with self.sessions() as session:
            return (await session.execute(found)).mappings().all()

    async def as_tuple(self, model: Any, level: int) -> Any:
        found = select(*self.columns[model]).where(model.level >= level).order_by(model.id)
        async with self.sessions() as session:
            return (await session.execute(found)).all()

    async def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        for name, value in row.items():
            setattr(found, name, value)
        await self.holding.commit()

    async def update_partial(self, model: Any, found: Any, level: int) -> Any:
        found.level = level
        await self.holding.commit()

    async def delete(self, model: Any, found: Any) -> Any:
        await self.holding.delete(found)
        await self.holding.commit()

    async def parent(self, model: Any, level: int) -> Any:
        heroes = select(model).options(joinedload(model.team)).where(model.level == level)
        return await self.scalars(heroes.order_by(model.id).limit(PAGE))

    async def children(self, model: Any, first: int) -> Any:
        teams = select(Team).options(selectinload(Team.heroes)).where(Team.id >= first)
        return await self.scalars(teams.order_by(Team.id).limit(TEAM_PAGE))


def make(database: str, address: str) -> Peer:
    return AsyncPeer(database, address)
