"""SQLModel: its models and its `Session.exec`, on the engine and the options of SQLAlchemy."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Optional

from sqlalchemy import BigInteger, DateTime, Integer, Numeric
from sqlmodel import Field, Relationship, Session, SQLModel, select

from bench.orm.peer import Peer
from bench.orm.peers.sqlalchemy import SqlAlchemyPeer

Key: Any = BigInteger().with_variant(Integer, "sqlite")
Large: Any = BigInteger()
Moment: Any = DateTime(timezone=True)
Money: Any = Numeric(12, 2)


class Small(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    level: int = Field(index=True, sa_type=Large)
    name: str
    note: str | None = None


class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    name: str
    heroes: list["Hero"] = Relationship(back_populates="team")


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    level: int = Field(index=True, sa_type=Large)
    name: str
    team_id: int = Field(foreign_key="team.id", index=True, sa_type=Large)
    team: Optional[Team] = Relationship(back_populates="heroes")  # noqa: UP045


class Wide(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    level: int = Field(index=True, sa_type=Large)
    count_1: int = Field(sa_type=Large)
    count_2: int = Field(sa_type=Large)
    count_3: int = Field(sa_type=Large)
    count_4: int = Field(sa_type=Large)
    count_5: int = Field(sa_type=Large)
    count_6: int = Field(sa_type=Large)
    count_7: int | None = Field(default=None, sa_type=Large)
    text_1: str
    text_2: str
    text_3: str
    text_4: str
    text_5: str
    text_6: str
    text_7: str
    text_8: str | None = Field(default=None)
    ratio_1: float
    ratio_2: float
    ratio_3: float
    ratio_4: float
    flag_1: bool
    flag_2: bool
    flag_3: bool
    flag_4: bool
    moment_1: datetime = Field(sa_type=Moment)
    moment_2: datetime = Field(sa_type=Moment)
    moment_3: datetime = Field(sa_type=Moment)
    day_1: date
    day_2: date
    price: Decimal = Field(sa_type=Money)
    token: uuid.UUID


MODELS = {"small": Small, "team": Team, "hero": Hero, "wide": Wide}


class SqlModelPeer(SqlAlchemyPeer):
    session_class = Session
    select = staticmethod(select)

    def scalars(self, statement: Any) -> Any:
        with self.sessions() as session:
            return session.exec(statement).all()


def make(database: str, address: str) -> Peer:
    return SqlModelPeer(database, address, MODELS)
