"""Errors found in the code of handlers, dependencies and the functions they call."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from starlette.requests import Request

from triode.binding import read_signature
from triode.binding.markers import Depends
from triode.errors import ClientError
from triode.http import HTTPException
from triode.openapi.failures import Failures


class Row:
    """A class that says which errors its methods lead to, as a model does."""

    @classmethod
    def __responses__(cls, method_name: str) -> dict[int, str]:
        missing, taken = {404: f"No such {cls.__name__}"}, {409: f"{cls.__name__} exists"}
        found = {"get": missing, "where.get": missing, "where.limit.get": missing, "save": taken}
        return found.get(method_name, {})

    @classmethod
    async def get(cls, key: int) -> Row:
        return cls()

    async def save(self) -> Row:
        return self

    @classmethod
    def where(cls, *conditions: Any) -> Any: ...

    @classmethod
    async def newest(cls) -> Row:
        raise HTTPException(410, "Nothing is new")


class Other(Row):
    pass


class TooPoor(ClientError):
    """The account holds too little.

    More about it.
    """

    status_code = 402


def failures(handler: Any) -> dict[int, str]:
    return Failures().of(read_signature(handler))


def test_method_of_a_named_class() -> None:
    async def handler() -> Any:
        return await Row.get(1)

    assert failures(handler) == {404: "No such Row"}


def test_method_of_an_annotated_parameter() -> None:
    async def handler(row: Annotated[Row, Depends()]) -> Any:
        return await row.save()

    assert failures(handler) == {409: "Row exists"}


def test_method_of_a_local_value() -> None:
    async def handler() -> Any:
        row = await Row.get(1)
        return await row.save()

    assert failures(handler) == {404: "No such Row", 409: "Row exists"}


def test_method_of_an_awaited_value() -> None:
    async def handler() -> Any:
        return await (await Row.get(1)).save()

    assert failures(handler) == {404: "No such Row", 409: "Row exists"}


def test_the_same_method_name_elsewhere_is_not_taken_for_it() -> None:
    async def handler(request: Request) -> Any:
        options = dict(request.query_params)
        return options.get("x"), request.headers.get("y"), Row

    assert failures(handler) == {}


def test_several_classes_are_joined_by_status() -> None:
    async def handler() -> Any:
        return [await kind for kind in (Row.get(1), Other.get(2))]

    assert failures(handler) == {404: "No such Row; No such Other"}


def test_use_inside_a_comprehension() -> None:
    async def handler() -> Any:
        return [await Row.get(key) for key in range(3)]

    assert failures(handler) == {404: "No such Row"}


def test_raised_status_and_detail() -> None:
    async def handler() -> None:
        raise HTTPException(403, "Not yours")

    assert failures(handler) == {403: "Not yours"}


def test_raised_status_by_keyword_and_name() -> None:
    async def handler() -> None:
        raise HTTPException(detail=str(500), status_code=HTTPStatus.GONE)

    assert failures(handler) == {410: "Gone"}


def test_computed_status_is_left_out() -> None:
    async def handler(status: int) -> None:
        raise HTTPException(status, "Who knows")

    assert failures(handler) == {}


def test_raised_client_error() -> None:
    async def handler() -> None:
        raise TooPoor("You have 3 euros.")

    assert failures(handler) == {402: "The account holds too little"}


def owner() -> None:
    raise HTTPException(401, "Sign in")


def test_dependency() -> None:
    async def handler(user: Annotated[None, Depends(owner)]) -> None: ...

    assert failures(handler) == {401: "Sign in"}


def check_stock(amount: int) -> None:
    if amount > 3:
        raise HTTPException(status_code=409, detail="Sold out")


def test_function_of_the_same_package() -> None:
    async def handler() -> None:
        check_stock(4)

    assert failures(handler) == {409: "Sold out"}


def test_method_that_the_user_added_to_a_class() -> None:
    async def handler() -> Any:
        return await Row.newest()

    assert failures(handler) == {410: "Nothing is new"}


class Guard:
    """A dependency object that says itself what it answers."""

    def __call__(self) -> None: ...

    def __responses__(self, method_name: str) -> dict[int, str]:
        return {401: "No credentials"}


def test_dependency_that_speaks_for_itself() -> None:
    async def handler(user: Annotated[None, Depends(Guard())]) -> None: ...

    assert failures(handler) == {401: "No credentials"}


def test_code_without_source() -> None:
    scope: dict[str, Any] = {"Row": Row, "HTTPException": HTTPException}
    exec("async def handler():\n    await Row.get(1)\n    raise HTTPException(403)", scope)

    assert failures(scope["handler"]) == {404: "No such Row"}


def test_call_on_what_a_class_gave() -> None:
    async def handler() -> Any:
        return await Row.where(Row).limit(1).get()

    assert failures(handler) == {404: "No such Row"}


def test_call_on_a_name_that_was_given_it() -> None:
    async def handler(name: str | None) -> Any:
        rows = Row.where()
        if name is not None:
            rows = rows.where(name)
        return await rows.get()

    assert failures(handler) == {404: "No such Row"}


def test_name_that_is_given_other_things_as_well() -> None:
    async def handler(found: dict[str, int]) -> Any:
        rows = Row.where() or found
        for rows in (found, found):
            rows.get("x")

    assert failures(handler) == {}


REASON = "It is closed"


def objects(handler: Any) -> set[int]:
    return Failures().with_objects(read_signature(handler))


def test_details_that_are_text() -> None:
    async def handler(n: int) -> None:
        if n == 1:
            raise HTTPException(400, f"{n} is too little")
        if n == 2:
            raise HTTPException(404, detail="No {}".format(n))  # noqa: UP032
        if n == 3:
            raise HTTPException(409, str(n) + " is taken")
        if n == 4:
            raise HTTPException(410, REASON)
        raise HTTPException(418)

    assert objects(handler) == set()


def test_details_that_may_be_anything() -> None:
    async def handler(n: int, problems: list[str]) -> None:
        if n == 1:
            raise HTTPException(400, detail=problems)
        if n == 2:
            raise HTTPException(404, {"missing": n})
        raise HTTPException(409, "taken")

    assert objects(handler) == {400, 404}
