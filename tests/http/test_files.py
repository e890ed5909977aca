"""Files: whole, in ranges, and not at all to a client that has them."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.background import BackgroundTask

from triode.app import App
from triode.http.files import READ_AT_ONCE, content_disposition
from triode.http.ranges import MAX_RANGES
from triode.responses import FileResponse, Response

MODIFIED = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"
BIG = bytes(range(256)) * 2048


@pytest.fixture
def client(serve: Any, tmp_path: Path) -> Any:
    for name, content in (("small.txt", b"0123456789"), ("empty.txt", b""), ("big.bin", BIG)):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (MODIFIED, MODIFIED))
    app = App(openapi_url=None)

    @app.get("/files/{name}")
    def send(name: str, response: Response) -> FileResponse:
        response.headers["X-A"] = "b"
        return FileResponse(tmp_path / name)

    @app.post("/files/{name}")
    def post(name: str) -> FileResponse:
        return FileResponse(tmp_path / name)

    return serve(app)


@pytest.mark.parametrize(("name", "content"), [("small.txt", b"0123456789"), ("big.bin", BIG)])
def test_whole_file(client: Any, name: str, content: bytes) -> None:
    response = client.get(f"/files/{name}")
    assert (response.status_code, response.content) == (200, content)
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["last-modified"] == DATE
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["x-a"] == "b"
    assert len(BIG) > READ_AT_ONCE


@pytest.mark.parametrize("name", ["small.txt", "big.bin", "empty.txt"])
def test_head_has_the_length_and_no_content(client: Any, name: str) -> None:
    response = client.head(f"/files/{name}", headers={"Range": "bytes=0-1"})
    whole = client.get(f"/files/{name}")
    assert (response.status_code, response.content) == (200, b"")
    for header in ("content-length", "content-type", "etag", "last-modified"):
        assert response.headers[header] == whole.headers[header]


@pytest.mark.parametrize(
    ("header", "part", "place"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes = 2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=0-4, 3-5", b"012345", "bytes 0-5/10"),
        ("bytes=1-2,20-30", b"12", "bytes 1-2/10"),
    ],
)
def test_one_range(client: Any, header: str, part: bytes, place: str) -> None:
    response = client.get("/files/small.txt", headers={"Range": header})
    assert (response.status_code, response.content) == (206, part)
    assert response.headers["content-range"] == place
    assert response.headers["content-length"] == str(len(part))


def test_one_large_range(client: Any) -> None:
    response = client.get("/files/big.bin", headers={"Range": "bytes=1000-400000"})
    assert (response.status_code, response.content) == (206, BIG[1000:400001])


def test_several_ranges(client: Any) -> None:
    response = client.get("/files/small.txt", headers={"Range": "bytes=-1,0-1, 5-5"})
    media, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert (response.status_code, media) == (206, "multipart/byteranges")
    parts = [
        f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Range: bytes {place}/10\r\n\r\n{text}\r\n"
        for place, text in (("0-1", "01"), ("5-5", "5"), ("9-9", "9"))
    ]
    assert response.text == "".join(parts) + f"--{boundary}--\r\n"
    assert response.headers["content-length"] == str(len(response.content))


@pytest.mark.parametrize("name", ["small.txt", "empty.txt"])
@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12,99-", "bytes=-0"])
def test_range_outside_of_the_file(client: Any, name: str, header: str) -> None:
    response = client.get(f"/files/{name}", headers={"Range": header})
    size = 10 if name == "small.txt" else 0
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "header",
    [
        "", "bytes", "bytes=", "bytes=a-b", "bytes=5-2", "bytes=-", "bytes=--1", "bytes=1-2,x",
        "pages=1-2", "bytes=" + ",".join(["0-0"] * (MAX_RANGES + 1)), "bytes=٣-٤", "bytes=-1-",
        "bytes=" + "9" * 5000 + "-",
    ],
)  # fmt: skip
def test_range_that_makes_no_sense_is_ignored(client: Any, header: str) -> None:
    response = client.get("/files/small.txt", headers={"Range": header.encode()})
    assert (response.status_code, response.content) == (200, b"0123456789")


def test_last_bytes_of_an_empty_file_are_all_of_it(client: Any) -> None:
    response = client.get("/files/empty.txt", headers={"Range": "bytes=-5"})
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"If-None-Match": "ETAG"}, 304),
        ({"If-None-Match": 'W/ETAG, "b"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"', "If-Modified-Since": DATE}, 200),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "nonsense"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "W/ETAG"}, 412),
        ({"If-Match": "ETAG"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Unmodified-Since": EARLIER}, 412),
        ({"If-Unmodified-Since": LATER}, 200),
    ],
)
def test_conditional_request(client: Any, header: dict[str, str], status: int) -> None:
    etag = client.get("/files/small.txt").headers["etag"]
    headers = {name: value.replace("ETAG", etag) for name, value in header.items()}
    response = client.get("/files/small.txt", headers=headers)
    assert response.status_code == status
    assert response.headers["etag"] == etag
    assert response.content == (b"0123456789" if status == 200 else b"")
    assert ("content-type" in response.headers) == (status == 200)


@pytest.mark.parametrize(
    ("value", "status"), [("ETAG", 206), ('"other"', 200), (DATE, 206), (LATER, 200), ("x", 200)]
)
def test_range_of_a_file_that_has_changed_is_the_whole(
    client: Any, value: str, status: int
) -> None:
    etag = client.get("/files/small.txt").headers["etag"]
    headers = {"Range": "bytes=0-1", "If-Range": value.replace("ETAG", etag)}
    assert client.get("/files/small.txt", headers=headers).status_code == status


def test_other_methods_have_no_conditions_and_ranges(client: Any) -> None:
    headers = {"Range": "bytes=0-1", "If-None-Match": "*"}
    response = client.post("/files/small.txt", headers=headers)
    assert (response.status_code, response.content) == (200, b"0123456789")


def test_missing_file_is_a_server_error(
    client: Any, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    assert client.get("/files/missing.txt").status_code == 500
    if way == "lane":
        assert "There is no file at" in caplog.text


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.txt", 'attachment; filename="a b.txt"'),
        ("naïve.txt", "attachment; filename=\"na_ve.txt\"; filename*=utf-8''na%C3%AFve.txt"),
        ('a"b\\.txt', "attachment; filename=\"a_b_.txt\"; filename*=utf-8''a%22b%5C.txt"),
        ("a\r\nb", "attachment; filename=\"a__b\"; filename*=utf-8''a%0D%0Ab"),
    ],
)
def test_name_of_a_download(name: str, header: str) -> None:
    assert content_disposition(name) == header


def test_download(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"%PDF")
    app = App(openapi_url=None)
    app.add_api_route("/", lambda: FileResponse(tmp_path / "x", filename="übung.pdf"))
    response = serve(app).get("/")
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"].endswith("filename*=utf-8''%C3%BCbung.pdf")


@pytest.mark.parametrize(
    ("name", "status"), [("x", 200), ("../y", 404), (".z", 404), ("none", 404), ("", 404)]
)
def test_name_from_outside(serve: Any, tmp_path: Path, name: str, status: int) -> None:
    (tmp_path / "in").mkdir()
    for file in ("in/x", "y", "in/.z"):
        (tmp_path / file).write_bytes(b"content")
    app = App(openapi_url=None)
    app.add_api_route("/", lambda name: FileResponse.within(tmp_path / "in", name))
    assert serve(app).get("/", params={"name": name}).status_code == status


@pytest.mark.parametrize("size", [10, READ_AT_ONCE + 1])
def test_background_task_runs_once(serve: Any, tmp_path: Path, size: int) -> None:
    done: list[int] = []
    (tmp_path / "x").write_bytes(bytes(size))
    app = App(openapi_url=None)
    task = BackgroundTask(done.append, 1)
    app.add_api_route("/", lambda: FileResponse(tmp_path / "x", background=task))
    assert len(serve(app).get("/").content) == size
    end = time.monotonic() + 3
    while not done and time.monotonic() < end:
        time.sleep(0.005)
    assert done == [1]


def test_response_that_is_sent_again_knows_the_file_as_it_is(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    kept = FileResponse(tmp_path / "x", headers={"X-A": "b"})
    app = App(openapi_url=None)
    app.add_api_route("/", lambda: kept)
    client = serve(app)
    headers = {"If-None-Match": client.get("/").headers["etag"]}
    assert client.get("/", headers=headers).status_code == 304
    (tmp_path / "x").write_bytes(b"changed")
    changed = client.get("/", headers=headers)
    assert (changed.status_code, changed.content, changed.headers["x-a"]) == (200, b"changed", "b")


def test_entity_tag_of_ones_own(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"content")
    app = App(openapi_url=None)
    app.add_api_route("/", lambda: FileResponse(tmp_path / "x", headers={"ETag": '"v1"'}))
    client = serve(app)
    assert client.get("/").headers["etag"] == '"v1"'
    assert client.get("/", headers={"If-None-Match": '"v1"'}).status_code == 304


def test_server_that_sends_paths_gets_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(BIG)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {
        "type": "http", "method": "GET", "headers": [],
        "extensions": {"http.response.pathsend": {}},
    }  # fmt: skip
    asyncio.run(FileResponse(tmp_path / "x")(scope, receive, send))
    assert [message["type"] for message in sent] == [
        "http.response.start",
        "http.response.pathsend",
    ]
    assert sent[1]["path"] == str(tmp_path / "x")
