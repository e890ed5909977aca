"""The Atlas: its API and pages over all of the data, and how the data comes in."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pycountry
import pytest
from openapi_spec_validator import validate

from tests.conftest import Client
from tests.examples.conftest import environment_for
from triode.testing import TestClient

pytestmark = pytest.mark.slow
FAR = {"code": "QQ", "alpha_3": "QQQ", "numeric": "999", "name": "Farland"}


def names(answer: Any) -> list[str]:
    """Return the names of the rows on a page of the API."""
    return [row["name"] for row in answer.json()["items"]]


@pytest.mark.parametrize("table", ["countries", "subdivisions", "currencies", "languages"])
def test_every_row_of_the_standards_is_there(client: TestClient, table: str) -> None:
    page = client.get(f"/{table}", params={"size": 1}).json()
    assert page["total"] == len(getattr(pycountry, table))


def test_a_list_is_sorted_and_paged(atlas: Client) -> None:
    page = atlas.get("/countries", params={"page": 2, "size": 3}).json()
    rows = page.pop("items")
    assert page == {"total": 249, "page": 2, "size": 3, "pages": 83}
    assert [row["code"] for row in rows] == ["AS", "AD", "AO"]


def test_a_page_behind_the_last_is_empty(client: TestClient) -> None:
    page = client.get("/countries", params={"page": 1000}).json()
    assert page == {"items": [], "total": 249, "page": 1000, "size": 50, "pages": 5}


def test_search_ignores_case_and_takes_wildcards_literally(client: TestClient) -> None:
    assert names(client.get("/countries?search=GUINEA")) == [
        "Equatorial Guinea",
        "Guinea",
        "Guinea-Bissau",
        "Papua New Guinea",
    ]
    assert names(client.get("/countries", params={"search": "%"})) == []


def test_filters_narrow_a_list(atlas: Client) -> None:
    provinces = {"country": "NL", "kind": "Province"}
    assert atlas.get("/subdivisions", params=provinces).json()["total"] == 12
    dead = {"scope": "macrolanguage", "vitality": "extinct"}
    assert names(atlas.get("/languages", params=dead)) == []
    latin = {"search": "latin", "vitality": "historical"}
    assert atlas.get("/languages", params=latin).json()["items"][0]["code"] == "lat"


def test_a_country_has_its_subdivisions(atlas: Client) -> None:
    country = atlas.get("/countries/CY").json()
    subdivisions = country.pop("subdivisions")
    assert country == {
        "code": "CY",
        "alpha_3": "CYP",
        "numeric": "196",
        "name": "Cyprus",
        "official_name": "Republic of Cyprus",
        "flag": "🇨🇾",
    }
    assert subdivisions[0] == {
        "code": "CY-04",
        "name": "Ammochostos",
        "kind": "District",
        "country_id": "CY",
        "parent_id": None,
    }
    assert len(subdivisions) == 6


def test_a_subdivision_has_its_parent_and_its_parts(client: TestClient) -> None:
    city = client.get("/subdivisions/FR-01").json()
    assert city["country"]["name"] == "France"
    assert city["parent"]["code"] == city["parent_id"] == "FR-ARA"
    region = client.get("/subdivisions/FR-ARA").json()
    assert region["parent"] is None
    assert "FR-01" in [part["code"] for part in region["parts"]]


def test_a_currency_has_the_country_it_is_named_for(client: TestClient) -> None:
    [franc] = client.get("/currencies?search=swiss").json()["items"]
    assert (franc["code"], franc["country"]["name"]) == ("CHF", "Switzerland")
    assert client.get("/currencies/EUR").json()["country_id"] is None


def test_a_country_is_created_changed_and_deleted(atlas: Client) -> None:
    created = atlas.post("/countries", json=FAR)
    assert (created.status_code, created.json()) == (
        201,
        {**FAR, "official_name": None, "flag": ""},
    )
    changed = atlas.patch("/countries/QQ", json={"flag": "🏳"})
    assert (changed.status_code, changed.json()["flag"]) == (200, "🏳")
    assert atlas.delete("/countries/QQ").status_code == 204
    assert atlas.get("/countries/QQ").status_code == 404


def test_subdivisions_go_with_their_country(client: TestClient) -> None:
    assert client.delete("/countries/CY").status_code == 204
    assert client.get("/subdivisions/CY-04").status_code == 404


def test_parts_stay_when_their_whole_goes(client: TestClient) -> None:
    assert client.delete("/subdivisions/FR-ARA").status_code == 204
    assert client.get("/subdivisions/FR-01").json()["parent_id"] is None


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_what_is_missing_is_a_404(client: TestClient, method: str) -> None:
    body = {"json": {}} if method == "patch" else {}
    for path, name in {"countries/XX": "Country", "subdivisions/XX-1": "Subdivision"}.items():
        answer = getattr(client, method)(f"/{path}", **body)
        assert (answer.status_code, answer.json()) == (404, {"detail": f"{name} not found"})


@pytest.mark.parametrize("taken", [{"code": "FR"}, {"alpha_3": "FRA"}, {"numeric": "250"}])
def test_what_is_taken_is_a_409(atlas: Client, taken: dict[str, str]) -> None:
    answer = atlas.post("/countries", json={**FAR, **taken})
    [field] = taken
    name = field.replace("_", " ")
    assert answer.status_code == 409
    assert answer.json() == {"detail": f"Country with this {name} already exists."}


def test_an_unknown_country_is_a_409(client: TestClient) -> None:
    lost = {"code": "QQ-1", "name": "Lost", "kind": "Isle", "country_id": "QQ"}
    assert client.post("/subdivisions", json=lost).status_code == 409


def test_a_wrong_body_is_a_422_that_lists_everything(atlas: Client) -> None:
    answer = atlas.post("/countries", json={**FAR, "code": "qq", "name": ""})
    problems = [(problem["loc"], problem["type"]) for problem in answer.json()["detail"]]
    assert answer.status_code == 422
    assert problems == [
        (["body", "code"], "string_pattern_mismatch"),
        (["body", "name"], "string_too_short"),
    ]


@pytest.mark.parametrize("query", ["size=501", "page=0", "scope=dialect", "page=x"])
def test_a_wrong_query_is_a_422(client: TestClient, query: str) -> None:
    answer = client.get(f"/languages?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


def test_the_home_page_counts_and_searches(atlas: Client) -> None:
    page = atlas.get("/").text
    assert f"249 countries, {len(pycountry.subdivisions)} subdivisions" in page
    assert page.count("<li>") == 249
    assert atlas.get("/?search=land").text.count("<li>") < 249
    assert "No country's name has “&lt;b&gt;” in it." in atlas.get("/?search=<b>").text


def test_the_page_of_a_country(atlas: Client) -> None:
    page = atlas.get("/country/CH")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "🇨🇭 Switzerland" in page.text
    assert "Swiss Franc (CHF)" in page.text
    assert page.text.count("<li>") == 26
    assert atlas.get("/country/XX").status_code == 404


def test_the_document_is_valid_openapi(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    validate(document)
    assert sorted(document["paths"]["/countries/{code}"]["patch"]["responses"]) == [
        "200",
        "404",
        "409",
        "413",
        "422",
    ]
    assert "/" not in document["paths"]


def test_the_admin_is_not_served_without_a_login(atlas: Client) -> None:
    browser = {"accept": "text/html"}
    answer = atlas.get("/admin/", headers=browser, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/admin/")


def test_a_second_start_loads_nothing(
    loaded: Path, database: Path, program: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(loaded, database)
    with TestClient(program.app) as client:
        client.delete("/countries/CY")
    with TestClient(program.app) as client:
        assert client.get("/countries/CY").status_code == 404
    assert capsys.readouterr().out == ""


HALTING = """
import time
import pycountry
from triode.testing import TestClient
from atlas.app import app

class Halting:
    def __iter__(self):
        print("\\nhalted", flush=True)
        time.sleep(60)

pycountry.languages = Halting()
with TestClient(app):
    pass
"""


def test_a_killed_load_leaves_nothing_and_the_next_start_loads(
    database: Path, program: ModuleType
) -> None:
    command = [sys.executable, "-c", HALTING]
    with subprocess.Popen(
        command, env=environment_for(database), stdout=subprocess.PIPE, text=True
    ) as loading:
        assert loading.stdout is not None
        assert any(line == "halted\n" for line in loading.stdout)
        loading.kill()
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM country").fetchone() == (0,)
    connection.close()
    with TestClient(program.app) as client:
        assert client.get("/languages").json()["total"] == len(pycountry.languages)
