"""`render`, `redirect`, `url_for` and `flash`, through an application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from triode.app import App
from triode.errors import TriodeError
from triode.http import Call
from triode.templating import (
    Page,
    Redirect,
    TemplateError,
    Templates,
    flash,
    get_flashed_messages,
    redirect,
    render,
    url_for,
)

Serve: TypeAlias = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def make_app(folder: Path, *, debug: bool = False) -> App:
    app = App(debug=debug)
    app.attach(Templates(folder))
    return app


def test_a_page_is_html_and_escapes(serve: Serve, folder: Path) -> None:
    (folder / "hello.html").write_text("<p>{{ name }}</p>")
    app = make_app(folder)

    @app.get("/")
    async def hello(name: str) -> Page:
        return render("hello.html", name=name)

    reply = serve(app).get("/", params={"name": "<script>"})
    assert reply.text == "<p>&lt;script&gt;</p>"
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_status_and_headers_are_the_pages_own(serve: Serve, folder: Path) -> None:
    (folder / "hello.html").write_text("no")
    app = make_app(folder)

    @app.get("/")
    async def hello() -> Page:
        return render("hello.html", status_code=422, headers={"x-a": "b"})

    reply = serve(app).get("/")
    assert (reply.status_code, reply.headers["x-a"], reply.text) == (422, "b", "no")


def test_templates_beside_the_handlers_file_are_found(serve: Serve, folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates" / "home.html").write_text("home")
    source = (
        "from triode.app import App\nfrom triode.templating import Page, render\n"
        "app = App()\n@app.get('/')\nasync def home() -> Page:\n    return render('home.html')\n"
    )
    names: dict[str, object] = {}
    exec(compile(source, str(folder / "app.py"), "exec"), names)
    assert serve(names["app"]).get("/").text == "home"


def test_templates_in_the_applications_folder_are_found(serve: Serve, folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates" / "home.html").write_text("home")
    app = App()
    app.directory = folder  # type: ignore[attr-defined]

    @app.get("/")
    async def home() -> Page:
        return render("home.html")

    assert serve(app).get("/").text == "home"


def test_the_request_is_there_when_a_template_names_it(serve: Serve, folder: Path) -> None:
    (folder / "it.html").write_text("{{ request.url.path }} {{ current_user }} {{ session }}")
    app = make_app(folder, debug=True)

    @app.get("/it")
    async def it() -> Page:
        return render("it.html")

    assert serve(app).get("/it").text == "/it None {}"


def test_url_for_fills_the_path_and_adds_the_rest_as_query(serve: Serve, folder: Path) -> None:
    (folder / "links.html").write_text(
        '{{ url_for("show", id=7) }} {{ url_for("show", id=1, q=["a b", "c"], none=None) }}'
    )
    app = make_app(folder)

    @app.get("/posts/{id}")
    async def show(id: int) -> str:
        return str(id)

    @app.get("/")
    async def home() -> Page:
        return render("links.html")

    assert serve(app).get("/").text == "/posts/7 /posts/1?q=a+b&amp;q=c"


def test_url_for_knows_where_a_proxy_serves_the_application(serve: Serve) -> None:
    app = App(root_path="/shop")

    @app.get("/a")
    async def there() -> str:
        return url_for("there")

    assert serve(app).get("/a").json() == "/shop/a"


def test_static_is_a_mount_of_that_name(serve: Serve, folder: Path) -> None:
    from starlette.staticfiles import StaticFiles

    (folder / "page.html").write_text('{{ static("css/app.css") }}')
    app = make_app(folder)
    app.mount("/static", StaticFiles(directory=folder), name="static")

    @app.get("/")
    async def home() -> Page:
        return render("page.html")

    assert serve(app).get("/").text == "/static/css/app.css"


def test_a_redirect_is_a_303(serve: Serve) -> None:
    app = App()

    @app.post("/")
    async def save() -> Redirect:
        return redirect("/there")

    reply = serve(app).post("/", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (303, "/there")


def test_a_redirect_cannot_smuggle_a_header(serve: Serve) -> None:
    app = App()

    @app.get("/")
    async def go() -> Redirect:
        return redirect("/a\r\nset-cookie: b=c")

    reply = serve(app).get("/", follow_redirects=False)
    assert reply.headers["location"] == "/a%0D%0Aset-cookie:%20b=c"
    assert "set-cookie" not in reply.headers


def test_outside_of_a_request_the_error_says_so(folder: Path) -> None:
    with pytest.raises(TriodeError, match="render needs a request"):
        render("home.html")


def test_a_missing_template_names_the_folders_and_a_near_name(folder: Path) -> None:
    (folder / "index.html").write_text("")
    with pytest.raises(TemplateError) as caught:
        Templates(folder).render("indx.html", {})
    assert str(caught.value) == (
        f"There is no template 'indx.html'. Searched: {folder}. "
        "Did you mean 'index.html'? [template-missing]"
    )


def test_an_included_template_that_is_missing_is_named(folder: Path) -> None:
    (folder / "page.html").write_text('{% include "part.html" %}')
    with pytest.raises(TemplateError, match=r"no template 'part\.html'"):
        Templates(folder).render("page.html", {})


def test_a_syntax_error_names_its_line(folder: Path) -> None:
    (folder / "page.html").write_text("a\n{% if %}")
    with pytest.raises(TemplateError) as caught:
        Templates(folder).render("page.html", {})
    assert caught.value.where == f"{folder / 'page.html'}:2"


def test_text_templates_are_not_escaped(folder: Path) -> None:
    (folder / "mail.txt").write_text("{{ name }}")
    assert Templates(folder).render("mail.txt", {"name": "A & B"}) == "A & B"


def test_an_unknown_name_is_an_error_in_development_only(folder: Path) -> None:
    from jinja2 import UndefinedError

    (folder / "page.html").write_text("[{{ nmae }}]")
    assert Templates(folder).render("page.html", {}) == "[]"
    with pytest.raises(UndefinedError, match="nmae"):
        Templates(folder, debug=True).render("page.html", {})


def test_a_path_out_of_the_folder_is_missing(folder: Path) -> None:
    with pytest.raises(TemplateError):
        Templates(folder / "inner").render("../secret.html", {})


def test_filters_and_globals_of_the_application(folder: Path) -> None:
    templates = Templates(folder)
    templates.add_global("site", "Ours")

    @templates.filter
    def shout(text: str) -> str:
        return text.upper()

    (folder / "page.html").write_text("{{ site|shout }}")
    assert templates.render("page.html", {}) == "OURS"


class WithSession:
    """Gives every call one session, as triode.auth does."""

    def __init__(self, session: dict[str, object]) -> None:
        self.session = session

    def wrap(self, run):  # type: ignore[no-untyped-def]
        def with_session(call: Call):  # type: ignore[no-untyped-def]
            call.extras = {"session": self.session, "csrf_token": lambda: "tok<en"}
            return run(call)

        return with_session


def test_a_flash_waits_for_the_next_page(serve: Serve) -> None:
    app = App()
    session: dict[str, object] = {}
    app.add_middleware(WithSession, session)

    @app.post("/")
    async def save() -> str:
        flash("Saved.")
        flash("Look\r\nout <b>", "warning")
        return ""

    @app.get("/")
    async def show() -> list[tuple[str, str]]:
        return get_flashed_messages(with_categories=True)

    client = serve(app)
    client.post("/")
    assert client.get("/").json() == [["message", "Saved."], ["warning", "Look\r\nout <b>"]]
    assert client.get("/").json() == []


def test_old_flashes_make_room_for_new_ones(serve: Serve) -> None:
    app = App()
    session: dict[str, Any] = {}
    app.add_middleware(WithSession, session)

    @app.post("/")
    async def save() -> None:
        for letter in "abcdef":
            flash(letter * 1000)

    serve(app).post("/")
    assert [text for _, text in session["_flashes"]] == [letter * 500 for letter in "def"]


def test_the_csrf_field_is_escaped(serve: Serve, folder: Path) -> None:
    (folder / "page.html").write_text("{{ csrf_field() }}")
    app = make_app(folder)
    app.add_middleware(WithSession, {})

    @app.get("/")
    async def home() -> Page:
        return render("page.html")

    expected = '<input type="hidden" name="csrf_token" value="tok&lt;en">'
    assert serve(app).get("/").text == expected


def test_without_sessions_there_is_no_field_and_flash_says_so(serve: Serve, folder: Path) -> None:
    (folder / "page.html").write_text("[{{ csrf_field() }}]")
    app = make_app(folder)

    @app.get("/")
    async def home() -> Page:
        return render("page.html")

    @app.get("/flash")
    async def say() -> str:
        try:
            flash("x")
        except TriodeError as exc:
            return str(exc)
        return ""

    client = serve(app)
    assert client.get("/").text == "[]"
    assert client.get("/flash").json().endswith("Write Auth(app), or Sessions(app). [no-sessions]")
