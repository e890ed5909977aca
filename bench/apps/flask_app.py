"""Flask under gunicorn, with SQLAlchemy 2 sessions and pydantic for the body."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, abort, render_template, request
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

app = Flask(__name__)
engine = create_engine(f"sqlite:///{os.environ['BENCH_DATABASE']}", connect_args={"timeout": 30})
Sessions = sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine, "connect")
def set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int]
    bio: Mapped[str | None]

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "email": self.email, "age": self.age, "bio": self.bio}


class Fortune(Base):
    __tablename__ = "fortune"

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]


class Buyer(BaseModel):
    name: str
    city: str


class Order(BaseModel):
    name: str
    price: float = Field(ge=0)
    quantity: int
    tags: list[str]
    buyer: Buyer


class NewUser(BaseModel):
    email: str
    age: int = Field(ge=0)
    bio: str | None = None


@app.errorhandler(ValidationError)
def refuse(exc: ValidationError) -> tuple[dict[str, Any], int]:
    return {"detail": exc.errors()}, 422


@app.get("/hello")
@app.get("/plain", endpoint="plain")
def hello() -> dict[str, Any]:
    return {"message": "Hello, World!"}


@app.get("/items/<int:item_id>")
def get_item(item_id: int) -> dict[str, Any]:
    limit = request.args.get("limit", 10, type=int)
    if not 1 <= limit <= 100:
        abort(422)
    return {"item_id": item_id, "q": request.args.get("q"), "limit": limit}


@app.post("/orders")
def create_order() -> dict[str, Any]:
    order = Order.model_validate_json(request.get_data())
    return {
        "name": order.name,
        "total": order.price * order.quantity,
        "tags": order.tags,
        "buyer": order.buyer.model_dump(),
    }


@app.get("/users/<int:user_id>")
def get_user(user_id: int) -> dict[str, Any]:
    with Sessions() as session:
        user = session.get(User, user_id)
        if user is None:
            abort(404)
        return user.as_json()


@app.get("/users")
def list_users() -> list[dict[str, Any]]:
    with Sessions() as session:
        users = session.scalars(select(User).order_by(User.id).limit(20))
        return [user.as_json() for user in users]


@app.get("/fortunes")
def fortunes() -> str:
    with Sessions() as session:
        found = session.scalars(select(Fortune).order_by(Fortune.message)).all()
        return render_template("fortunes.html", fortunes=found)


@app.post("/users")
def create_user() -> tuple[dict[str, Any], int]:
    new = NewUser.model_validate_json(request.get_data())
    with Sessions() as session:
        user = User(**new.model_dump())
        session.add(user)
        session.commit()
        return user.as_json(), 201
