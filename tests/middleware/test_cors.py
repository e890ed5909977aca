"""`CORSMiddleware`: Starlette's options and answers, on the lane, and on errors too."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware as StarlettesMiddleware

from triode.app import App
from triode.errors import ConfigError
from triode.http import Call
from triode.middleware.cors import CORSMiddleware

US = "https://app.example"
PREFLIGHT = {"Origin": US, "Access-Control-Request-Method": "GET"}


def cors_headers(response: Any) -> dict[str, str]:
    """Return what a response says of other origins."""
    names = ("access-control-", "vary")
    return {name: value for name, value in response.headers.items() if name.startswith(names)}


def test_a_page_of_an_allowed_origin_may_read(serve: Any, make_app: Any) -> None:
    client = serve(make_app(CORSMiddleware, allow_origins=[US], expose_headers=["X-Total"]))
    assert cors_headers(client.get("/", headers={"Origin": US})) == {
        "access-control-allow-origin": US,
        "access-control-expose-headers": "X-Total",
        "vary": "Origin",
    }
    assert cors_headers(client.get("/", headers={"Origin": "https://evil.example"})) == {
        "vary": "Origin"
    }
    assert cors_headers(client.get("/")) == {"vary": "Origin"}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/fail", 500), ("/teapot", 418), ("/nowhere", 404), ("/docs", 200)],
)
def test_every_answer_has_the_headers(serve: Any, make_app: Any, path: str, status: int) -> None:
    client = serve(make_app(CORSMiddleware, allow_origins=["*"]))
    response = client.get(path, headers={"Origin": US})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == "*"


def test_refusals_of_the_framework_have_the_headers(serve: Any, make_app: Any) -> None:
    app = App(max_body_size=100)
    client = serve(make_app(CORSMiddleware, allow_origins=[US], app=app), follow_redirects=False)
    sent = [
        (client.put("/", headers={"Origin": US}), 405),
        (client.options("/", headers={"Origin": US}), 204),
        (client.post("/items", json={}, headers={"Origin": US}), 307),
        (client.post("/items/", json=[], headers={"Origin": US}), 422),
        (client.post("/items/", json=["x" * 200], headers={"Origin": US}), 413),
    ]
    for response, status in sent:
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == US


@pytest.mark.parametrize("path", ["/", "/items/", "/nowhere", "/items"])
def test_a_preflight_is_answered_for_every_path(serve: Any, make_app: Any, path: str) -> None:
    client = serve(make_app(CORSMiddleware, allow_origins=[US], max_age=60))
    response = client.options(path, headers=PREFLIGHT)
    assert (response.status_code, response.text) == (200, "OK")
    assert cors_headers(response) == {
        "access-control-allow-origin": US,
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "Accept, Accept-Language, Content-Language, Content-Type",
        "access-control-max-age": "60",
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
        "Access-Control-Request-Private-Network",
    }


def test_a_preflight_says_what_is_not_allowed(serve: Any, make_app: Any) -> None:
    client = serve(make_app(CORSMiddleware, allow_origins=[US], allow_headers=["X-Key"]))
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "x-key, X-Other",
        "Access-Control-Request-Private-Network": "true",
    }
    response = client.options("/", headers=asked)
    assert response.status_code == 400
    assert response.text == "Disallowed CORS origin, method, headers, private-network"
    assert "access-control-allow-origin" not in response.headers


OPTIONS: list[dict[str, Any]] = [
    {"allow_origins": ["*"]},
    {"allow_origins": ["*"], "allow_credentials": True},
    {"allow_origins": [US], "allow_methods": ["*"], "allow_headers": ["*"]},
    {"allow_origin_regex": r"https://.*\.example", "allow_credentials": True, "max_age": 5},
    {"allow_origins": [US], "allow_private_network": True, "allow_headers": ["X-A", "x-b"]},
]
REQUESTS: list[tuple[str, dict[str, str]]] = [
    ("GET", {"Origin": US}),
    ("GET", {}),
    ("OPTIONS", PREFLIGHT),
    ("OPTIONS", {**PREFLIGHT, "Access-Control-Request-Headers": "x-a, X-B"}),
    ("OPTIONS", {**PREFLIGHT, "Access-Control-Request-Private-Network": "true"}),
    ("OPTIONS", {**PREFLIGHT, "Access-Control-Request-Method": "DELETE"}),
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("method", "headers"), REQUESTS, ids=str)
def test_answers_are_starlettes(
    serve: Any, make_app: Any, options: Any, method: str, headers: dict[str, str]
) -> None:
    ours = serve(make_app(CORSMiddleware, **options)).request(method, "/", headers=headers)
    theirs_app = make_app(StarlettesMiddleware, **options)
    theirs = serve(theirs_app).request(method, "/", headers=headers)
    assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text)
    # Allowed headers are a set; Starlette sorts them before it looks at their case.
    assert cors_headers(ours) == cors_headers(theirs)


def test_what_a_middleware_inside_raises_has_the_headers(serve: Any, make_app: Any) -> None:
    class Broken:
        def wrap(self, run: Any) -> Any:
            def broken(call: Call) -> Any:
                raise LookupError("lost")

            return broken

    app = make_app(Broken)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    response = serve(app).get("/", headers={"Origin": US})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, "*")


def test_it_stands_around_any_asgi_application(serve: Any, make_app: Any) -> None:
    app = CORSMiddleware(make_app(), allow_origins=[US])
    response = serve(app).get("/", headers={"Origin": US})
    assert response.headers["access-control-allow-origin"] == US
    assert response.json() == {"hello": "world"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"allow_origins": "https://app.example"}, "cors-list"),
        ({"allow_origins": ["https://app.example/"]}, "cors-origin"),
        ({"allow_origins": ["app.example"]}, "cors-origin"),
        ({"allow_origin_regex": "("}, "cors-origin-regex"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CORSMiddleware(**options)
    assert caught.value.code == code
