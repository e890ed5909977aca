"""Responses that a handler makes itself, with a status that its source tells."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from starlette import status
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.conftest import Serve
from triode.app import App
from triode.binding.markers import Form, Header, Query
from triode.middleware.rate_limit import RateLimitMiddleware
from triode.middleware.timeout import TimeoutMiddleware
from triode.templating import Page, render


def answered(handler: Any, **options: Any) -> dict[str, list[str] | None]:
    """Return the media types that are documented, by status."""
    app = App()
    app.add_api_route("/", handler, **options)
    responses = app.openapi()["paths"]["/"]["get"]["responses"]
    return {
        code: list(found["content"]) if "content" in found else None
        for code, found in responses.items()
    }


JSON = ["application/json"]


def json_response() -> Any:
    return JSONResponse({"message": "gone"}, status.HTTP_410_GONE)


def text_by_keyword() -> Any:
    return PlainTextResponse("no", status_code=404)


def own_media_type() -> Any:
    return Response("<x/>", status_code=400, media_type="application/xml")


def nothing() -> Any:
    return Response(status_code=304)


def as_flask_does() -> Any:
    return {"message": "tea"}, 418


def computed(code: int = 404) -> Any:
    return JSONResponse({}, code)


def a_page() -> Page:
    return render("new.html", status_code=422)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (json_response, {"200": JSON, "410": JSON}),
        (text_by_keyword, {"200": JSON, "404": ["text/plain"]}),
        (own_media_type, {"200": JSON, "400": ["application/xml"]}),
        (nothing, {"200": JSON, "304": None}),
        (as_flask_does, {"200": JSON, "418": JSON}),
        (computed, {"200": JSON, "422": JSON}),
        (a_page, {"200": ["text/html"], "422": ["text/html"]}),
    ],
)
def test_status_that_the_source_tells(handler: Any, expected: Any) -> None:
    assert answered(handler) == expected


def test_what_the_route_says_of_a_status_is_kept() -> None:
    responses = {410: {"description": "Sold", "content": {"text/plain": {}}}}

    assert answered(json_response, responses=responses)["410"] == ["text/plain"]


def test_page_beside_the_refusal_of_a_parameter() -> None:
    def edit(key: int) -> Page:
        return render("edit.html", status_code=422)

    assert answered(edit)["422"] == ["text/html", "application/json"]


def refusals(handler: Any, method: str = "POST", **options: Any) -> list[str]:
    app = App(**options)
    app.add_api_route("/{key}", handler, methods=[method])
    return list(app.openapi()["paths"]["/{key}"][method.lower()]["responses"])


def test_body_may_be_too_large() -> None:
    def handler(key: str, body: dict[str, int]) -> None: ...

    assert refusals(handler) == ["200", "413", "422"]
    assert refusals(handler, max_body_size=None) == ["200", "422"]


def test_form_may_be_unreadable() -> None:
    def handler(key: str, name: Annotated[str, Form()]) -> None: ...

    assert refusals(handler) == ["200", "400", "413", "422"]


def test_text_that_cannot_be_wrong_is_never_refused() -> None:
    def handler(
        key: str,
        q: str | None = None,
        words: Annotated[list[str], Query()] = [],  # noqa: B006
    ) -> None: ...

    assert refusals(handler, "GET") == ["200"]


def test_text_that_cannot_be_wrong_is_taken_whatever_it_is(serve: Serve) -> None:
    app = App()

    @app.get("/{key}")
    def handler(key: str, q: str | None = None, x_note: Annotated[str, Header()] = "") -> None: ...

    client = serve(app)
    for odd in ("%FF", "%ED%A0%80", "%00", "%F0%9F", "%", "+%2B"):
        response = client.get(f"/{odd}?q={odd}&q", headers=[(b"x-note", b"\xff\xed\xa0")])
        assert response.status_code == 200


@pytest.mark.parametrize("annotation", [int, Annotated[str, Query(max_length=3)], bool | None])
def test_text_that_may_be_wrong(annotation: Any) -> None:
    def handler(q: Any = None) -> None: ...

    handler.__annotations__["q"] = annotation

    assert refusals(handler, "GET") == ["200", "422"]


def test_callback_is_refused_by_others() -> None:
    callbacks = App()

    @callbacks.post("/done")
    def done(body: dict[str, int]) -> None: ...

    app = App()
    app.add_api_route("/", lambda: None, callbacks=[callbacks.routes[-1]])
    callback = app.openapi()["paths"]["/"]["get"]["callbacks"]["done"]["/done"]["post"]

    assert list(callback["responses"]) == ["200", "422"]


def test_middleware_says_what_it_answers() -> None:
    app = App()
    app.add_middleware(RateLimitMiddleware, limit="5/minute")
    app.add_middleware(TimeoutMiddleware, seconds=5, status_code=504)
    app.add_api_route("/", lambda: None)
    app.webhooks.add_api_route("event", lambda: None)

    document = app.openapi()

    assert list(document["paths"]["/"]["get"]["responses"]) == ["200", "429", "504"]
    assert list(document["webhooks"]["event"]["get"]["responses"]) == ["200"]


def test_middleware_of_one_route_says_what_it_answers() -> None:
    app = App()
    limit = Middleware(RateLimitMiddleware, limit="5/minute")
    app.add_api_route("/", lambda: None, middleware=[limit])
    app.add_api_route("/free", lambda: None, name="free")

    paths = app.openapi()["paths"]

    assert list(paths["/"]["get"]["responses"]) == ["200", "429"]
    assert list(paths["/free"]["get"]["responses"]) == ["200"]
