"""Errors as pages: for browsers, of applications that have pages, and for nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from triode import Auth, HTTPException, Page, Triode, render
from triode.app import App

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def app_with_pages(**options: Any) -> App:
    app = App(title="Tea & Co", **options)

    @app.get("/")
    def home() -> Page:
        return Page("<h1>Tea</h1>")

    @app.get("/secret")
    def secret() -> None:
        raise HTTPException(403, "<b>Members</b> only", headers={"X-Why": "members"})

    @app.get("/data")
    def data() -> None:
        raise HTTPException(400, {"code": 7})

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("the kettle is out of order")

    return app


def test_missing_page_is_a_page(serve: Any) -> None:
    answer = serve(app_with_pages()).get("/nowhere", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Page not found · Tea &amp; Co</title>" in answer.text
    assert answer.headers["vary"] == "Accept"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_wrong_method_keeps_its_headers(serve: Any) -> None:
    answer = serve(app_with_pages()).post("/", headers=BROWSER)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "<h1>Not possible here</h1>" in answer.text


def test_detail_is_said_and_escaped(serve: Any) -> None:
    answer = serve(app_with_pages()).get("/secret", headers=BROWSER)
    assert answer.status_code == 403
    assert answer.headers["x-why"] == "members"
    assert "&lt;b&gt;Members&lt;/b&gt; only" in answer.text


def test_server_error_tells_nothing(serve: Any) -> None:
    answer = serve(app_with_pages()).get("/broken", headers=BROWSER)
    assert answer.status_code == 500
    assert "<h1>Something went wrong</h1>" in answer.text
    assert "kettle" not in answer.text


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json,text/html;q=0.9"])
def test_program_gets_no_page(serve: Any, accept: str) -> None:
    client = serve(app_with_pages())
    answers = [client.get(path, headers={"accept": accept}) for path in ("/nowhere", "/secret")]
    assert [answer.json() for answer in answers] == [
        {"detail": "Not Found"},
        {"detail": "<b>Members</b> only"},
    ]
    assert client.get("/broken", headers={"accept": accept}).text == "Internal Server Error"


def test_data_stays_data(serve: Any) -> None:
    client = serve(app_with_pages())
    assert client.get("/data", headers=BROWSER).json() == {"detail": {"code": 7}}


def test_application_without_pages_shows_none(serve: Any) -> None:
    app = App()

    @app.get("/")
    def home() -> dict[str, str]:
        return {}

    client = serve(app)
    assert client.get("/nowhere", headers=BROWSER).json() == {"detail": "Not Found"}
    assert client.post("/", headers=BROWSER).json() == {"detail": "Method Not Allowed"}


def test_accounts_are_pages(serve: Any, tmp_path: Path) -> None:
    app = Triode(database="sqlite://")
    app.directory = tmp_path
    Auth(app)
    answer = serve(app).get("/nowhere", headers=BROWSER)
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)


def test_own_template_goes_first(serve: Any, tmp_path: Path) -> None:
    app = Triode()
    app.directory = tmp_path
    write(tmp_path, "404.html", "{{ title }}|{{ detail }}|{{ request.url.path }}|{{ status_code }}")
    write(tmp_path, "error.html", "other {{ status_code }}")

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    client = serve(app)
    answer = client.get("/nowhere", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.text == (
        "Page not found|There is nothing at this address. It may have moved.|/nowhere|404"
    )
    assert client.get("/broken", headers=BROWSER).text == "other 500"


def test_own_404_goes_before_the_list_of_routes(serve: Any, tmp_path: Path) -> None:
    app = Triode(debug=True)
    app.directory = tmp_path
    write(tmp_path, "404.html", "mine")
    assert serve(app).get("/nowhere", headers=BROWSER).text == "mine"


def test_broken_template_does_not_hide_the_error(
    serve: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = Triode()
    app.directory = tmp_path
    write(tmp_path, "404.html", "{{ nobody.knows.this }}")
    answer = serve(app).get("/nowhere", headers=BROWSER)
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)
    assert "Exception in the template of the error 404" in caplog.text


def test_handler_of_the_application_goes_first(serve: Any) -> None:
    app = app_with_pages()

    @app.exception_handler(404)
    def missing(request: Any, exc: Exception) -> Page:
        return Page("mine", 404)

    assert serve(app).get("/nowhere", headers=BROWSER).text == "mine"


def test_templates_folder_makes_pages(serve: Any, tmp_path: Path) -> None:
    app = Triode()
    app.directory = tmp_path
    write(tmp_path, "home.html", "home")

    @app.get("/")
    def home():  # type: ignore[no-untyped-def]
        return render("home.html")

    assert "Page not found" in serve(app).get("/nowhere", headers=BROWSER).text


def write(folder: Path, name: str, text: str) -> None:
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / name).write_text(text, encoding="utf-8")
