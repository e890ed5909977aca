"""SQLAlchemy's ORM in plain code: a session for each operation, as for a request of the web.

Objects that are changed live in one session, whose commits do not expire them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, event, insert, select
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import Row


def set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


class SqlAlchemyPeer(Peer):
    session_class: type[Session] = Session
    # SQLModel has a function of its own.
    select: Any = staticmethod(select)

    def __init__(self, database: str, address: str, models: dict[str, Any]) -> None:
        super().__init__(database, address)
        self.models = models
        self.columns = {
            model: [getattr(model, column.name) for column in model.__table__.columns]
            for model in models.values()
        }

    def open(self) -> None:
        if self.database == "postgres":
            address = self.address.replace("postgresql://", "postgresql+psycopg://")
            self.engine = create_engine(address)
        else:
            self.engine = create_engine(f"sqlite:///{self.address}")
            event.listen(self.engine, "connect", set_pragmas)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False, class_=self.session_class)
        self.holding = self.sessions()

    def close(self) -> None:
        self.holding.close()
        self.engine.dispose()

    def load(self, model: Any, last_key: int) -> Any:
        self.holding.close()
        self.holding = self.sessions()
        found = select(model).where(model.id > last_key).order_by(model.id)
        objects = self.holding.scalars(found).all()
        self.holding.commit()
        return objects

    def insert_one(self, model: Any, row: Row) -> Any:
        with self.sessions() as session:
            created = model(**row)
            session.add(created)
            session.commit()
            return created

    def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        with self.sessions() as session:
            session.add_all([model(**row) for row in rows])
            session.commit()

    def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        with self.sessions() as session:
            session.execute(insert(model), rows)
            session.commit()

    def get(self, model: Any, key: int) -> Any:
        with self.sessions() as session:
            return session.get(model, key)

    def scalars(self, statement: Any) -> Any:
        with self.sessions() as session:
            return session.scalars(statement).all()

    def filter_small(self, model: Any, level: int) -> Any:
        found = self.select(model).where(model.level == level)
        return self.scalars(found.order_by(model.id).limit(PAGE))

    def filter_large(self, model: Any, level: int) -> Any:
        return self.scalars(self.select(model).where(model.level >= level).order_by(model.id))

    def as_dict(self, model: Any, level: int) -> Any:
        found = select(*self.columns[model]).where(model.level >= level).order_by(model.id)
        with self.sessions() as session:
            return session.execute(found).mappings().all()

    def as_tuple(self, model: Any, level: int) -> Any:
        found = select(*self.columns[model]).where(model.level >= level).order_by(model.id)
        with self.sessions() as session:
            return session.execute(found).all()

    def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        for name, value in row.items():
            setattr(found, name, value)
        self.holding.commit()

    def update_partial(self, model: Any, found: Any, level: int) -> Any:
        found.level = level
        self.holding.commit()

    def delete(self, model: Any, found: Any) -> Any:
        self.holding.delete(found)
        self.holding.commit()

    def parent(self, model: Any, level: int) -> Any:
        heroes = self.select(model).options(joinedload(model.team)).where(model.level == level)
        return self.scalars(heroes.order_by(model.id).limit(PAGE))

    def children(self, model: Any, first: int) -> Any:
        team = self.models["team"]
        teams = self.select(team).options(selectinload(team.heroes)).where(team.id >= first)
        return self.scalars(teams.order_by(team.id).limit(TEAM_PAGE))


def make(database: str, address: str) -> Peer:
    from bench.orm.peers.sqlalchemy_models import MODELS

    return SqlAlchemyPeer(database, address, MODELS)
