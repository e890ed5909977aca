"""What docs/queries.md says, run."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.isolation import only_models_of
from triode.testing import TestClient

SNIPPET = Path(__file__).parents[2] / "docs/snippets/queries.py"


@pytest.fixture(scope="module")
def guide() -> Iterator[dict[str, Any]]:
    with only_models_of("triode"):
        yield from started(runpy.run_path(str(SNIPPET), run_name="queries_guide"))


def started(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    team, hero, errand = found["Team"], found["Hero"], found["Errand"]
    database = found["database"]
    with database.active():
        database.create_tables(team, hero, errand, found["Stock"]).run()
        red = team(name="red").save().run()
        blue = team(name="blue").save().run()
        team(name="idle").save().run()
        settings = {"theme": "dark", "sizes": [4, 1]}
        hero(name="ann", age=31, bio="flies", team=red, settings=settings).save().run()
        hero(name="bob", age=17, team=red).save().run()
        hero(name="cyl", age=64, team=blue).save().run()
        for text in ("sweep", "cook"):
            errand(text=text).save().run()
        yield found
    database.close()


def test_first_steps(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["first_steps"]()) == ["ann", "ann", "ann", "2", "True", "cyl"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["ann", "bob", "cyl"]),
        ("youngest", ["bob", "ann", "cyl"]),
        ("eldest", ["cyl", "ann", "bob"]),
        ("team", ["cyl", "ann", "bob"]),
    ],
)
def test_sorted_as_a_client_wants(guide: dict[str, Any], sort: str, expected: list[str]) -> None:
    assert TestClient(guide["app"]).get(f"/heroes?sort={sort}").json() == expected


@pytest.mark.parametrize("sort", ["-nam", "bio", "team.name", "", "Name"])
def test_other_orders_are_refused(guide: dict[str, Any], sort: str) -> None:
    response = TestClient(guide["app"]).get("/heroes", params={"sort": sort})
    assert response.status_code == 422
    [problem] = response.json()["detail"]
    assert (problem["loc"], problem["msg"]) == (
        ["query", "sort"],
        "Input should be 'name', 'youngest', 'eldest' or 'team'",
    )


def test_the_document_lists_the_orders(guide: dict[str, Any]) -> None:
    document = TestClient(guide["app"]).get("/openapi.json").json()
    [parameter] = document["paths"]["/heroes"]["get"]["parameters"]
    assert parameter["schema"]["enum"] == ["name", "youngest", "eldest", "team"]


def test_conditions(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["conditions"]()) == [
        ["ann"],
        ["bob", "cyl"],
        ["bob", "cyl"],
        ["ann", "bob"],
        ["bob", "cyl"],
        ["ann"],
    ]


def test_shapes(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["shapes"]()) == (
        [{"id": 1, "name": "ANN"}],
        [(1, "ann")],
        ["ann", "bob", "cyl"],
        [guide["Line"](id=1, shout="ANN")],
    )


def test_groups(guide: dict[str, Any]) -> None:
    red, blue = asyncio.run(guide["groups"]())
    assert red == {
        "team_id": 1,
        "heroes": 2,
        "adults": 1,
        "eldest": 31,
        "mean": 24.0,
        "names": "ann, bob",
    }
    assert blue["names"] == "cyl"
    assert asyncio.run(guide["each_month"]()) == [(3,)]


def test_windows(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["windows"]()) == [
        ("ann", 1, None, 31, 2),
        ("bob", 2, "ann", 48, 3),
        ("cyl", 1, "bob", 112, 1),
    ]


def test_queries_in_queries(guide: dict[str, Any]) -> None:
    sizes, idle, old, either = asyncio.run(guide["nested"]())
    assert sizes == [("red", 2), ("blue", 1), ("idle", 0)]
    assert (idle, old, either) == (["idle"], ["blue"], ["ann", "bob"])


def test_documents_and_choices(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["documents"]()) == ["ann"]
    assert asyncio.run(guide["choices"]()) == [
        ("ann", "adult"),
        ("bob", "child"),
        ("cyl", "senior"),
    ]


def test_pages(guide: dict[str, Any]) -> None:
    numbered = asyncio.run(guide["numbered_page"](2))
    assert ([hero.name for hero in numbered.items], numbered.total, numbered.pages) == (
        ["cyl"],
        3,
        2,
    )
    first = asyncio.run(guide["cursor_page"]())
    rest = asyncio.run(guide["cursor_page"](first.next))
    assert [hero.name for hero in first.items + rest.items] == ["ann", "bob", "cyl"]
    assert rest.next is None


def test_one_row_after_the_other(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["export"]()) == 112 + 81
    assert asyncio.run(guide["first_adult"]()) == "ann"


def test_many_rows(guide: dict[str, Any]) -> None:
    assert asyncio.run(guide["write"]()) == (3, 4, [60], 3)
    guide["Hero"].where(name="cyl").update(age=64).run()


def test_upsert(guide: dict[str, Any]) -> None:
    deliver = guide["deliver"]
    assert asyncio.run(deliver([{"article": "nail", "number": 3}])) == [("nail", 3)]
    again = [{"article": "nail", "number": 2}, {"article": "saw", "number": 1}]
    assert asyncio.run(deliver(again)) == [("nail", 5), ("saw", 1)]
    assert [asyncio.run(guide["green_team"]()) for _ in range(2)] == [
        ("green", True),
        ("green", False),
    ]
    guide["Team"].where(name="green").delete().run()


def test_queue(guide: dict[str, Any]) -> None:
    assert [asyncio.run(guide["do_next"]()) for _ in range(3)] == ["sweep", "cook", None]


def test_plain_sql(guide: dict[str, Any]) -> None:
    size = guide["Size"]
    assert asyncio.run(guide["plain_sql"]()) == (
        2,
        [size("red", 2), size("blue", 1), size("idle", 0)],
        "cyl",
        "bob",
    )
