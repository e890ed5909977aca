"""Each option of a field or table changed: one right change, with rows in the table, and back."""

from __future__ import annotations

import enum
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import pytest
import sqlalchemy as sa

from triode.db import Check, Field, Index, Model, Value, lower
from triode.db.errors import CheckFailed
from triode.db.migrations import Migrations, nothing_renamed

EVERYWHERE = ("sqlite", "postgres", "mariadb")
NOT_MARIADB = ("sqlite", "postgres")


class Small(enum.Enum):
    A = "a"


class Large(enum.Enum):
    A = "a"
    LONG = "a longer one"


class Change(NamedTuple):
    """A model before and after, what of it the database has to change, and a row before and after.

    `before` and `after` are the field `x` (annotation and marker) or the options of `Meta`.
    """

    before: Any
    after: Any
    told: tuple[str, ...] = ()
    old: Any = None
    new: Any = None
    engines: tuple[str, ...] = EVERYWHERE


COLUMN = ("change column thing.x",)

FIELDS: dict[str, Change] = {
    "longer": Change(
        (str, Field(max_length=5)), (str, Field(max_length=9)), COLUMN, "abc", "abc", ("mariadb",)
    ),
    "longer, nothing": Change(
        (str, Field(max_length=5)), (str, Field(max_length=9)), (), "abc", "abc", NOT_MARIADB
    ),
    "unlimited": Change((str, Field(max_length=5)), (str, Field()), COLUMN, "a", "a", ("mariadb",)),
    "shorter": Change((str, Field(max_length=9)), (str, Field(max_length=5)), (), "abc", "abc"),
    "nullable": Change((int, Field()), (int | None, Field()), COLUMN, 1, 1),
    "not nullable": Change((int | None, Field()), (int, Field()), COLUMN, 1, 1),
    "default": Change((int, Field(1)), (int, Field(2)), (), 5, 5),
    "server default": Change(
        (str, Field(server_default="'a'")), (str, Field(server_default="'b'")), COLUMN, "x", "x"
    ),
    "server default new": Change((int, Field()), (int, Field(server_default=3)), COLUMN, 1, 1),
    "server default gone": Change((int, Field(server_default=3)), (int, Field()), COLUMN, 1, 1),
    "server default of value": Change(
        (str, Field(server_default=Value("it's 50%"))),
        (str, Field(server_default=Value("a\\b"))),
        COLUMN,
        "x",
        "x",
    ),
    "server default computed": Change(
        (str, Field(server_default="lower('A')")),
        (str, Field(server_default="lower('B')")),
        COLUMN,
        "x",
        "x",
    ),
    "check new": Change(
        (int, Field()),
        (int, Field(check="x > 0")),
        ("add check constraint thing.thing_x_check",),
        1,
        1,
    ),
    "check gone": Change(
        (int, Field(check="x > 0")), (int, Field()), ("drop constraint thing.thing_x_check",), 1, 1
    ),
    "check": Change(
        (int, Field(check="x > 0")),
        (int, Field(check="x > -1")),
        ("drop constraint thing.thing_x_check", "add check constraint thing.thing_x_check"),
        1,
        1,
    ),
    "index": Change(
        (int, Field()), (int, Field(index=True)), ("create index thing.thing_x_idx",), 1, 1
    ),
    "no index": Change(
        (int, Field(index=True)), (int, Field()), ("drop index thing.thing_x_idx",), 1, 1
    ),
    "unique": Change(
        (int, Field()),
        (int, Field(unique=True)),
        ("add unique constraint thing.thing_x_key",),
        1,
        1,
    ),
    "not unique": Change(
        (int, Field(unique=True)), (int, Field()), ("drop constraint thing.thing_x_key",), 1, 1
    ),
    "places": Change(
        (Decimal, Field(max_digits=8, decimal_places=2)),
        (Decimal, Field(max_digits=8, decimal_places=3)),
        COLUMN,
        Decimal("1.50"),
        Decimal("1.500"),
    ),
    "fewer places": Change(
        (Decimal, Field(max_digits=8, decimal_places=3)),
        (Decimal, Field(max_digits=8, decimal_places=1)),
        COLUMN,
        Decimal("-1.560"),
        Decimal("-1.6"),
    ),
    "digits": Change(
        (Decimal, Field(max_digits=6, decimal_places=2)),
        (Decimal, Field(max_digits=9, decimal_places=2)),
        COLUMN,
        Decimal("1.50"),
        Decimal("1.50"),
    ),
    "enum": Change((Small, Field()), (Large, Field()), COLUMN, Small.A, Large.A, ("mariadb",)),
    "enum, nothing": Change((Small, Field()), (Large, Field()), (), Small.A, Large.A, NOT_MARIADB),
    "choices": Change((Literal["a", "b"], Field()), (Literal["a", "c"], Field()), (), "a", "a"),
    "int to Decimal": Change(
        (int, Field()), (Decimal, Field(max_digits=8, decimal_places=2)), COLUMN, 3, Decimal("3.00")
    ),
    "int to str": Change((int, Field()), (str, Field()), COLUMN, 12, "12"),
    "str to int": Change((str, Field()), (int, Field()), COLUMN, "12", 12),
    "int to bool": Change((int, Field()), (bool, Field()), COLUMN, 1, True),
    "bool to int": Change((bool, Field()), (int, Field()), COLUMN, True, 1),
    "Decimal to float": Change(
        (Decimal, Field(max_digits=8, decimal_places=2)),
        (float, Field()),
        COLUMN,
        Decimal("1.50"),
        1.5,
    ),
    "str to Decimal": Change(
        (str, Field()),
        (Decimal, Field(max_digits=8, decimal_places=2)),
        COLUMN,
        "1.5",
        Decimal("1.50"),
    ),
    "date to datetime": Change(
        (date, Field()),
        (datetime, Field()),
        COLUMN,
        date(2026, 1, 2),
        datetime.fromisoformat("2026-01-02T00:00:00+00:00"),
    ),
    "datetime to local": Change(
        (datetime, Field()),
        (datetime, Field(timezone=False)),
        COLUMN,
        datetime.fromisoformat("2026-01-02T03:04:05+00:00"),
        datetime(2026, 1, 2, 3, 4, 5),
    ),
    "type and default": Change(
        (str, Field(server_default="'1'")), (int, Field(server_default=2)), COLUMN, "3", 3
    ),
    "comment": Change(
        (int, Field(title="a", description="b")), (int, Field(help_text="c")), (), 1, 1
    ),
}

INDEX = ("drop index thing.thing_low", "create index thing.thing_low")


def has_flag(thing: Any) -> Any:
    return thing.flag == True  # noqa: E712


def has_no_flag(thing: Any) -> Any:
    return thing.flag == False  # noqa: E712


def indexed(*parts: Any, **options: Any) -> dict[str, Any]:
    """Give an index by a name of its own, which stays when its parts change."""
    return {"indexes": lambda table: [Index(*parts, name=f"{table}_low", **options)]}


META: dict[str, Change] = {
    "expression": Change(
        indexed(lambda t: lower(t.x)), indexed(lambda t: lower(t.y)), INDEX, engines=NOT_MARIADB
    ),
    "expression gone": Change(indexed(lambda t: lower(t.x)), {}, INDEX[:1], engines=NOT_MARIADB),
    "expression new": Change({}, indexed(lambda t: lower(t.x)), INDEX[1:], engines=NOT_MARIADB),
    "condition": Change(
        indexed("x", where=has_flag), indexed("x", where=has_no_flag), INDEX, engines=NOT_MARIADB
    ),
    "condition gone": Change(indexed("x", where="z > 1"), indexed("x"), INDEX, engines=NOT_MARIADB),
    "descending": Change(indexed("z"), indexed("-z"), INDEX),
    "unique index": Change(indexed("z"), indexed("z", unique=True), INDEX),
    "columns": Change(indexed("z"), indexed("z", "x"), INDEX),
    "group": Change(
        {}, {"unique_together": [("x", "z")]}, ("add unique constraint thing.thing_x_z_key",)
    ),
    "no group": Change(
        {"unique_together": [("x", "z")]}, {}, ("drop constraint thing.thing_x_z_key",)
    ),
    "check": Change(
        {"constraints": [Check(lambda t: t.price > Decimal("0.50"), name="dear")]},
        {"constraints": [Check(lambda t: t.price > Decimal("0.40"), name="dear")]},
        ("drop constraint thing.dear", "add check constraint thing.dear"),
    ),
    "ordering": Change({"ordering": ["x"]}, {"ordering": ["-x"]}),
    "names": Change({"verbose_name": "a"}, {"verbose_name": "b"}),
}


def define(name: str, change: Any) -> type[Model]:
    """Define a model with the field `x` that a change speaks of, or with its `Meta`."""
    kind = f"T{name.replace(',', '').title().replace(' ', '')}"
    table = {"db_table": table_of(name)}
    namespace: dict[str, Any] = {"__module__": __name__, "__qualname__": kind}
    if isinstance(change, tuple):
        annotation, given = change
        namespace |= {"__annotations__": {"x": annotation}, "x": given}
        namespace["Meta"] = type("Meta", (), table)
    else:
        types = {"x": str, "y": str, "z": int, "flag": bool, "price": Decimal}
        namespace |= {"__annotations__": types, "z": 1, "flag": True}
        namespace |= {"x": Field("x", max_length=9), "y": Field("x", max_length=9)}
        namespace["price"] = Field(Decimal("0.60"), max_digits=6, decimal_places=2)
        options = {
            option: value(table_of(name)) if callable(value) else value
            for option, value in change.items()
        }
        namespace["Meta"] = type("Meta", (), {**options, **table})
    made: type[Model] = type(Model)(kind, (Model,), namespace)
    return made


def table_of(name: str) -> str:
    return name.replace(",", "").replace(" ", "_").lower()


def make_and_apply(migrations: Migrations, message: str) -> None:
    assert migrations.make(message, choose=nothing_renamed) is not None
    assert [step.message for step in migrations.upgrade()] == [message]


def told(migrations: Migrations) -> list[str]:
    start = "The models differ from the migrations: "
    return sorted(
        each.removeprefix(start).removesuffix(".") for each in migrations.check().problems
    )


def expected(changes: dict[str, Change], engine_name: str) -> list[str]:
    found = [
        each.replace(" thing.", f" {table_of(name)}.").replace(".thing_", f".{table_of(name)}_")
        for name, change in changes.items()
        for each in change.told
    ]
    if engine_name == "mariadb":  # There a unique constraint is an index.
        found = [
            re.sub(r"drop constraint (\w+\.\w+_key)", r"drop index \1", each) for each in found
        ]
    return sorted(found)


def on_engine(changes: dict[str, Change], engine_name: str) -> dict[str, Change]:
    return {name: each for name, each in changes.items() if engine_name in each.engines}


def test_fields_are_changed(migrations: Migrations, engine_name: str) -> None:
    changes = on_engine(FIELDS, engine_name)
    before = {name: define(name, each.before) for name, each in changes.items()}
    make_and_apply(migrations, "first")
    assert told(migrations) == []
    for name, each in changes.items():
        before[name](x=each.old).save().run()
    after = {name: define(name, each.after) for name, each in changes.items()}
    assert told(migrations) == expected(changes, engine_name)
    make_and_apply(migrations, "second")
    assert told(migrations) == []
    for name, each in changes.items():
        [row] = after[name].all().run()
        assert (type(row.x), row.x) == (type(each.new), each.new), name
        if "unique" not in name:
            after[name](x=each.new).save().run()
    migrations.downgrade()
    before = {name: define(name, each.before) for name, each in changes.items()}
    for name, each in changes.items():
        assert {type(row.x) for row in before[name].all().run()} == {type(each.old)}, name
    assert [step.message for step in migrations.upgrade()] == ["second"]


def test_options_of_tables_are_changed(migrations: Migrations, engine_name: str) -> None:
    changes = on_engine(META, engine_name)
    before = [define(name, each.before) for name, each in changes.items()]
    make_and_apply(migrations, "first")
    assert told(migrations) == []
    for model in before:
        model().save().run()
    after = [define(name, each.after) for name, each in changes.items()]
    assert told(migrations) == expected(changes, engine_name)
    make_and_apply(migrations, "second")
    assert told(migrations) == []
    migrations.downgrade()
    assert [step.message for step in migrations.upgrade()] == ["second"]
    assert told(migrations) == []
    assert [model.count().run() for model in after] == [1] * len(after)


def test_rules_over_a_column_that_gets_another_type(
    migrations: Migrations, engine_name: str
) -> None:
    class Thing(Model):
        size: str = Field(check="size <> '0'")
        kept: str = Field(check="kept <> '1'")

        class Meta:
            indexes = (
                [Index("size", where="size > 'a'", name="large"), Index("-size", name="down")]
                if engine_name != "mariadb"
                else []
            )

    make_and_apply(migrations, "first")
    Thing(size="12", kept="2").save().run()

    class Thing(Model):  # type: ignore[no-redef]
        size: int = Field(check="size > 0")
        kept: int = Field(check="kept <> '1'")

        class Meta:
            indexes = (
                [Index("size", where="size > 5", name="large"), Index("-size", name="down")]
                if engine_name != "mariadb"
                else []
            )

    make_and_apply(migrations, "second")
    assert told(migrations) == []
    [row] = Thing.all().run()
    assert (row.size, row.kept) == (12, 2)
    for bad in ({"size": -1, "kept": 2}, {"size": 1, "kept": 1}):
        with pytest.raises(CheckFailed):
            Thing(**bad).save().run()
    migrations.downgrade()
    [bare] = migrations.database.fetch(sa.text("SELECT size, kept FROM thing")).run()
    assert tuple(bare) == ("12", "2")
    assert [step.message for step in migrations.upgrade()] == ["second"]
    assert told(migrations) == []


def test_a_dropped_partial_index_comes_back_as_it_was(on_sqlite: Migrations) -> None:
    def define(*indexes: Index) -> None:
        class Thing(Model):
            size: int

            class Meta:
                pass

            Meta.indexes = list(indexes)  # type: ignore[attr-defined]

    define(Index("size", where="size > 1", unique=True, name="large"))
    make_and_apply(on_sqlite, "first")
    sql = "SELECT sql FROM sqlite_schema WHERE name = 'large'"
    [before] = on_sqlite.database.fetch(sa.text(sql)).run()
    define()
    make_and_apply(on_sqlite, "second")
    on_sqlite.downgrade()
    [after] = on_sqlite.database.fetch(sa.text(sql)).run()
    assert tuple(after) == tuple(before)


def test_colons_in_sql_are_no_parameters(migrations: Migrations, engine_name: str) -> None:
    where = {} if engine_name == "mariadb" else {"where": "x <> ':b'"}

    class Thing(Model):
        x: str = Field(check="x <> ':name'", max_length=50)
        y: str = Field(server_default="lower('A:b')", max_length=9)

        class Meta:
            indexes = (Index("x", name="some", **where),)

    make_and_apply(migrations, "first")
    assert told(migrations) == []
    with pytest.raises(CheckFailed):
        Thing(x=":name").save().run()
    assert Thing(x="a").save().run().y == "a:b"

    class Thing(Model):  # type: ignore[no-redef]
        x: int = Field(check="x <> 5")
        y: str = Field(server_default="lower('A:c')", max_length=9)

    Thing.all().delete().run()
    make_and_apply(migrations, "second")
    assert told(migrations) == []
    migrations.downgrade()
    migrations.upgrade()
    assert Thing(x=1).save().run().y == "a:c"
