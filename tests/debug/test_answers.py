"""What a developer sees of an error, and nobody else."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Any

import pytest

from triode import Body, Create, Depends, Field, Header, HTTPException, Model, Triode
from triode.app import App
from triode.schema import FieldInfo

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROGRAM = {"accept": "application/json"}


class Account(Model):
    email: str
    pincode: str = Field(write_only=True)


class BankError(Exception):
    pass


def failing_app(**options: Any) -> Triode:
    app = Triode(database="sqlite://", **options)

    @app.post("/accounts/{number}")
    async def open_account(number: int, account: Create[Account], token: str = "") -> Any:
        await account.save()
        api_key = "sk-live-123456"
        try:
            return {}[number]
        except KeyError as exc:
            raise BankError(f"<script>alert(1)</script> {api_key} {account.pincode}") from exc

    @app.get("/group")
    async def group() -> None:
        raise ExceptionGroup("two", [ValueError("first of them"), TypeError("second of them")])

    @app.get("/plain")
    def plain(authorization: Annotated[str, Header()] = "") -> None:
        address = "postgresql://ada:hunter22@host/shop"
        raise RuntimeError(f"cannot reach {address} with {authorization!r}")

    return app


def post(client: Any, headers: dict[str, str]) -> Any:
    body = {"email": "ada@x.org", "pincode": "pin-998877"}
    return client.post("/accounts/7?token=query-tok", json=body, headers=headers)


def test_browser_gets_a_page(serve: Any) -> None:
    answer = post(serve(failing_app(debug=True)), BROWSER)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for part in ("BankError", "KeyError", "open_account", "test_answers.py", "It was raised from"):
        assert part in answer.text


def test_message_with_html_is_escaped(serve: Any) -> None:
    text = post(serve(failing_app(debug=True)), BROWSER).text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_page_allows_its_own_style_and_nothing_else(serve: Any) -> None:
    answer = post(serve(failing_app(debug=True)), BROWSER)
    [sheet] = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(sheet.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert " style=" not in answer.text


@pytest.mark.parametrize("headers", [BROWSER, PROGRAM, {}])
def test_secrets_are_hidden_wherever_they_turn_up(
    serve: Any, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setenv("SHOP_SECRET_KEY", "environ-sec")
    secrets = {"authorization": "Bearer abc.def", "cookie": "sid=cookie-val", **headers}
    text = post(serve(failing_app(debug=True)), secrets).text
    assert "BankError" in text
    for secret in ("sk-live-123456", "pin-998877", "query-tok", "abc.def", "cookie-val"):
        assert secret not in text


@pytest.mark.parametrize("headers", [BROWSER, PROGRAM, {}])
def test_passwords_of_addresses_are_hidden(serve: Any, headers: dict[str, str]) -> None:
    client = serve(failing_app(debug=True))
    text = client.get("/plain", headers={"authorization": "Basic cGFzcw==", **headers}).text
    assert "postgresql://ada:" in text
    assert "hunter22" not in text
    assert "cGFzcw==" not in text


def test_secret_is_not_cut_in_its_middle(serve: Any) -> None:
    app = App(debug=True)

    @app.get("/")
    def handler() -> None:
        token = "begin-" + "s3cr3t" * 200
        text = "x " * 190 + token
        raise RuntimeError(f"{'y ' * 1990}{token} {len(text)}")

    text = serve(app).get("/", headers=BROWSER).text
    assert "RuntimeError" in text
    assert "s3cr3t" * 2 not in text
    assert "begin-" + "s3" not in text


def test_write_only_values_are_hidden_in_the_body(serve: Any) -> None:
    app = App(debug=True)

    def fail() -> None:
        raise RuntimeError("early")

    @app.post("/", dependencies=[Depends(fail)])
    def handler(account: Create[Account], note: Annotated[str, Body()]) -> None: ...

    body = {"account": {"email": "ada@x.org", "pincode": "pin-998877"}, "note": "hello"}
    text = serve(app).post("/", json=body, headers=BROWSER).text
    assert "ada@x.org" in text
    assert "pin-998877" not in text


def test_program_gets_json(serve: Any) -> None:
    answer = post(serve(failing_app(debug=True)), PROGRAM).json()
    assert answer["detail"] == "Internal Server Error"
    assert [failure["kind"] for failure in answer["debug"]["failures"]] == [
        "tests.debug.test_answers.BankError",
        "KeyError",
    ]
    [statement] = answer["debug"]["statements"]
    assert statement["sql"].startswith("INSERT INTO account")
    assert re.search(r"test_answers\.py:\d+$", statement["place"])
    assert statement["rows"] == 1
    assert answer["debug"]["request"]["query"] == [["token", "••••••"]]


def test_client_without_a_wish_gets_text(serve: Any) -> None:
    answer = post(serve(failing_app(debug=True)), {})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Traceback (most recent call last):")
    assert "direct cause of the following exception" in answer.text
    assert "\nRequest: POST /accounts/7\n" in answer.text
    assert "INSERT INTO account" in answer.text


def test_members_of_a_group_are_shown(serve: Any) -> None:
    text = serve(failing_app(debug=True)).get("/group", headers=BROWSER).text
    for part in ("ExceptionGroup", "first of them", "second of them"):
        assert part in text


@pytest.mark.parametrize("headers", [BROWSER, PROGRAM, {}])
@pytest.mark.parametrize("path", ["/group", "/plain", "/missing"])
def test_production_shows_nothing(serve: Any, path: str, headers: dict[str, str]) -> None:
    client = serve(failing_app(debug=False))
    answer = client.get(path, headers=headers)
    told = answer.text
    for part in ("Traceback", "test_answers", "of them", "ada:", "/accounts", "debug", "SQL"):
        assert part not in told
    expected = ('{"detail":"Not Found"}' if path == "/missing" else "Internal Server Error",)
    assert (told,) == expected


def test_production_notes_no_statements(serve: Any) -> None:
    app = failing_app(debug=False)
    seen: dict[str, Any] = {}

    @app.get("/look")
    async def look() -> None:
        await Account.where().count()
        from triode.http import current_call

        seen["extras"] = current_call.get().extras

    serve(app).get("/look")
    assert seen == {"extras": None}


def test_odd_locals_do_not_hide_the_error(serve: Any) -> None:
    app = App(debug=True)

    class Odd:
        def __repr__(self) -> str:
            raise ValueError("no repr")

    @dataclasses.dataclass
    class Login:
        name: str
        code: Annotated[str, FieldInfo(write_only=True)]

    @app.get("/")
    def handler() -> None:
        odd, huge, many = Odd(), "x" * 10_000, list(range(1000))
        login = Login("ada", "write-only-value")
        raise RuntimeError(f"{len(huge)} {len(many)} {type(odd).__name__} {login.name}")

    answer = serve(app).get("/", headers=BROWSER)
    assert "&lt;Odd, whose repr raises ValueError&gt;" in answer.text
    assert "(10000 characters)" in answer.text
    assert "… 980 more" in answer.text
    assert "Login(name=&#39;ada&#39;, code=••••••)" in answer.text
    assert "write-only-value" not in answer.text


def test_deep_recursion_is_cut(serve: Any) -> None:
    app = App(debug=True)

    @app.get("/")
    def dive(depth: int = 0) -> Any:
        return dive(depth + 1)

    answer = serve(app).get("/", headers=BROWSER)
    assert "RecursionError" in answer.text
    assert "calls in the middle are left out" in answer.text
    assert len(answer.content) < 600_000


def test_editor_opens_the_line(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = serve(failing_app(debug=True))
    assert "Open in the editor" not in client.get("/plain", headers=BROWSER).text
    monkeypatch.setenv("TRIODE_EDITOR", "vscode")
    assert re.search(
        r'href="vscode://file/\S+/test_answers\.py:\d+"', client.get("/plain", headers=BROWSER).text
    )
    monkeypatch.setenv("TRIODE_EDITOR", "mine://{file}#{line}")
    assert 'href="mine:///' in client.get("/plain", headers=BROWSER).text


def test_missing_address_lists_near_routes(serve: Any) -> None:
    client = serve(failing_app(debug=True))
    answer = client.get("/account/7", headers=BROWSER)
    assert answer.status_code == 404
    near, _, rest = answer.text.partition("All other routes")
    assert "Did you mean" in near
    assert "/accounts/{number}" in near
    assert "/group" in rest
    assert client.get("/account/7").json() == {"detail": "Not Found"}
    assert client.get("/account/7", headers=PROGRAM).json() == {"detail": "Not Found"}


def test_404_of_a_handler_is_no_list_of_routes(serve: Any) -> None:
    app = App(debug=True)

    @app.get("/items/{number}")
    def item(number: int) -> None:
        raise HTTPException(404, "No such item")

    assert serve(app).get("/items/1", headers=BROWSER).json() == {"detail": "No such item"}


def test_error_of_the_debug_page_tells_nothing(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("triode.debug.answers.Report", broken)
    answer = serve(failing_app(debug=True)).get("/plain", headers=BROWSER)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert "Exception in the debug page" in caplog.text


def test_concurrent_requests_have_their_own_statements() -> None:
    from triode.testing import AsyncTestClient

    app = failing_app(debug=True)

    async def both() -> list[Any]:
        options = {"raise_server_exceptions": False, "headers": PROGRAM}
        async with AsyncTestClient(app, **options) as client:
            return await asyncio.gather(*(post(client, {}) for _ in range(3)))

    for answer in asyncio.run(both()):
        assert len(json.loads(answer.text)["debug"]["statements"]) == 1
