"""Static files with hashed names, and the build of a frontend."""

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from triode import Depends, HTTPException, Router, Triode, url_for
from triode.app import App
from triode.errors import RouteError
from triode.http import folder as folder_module
from triode.http.folder import Folder

CSS = b"body { color: red }"
HASHED = f"app.{hashlib.sha256(CSS).hexdigest()[:12]}.css"
FOREVER = "public, max-age=31536000, immutable"
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "static"
    for name, content in (
        ("app.css", CSS), ("img/a b.svg", b"<svg/>"), (".env", b"SECRET"), (".git/config", b"x"),
        (".well-known/security.txt", b"Contact:"), ("x..y.txt", b"dots"),
    ):  # fmt: skip
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    (tmp_path / "secret.txt").write_bytes(b"SECRET")
    return directory


def static_app(files: Path, **options: Any) -> App:
    app = App(openapi_url=None)
    app.static("/static", files, **options)
    app.add_api_route("/url", lambda path: url_for("static", path=path))
    return app


def test_file_under_its_own_name(serve: Any, files: Path) -> None:
    response = serve(static_app(files)).get("/static/app.css")
    assert (response.status_code, response.content) == (200, CSS)
    assert response.headers["cache-control"] == "public, max-age=60"
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert "etag" in response.headers


def test_file_under_its_hashed_name(serve: Any, files: Path) -> None:
    client = serve(static_app(files))
    assert client.get("/url?path=app.css").json() == f"/static/{HASHED}"
    response = client.get(f"/static/{HASHED}")
    assert (response.content, response.headers["cache-control"]) == (CSS, FOREVER)
    assert client.head(f"/static/{HASHED}").headers["content-length"] == str(len(CSS))


def test_change_gives_another_name_without_a_restart(serve: Any, files: Path) -> None:
    client = serve(static_app(files))
    before = client.get("/url?path=app.css").json()
    (files / "app.css").write_bytes(b"changed!")
    assert client.get("/url?path=app.css").json() != before
    old = client.get(before)
    assert (old.content, old.headers["cache-control"]) == (b"changed!", "no-cache")


def test_names_that_are_no_files_keep_their_address(serve: Any, files: Path) -> None:
    client = serve(static_app(files))
    for name in ("missing.css", "img", ".env"):
        assert client.get("/url", params={"path": name}).json() == f"/static/{name}"
    assert client.get("/url?path=/img/a b.svg").json().startswith("/static/img/a%20b.")


def test_debug_and_no_age_ask_each_time(serve: Any, files: Path) -> None:
    for app in (static_app(files, max_age=0), static_app(files)):
        app.debug = True
        response = serve(app).get("/static/app.css")
        assert response.headers["cache-control"] == "no-cache"


def test_conditional_request(serve: Any, files: Path) -> None:
    client = serve(static_app(files))
    headers = {"If-None-Match": client.get("/static/app.css").headers["etag"]}
    response = client.get("/static/app.css", headers=headers)
    assert (response.status_code, response.headers["cache-control"]) == (304, "public, max-age=60")


@pytest.mark.parametrize(
    "path",
    [
        "missing.css", "", "img", "img/", "app.css/", "app.css/x", ".env", ".git/config", "..",
        "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "img/../../secret.txt",
        "img/..%5c..%5csecret.txt", "%00", "app.css%00", "/etc/passwd", "//etc/passwd",
        "%2fetc/passwd", "a" * 300, "img//a%20b.svg", "%ff%fe", "app.000000000000.css/x",
        "img/.000000000000.env", ".000000000000.env",
    ],
)  # fmt: skip
def test_what_is_not_served(files: Path, path: str, way: str, serve: Any) -> None:
    response = serve(static_app(files), follow_redirects=False).get(f"/static/{path}")
    assert (response.status_code, b"SECRET" in response.content) == (404, False)


@pytest.mark.parametrize("path", [".well-known/security.txt", "x..y.txt", "img/a%20b.svg"])
def test_unusual_names_that_are_served(serve: Any, files: Path, path: str) -> None:
    assert serve(static_app(files)).get(f"/static/{path}").status_code == 200


def test_links_out_of_the_directory(serve: Any, files: Path, tmp_path: Path) -> None:
    (files / "out.txt").symlink_to(tmp_path / "secret.txt")
    (files / "up").symlink_to(tmp_path)
    (files / "in.css").symlink_to(files / "app.css")
    (files / "app.css.gz").symlink_to(tmp_path / "secret.txt")
    client = serve(static_app(files))
    assert client.get("/static/out.txt").status_code == 404
    assert client.get("/static/up/secret.txt").status_code == 404
    assert client.get("/static/in.css").content == CSS
    followed = serve(static_app(files, follow_symlinks=True))
    assert followed.get("/static/out.txt").content == b"SECRET"


def test_directory_behind_a_link(serve: Any, files: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(files)
    assert serve(static_app(tmp_path / "current")).get("/static/app.css").content == CSS


@pytest.mark.parametrize("name", ["NUL", "com1.txt", "a:b", "a.", "a ", "Aux.css", "a?b"])
def test_devices_and_streams_of_windows(
    files: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / name).write_bytes(b"x")
    assert Folder(files).find(name) is not None
    monkeypatch.setattr(folder_module, "_IS_WINDOWS", True)
    assert Folder(files).find(name) is None


def test_spelling_counts_where_the_disk_ignores_it(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "_IGNORES_CASE", True)
    real_stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **options: real_stat(str(path).lower(), **options))
    assert Folder(files).find("app.css") is not None
    assert Folder(files).find("APP.css") is None


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br", "br"), ("gzip", "gzip"), ("gzip;q=0.5, *;q=0", "gzip"), ("*", "br"),
        ("br;q=0, gzip", "gzip"), ("identity", None), ("", None), ("br;q=0", None),
    ],
)  # fmt: skip
def test_compressed_siblings(serve: Any, files: Path, accepted: str, coding: str | None) -> None:
    contents = {None: CSS, "gzip": gzip.compress(CSS), "br": b"not really brotli"}
    (files / "app.css.gz").write_bytes(contents["gzip"])
    (files / "app.css.br").write_bytes(contents["br"])
    client = serve(static_app(files), headers={"Accept-Encoding": accepted})
    with client.stream("GET", f"/static/{HASHED}") as response:
        body = b"".join(response.iter_raw())
    assert (response.headers.get("content-encoding"), body) == (coding, contents[coding])
    assert response.headers["vary"] == "accept-encoding"
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert response.headers["cache-control"] == FOREVER
    plain = client.get("/static/app.css", headers={"Accept-Encoding": "identity"})
    assert (plain.headers["etag"] == response.headers["etag"]) == (coding is None)


def test_sibling_of_an_older_file_is_not_sent(serve: Any, files: Path) -> None:
    (files / "app.css.gz").write_bytes(gzip.compress(b"old"))
    os.utime(files / "app.css.gz", (1_600_000_000, 1_600_000_000))
    response = serve(static_app(files)).get("/static/app.css")
    assert (response.content, "vary" in response.headers) == (CSS, False)


def test_other_methods_are_refused(serve: Any, files: Path) -> None:
    response = serve(static_app(files)).post("/static/app.css")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_missing_directory_is_found_at_start() -> None:
    with pytest.raises(RouteError, match=r"/no/such/place' of static files is missing"):
        App().static("/static", "/no/such/place")


def test_dependencies_protect_static_files(serve: Any, files: Path) -> None:
    def refuse() -> None:
        raise HTTPException(401)

    router = Router(dependencies=[Depends(refuse)])
    router.static("/private", files, name="private")
    app = App(openapi_url=None)
    app.include_router(router, prefix="/a")
    client = serve(app)
    assert client.get("/a/private/app.css").status_code == 401
    assert app.url_path_for("private", path="app.css") == f"/a/private/{HASHED}"


def test_folder_beside_the_application(serve: Any, files: Path) -> None:
    program = files.parent / "app.py"
    program.write_text(
        "from triode import Triode, url_for\n"
        "app = Triode()\n"
        '@app.get("/url")\n'
        "async def url() -> str:\n"
        '    return url_for("static", filename="app.css")\n'
    )
    namespace: dict[str, Any] = {"__file__": str(program), "__name__": "app"}
    exec(compile(program.read_text(), str(program), "exec"), namespace)
    client = serve(namespace["app"])
    assert client.get("/url").json() == f"/static/{HASHED}"
    assert client.get("/static/app.css").content == CSS


def test_routes_of_the_program_go_before_the_folder_beside_it(serve: Any, files: Path) -> None:
    from triode.staticfiles import StaticFiles

    other = files.parent / "other"
    other.mkdir()
    (other / "app.css").write_bytes(b"other")
    app = Triode()
    app.directory = files.parent
    app._serve_static()
    app.mount("/static", StaticFiles(directory=other), name="assets")
    assert serve(app).get("/static/app.css").content == b"other"


# --- frontends


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    directory = tmp_path / "dist"
    for name in ("index.html", "assets/app.js", "guide/index.html"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)
    return directory


def frontend_app(dist: Path, **options: Any) -> App:
    app = App(openapi_url=None)
    app.frontend("/", directory=dist, **options)

    @app.get("/api/items/{item}")
    def item(item: int) -> int:
        if item == 404:
            raise HTTPException(404, "No such item")
        return item

    return app


@pytest.mark.parametrize(
    ("path", "headers", "status", "text"),
    [
        ("/", {}, 200, "index.html"),
        ("/assets/app.js", {}, 200, "assets/app.js"),
        ("/guide/", {}, 200, "guide/index.html"),
        ("/dashboard/settings", HTML, 200, "index.html"),
        ("/dashboard", {"Accept": "*/*"}, 404, '{"detail":"Not Found"}'),
        ("/dashboard", {"Accept": "text/html;q=0, */*"}, 404, '{"detail":"Not Found"}'),
        ("/assets/old.js", {"Accept": "*/*"}, 404, '{"detail":"Not Found"}'),
        ("/api/items/7", HTML, 200, "7"),
        ("/api/items/404", HTML, 404, '{"detail":"No such item"}'),
        ("/.env", {}, 404, '{"detail":"Not Found"}'),
    ],
)
def test_frontend(
    serve: Any, dist: Path, path: str, headers: dict[str, str], status: int, text: str
) -> None:
    response = serve(frontend_app(dist)).get(path, headers=headers)
    assert (response.status_code, response.text) == (status, text)
    if status == 200 and not path.startswith("/api"):
        assert response.headers["cache-control"] == "no-cache"


def test_frontend_page_for_what_is_missing(serve: Any, dist: Path) -> None:
    (dist / "404.html").write_text("gone")
    client = serve(frontend_app(dist))
    assert [client.get("/x").status_code, client.get("/x").text] == [404, "gone"]
    assert client.post("/x").json() == {"detail": "Not Found"}


def test_frontend_without_fallback(serve: Any, dist: Path) -> None:
    assert serve(frontend_app(dist, fallback=None)).get("/x", headers=HTML).status_code == 404


def test_frontend_redirects_to_a_directory(serve: Any, dist: Path) -> None:
    app = App(openapi_url=None, root_path="/root")
    app.frontend("/ui", directory=dist)
    client = serve(app, follow_redirects=False)
    response = client.get("/ui/guide?a=b")
    assert response.status_code == 307
    assert response.headers["location"].endswith("/root/ui/guide/?a=b")


def test_frontend_refuses_other_methods(serve: Any, dist: Path) -> None:
    client = serve(frontend_app(dist))
    refused = client.post("/assets/app.js")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert client.post("/missing", headers=HTML).status_code == 404
    assert client.head("/dashboard", headers=HTML).headers["content-length"] == "10"


def test_longest_prefix_wins(serve: Any, dist: Path, files: Path) -> None:
    app = frontend_app(dist)
    router = Router()
    router.frontend("/", directory=files, fallback=None)
    app.include_router(router, prefix="/assets")
    client = serve(app)
    assert client.get("/assets/app.css").content == CSS
    assert client.get("/assets/app.js").status_code == 404
    assert client.get("/assetsx", headers=HTML).text == "index.html"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fallback": "spa"}, "fallback='spa' is none of 'auto', 'index.html', '404.html'"),
        ({"fallback": "404.html"}, "The fallback '404.html' is not in"),
        ({"directory": "/no/such/place"}, "frontend's directory '/no/such/place' is missing"),
    ],
)
def test_frontend_that_cannot_be(dist: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RouteError, match=message):
        App().frontend("/", **{"directory": dist, **options})


def test_frontend_not_built_yet_is_a_warning_while_developing(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIODE_DEBUG", "1")
    app = App(openapi_url=None)
    with pytest.warns(UserWarning, match="is missing. Build the frontend first"):
        app.frontend("/", directory=tmp_path / "dist")
    client = serve(app)
    assert client.get("/").status_code == 500
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("built")
    assert client.get("/").text == "built"
