"""The one-file program: what its document promises is what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.conftest import Serve
from triode import Create, Email, Field, Model, Patch, Triode


class Member(Model):
    email: Email = Field(unique=True)
    age: int = Field(ge=0)
    bio: str | None = None
    password: str = Field(write_only=True)


@pytest.fixture
def app(tmp_path: Path) -> Triode:
    app = Triode(database=f"sqlite:///{tmp_path}/app.db", debug=True)

    @app.get("/members/{member_id}")
    async def get_member(member_id: int) -> Member:
        return await Member.get(member_id)

    @app.post("/members", status_code=201)
    async def create_member(member: Create[Member]) -> Member:
        return await member.save()

    @app.patch("/members/{member_id}")
    async def update_member(member_id: int, changes: Patch[Member]) -> Member:
        return await (await Member.get(member_id)).update(changes)

    return app


def responses_of(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        operation["operationId"].partition("_members")[0]: {
            status: response["description"] for status, response in operation["responses"].items()
        }
        for item in document["paths"].values()
        for operation in item.values()
    }


def test_every_answer_is_documented(app: Triode) -> None:
    document = app.openapi()

    validate(document)
    assert responses_of(document) == {
        "get_member": {
            "200": "Successful Response",
            "404": "Member not found",
            "422": "Validation Error",
        },
        "create_member": {
            "201": "Successful Response",
            "409": "Member conflicts with another row",
            "413": "The body is too large",
            "422": "Validation Error",
        },
        "update_member": {
            "200": "Successful Response",
            "404": "Member not found",
            "409": "Member conflicts with another row",
            "413": "The body is too large",
            "422": "Validation Error",
        },
    }


def test_each_direction_has_its_fields(app: Triode) -> None:
    schemas = app.openapi()["components"]["schemas"]

    fields = {
        name: (list(schema["properties"]), schema.get("required"))
        for name, schema in schemas.items()
        if name.startswith("Member")
    }
    assert fields == {
        "Member": (["id", "email", "age", "bio"], ["id", "email", "age", "bio"]),
        "MemberCreate": (["email", "age", "bio", "password"], ["email", "age", "password"]),
        "MemberPatch": (["email", "age", "bio", "password"], None),
    }


def test_documented_errors_are_the_ones_answered(app: Triode, serve: Serve) -> None:
    client = serve(app)
    member = {"email": "ada@example.org", "age": 36, "password": "secret"}

    created = client.post("/members", json=member)
    again = client.post("/members", json=member)
    missing = client.get("/members/99")
    invalid = client.post("/members", json={**member, "age": -1})

    assert created.status_code == 201
    assert set(created.json()) == {"id", "email", "age", "bio"}
    assert (again.status_code, missing.status_code, invalid.status_code) == (409, 404, 422)
    for response in (again, missing):
        assert isinstance(response.json()["detail"], str)
