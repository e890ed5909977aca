"""SQLAlchemy's declarative models, for `Session` and for `AsyncSession`."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Numeric, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# SQLite makes a key only for a column that is INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")
Moment = DateTime(timezone=True)


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, str: Text, datetime: Moment}


class Small(Base):
    __tablename__ = "small"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    level: Mapped[int] = mapped_column(index=True)
    name: Mapped[str]
    note: Mapped[str | None]


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str]
    heroes: Mapped[list[Hero]] = relationship(back_populates="team")


class Hero(Base):
    __tablename__ = "hero"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    level: Mapped[int] = mapped_column(index=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    team: Mapped[Team] = relationship(back_populates="heroes")


class Wide(Base):
    __tablename__ = "wide"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    level: Mapped[int] = mapped_column(index=True)
    count_1: Mapped[int]
    count_2: Mapped[int]
    count_3: Mapped[int]
    count_4: Mapped[int]
    count_5: Mapped[int]
    count_6: Mapped[int]
    count_7: Mapped[int | None]
    text_1: Mapped[str]
    text_2: Mapped[str]
    text_3: Mapped[str]
    text_4: Mapped[str]
    text_5: Mapped[str]
    text_6: Mapped[str]
    text_7: Mapped[str]
    text_8: Mapped[str | None]
    ratio_1: Mapped[float]
    ratio_2: Mapped[float]
    ratio_3: Mapped[float]
    ratio_4: Mapped[float]
    flag_1: Mapped[bool]
    flag_2: Mapped[bool]
    flag_3: Mapped[bool]
    flag_4: Mapped[bool]
    moment_1: Mapped[datetime]
    moment_2: Mapped[datetime]
    moment_3: Mapped[datetime]
    day_1: Mapped[date]
    day_2: Mapped[date]
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    token: Mapped[uuid.UUID]


MODELS = {"small": Small, "team": Team, "hero": Hero, "wide": Wide}
