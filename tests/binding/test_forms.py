"""Form fields and uploads."""

from typing import Annotated, Any

import msgspec
import pydantic
import pytest
from starlette.requests import Request

from triode.app import App
from triode.binding.markers import Body, File, Form
from triode.errors import BindingError
from triode.http.uploads import UploadFile
from triode.routing import Router


def app_with(handler: Any, **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route("/", handler, methods=["POST"], **options)
    return app


def missing(*loc: Any) -> dict[str, Any]:
    return {"type": "missing", "loc": list(loc), "msg": "Field required", "input": None}


def test_urlencoded_form(serve: Any) -> None:
    async def login(
        username: Annotated[str, Form()],
        tags: Annotated[list[str], Form()] = [],  # noqa: B006
        age: int = Form(3, ge=1, alias="the-age"),
    ) -> list[Any]:
        return [username, tags, age]

    client = serve(app_with(login))
    assert client.post("/", data={"username": "a b+é"}).json() == ["a b+é", [], 3]
    sent = {"username": "a", "tags": ["x", "y"], "the-age": "4"}
    assert client.post("/", data=sent).json() == ["a", ["x", "y"], 4]


def test_multipart_form(serve: Any) -> None:
    async def login(username: Annotated[str, Form()], age: Annotated[int, Form()]) -> list[Any]:
        return [username, age]

    client = serve(app_with(login))
    files = {"username": (None, "é"), "age": (None, "4")}
    assert client.post("/", files=files).json() == ["é", 4]


def test_missing_and_empty_fields(serve: Any) -> None:
    async def login(
        username: Annotated[str, Form()], password: Annotated[str, Form()], note: str = Form("none")
    ) -> str:
        return note

    client = serve(app_with(login))
    detail = [missing("body", "username"), missing("body", "password")]
    assert client.post("/", data={"username": "", "note": ""}).json() == {"detail": detail}
    assert client.post("/").json() == {"detail": detail}
    assert client.post("/", data={"username": "a", "password": "b", "note": ""}).json() == "none"


def test_json_for_a_form_is_422(serve: Any) -> None:
    async def login(username: Annotated[str, Form()]) -> str:
        return username

    client = serve(app_with(login))
    assert client.post("/", json={"username": "a"}).json() == {
        "detail": [missing("body", "username")]
    }


def test_wrong_field(serve: Any) -> None:
    async def login(age: Annotated[int, Form()]) -> int:
        return age

    response = serve(app_with(login)).post("/", data={"age": "x"})
    problem = response.json()["detail"][0]
    assert (problem["type"], problem["loc"], problem["input"]) == (
        "int_parsing",
        ["body", "age"],
        "x",
    )


def test_upload(serve: Any) -> None:
    async def upload(file: UploadFile, note: Annotated[str, Form()]) -> list[Any]:
        content = await file.read()
        return [file.filename, file.content_type, file.size, content.decode(), note]

    client = serve(app_with(upload))
    files = {"file": ("a.txt", b"content", "text/plain")}
    response = client.post("/", files=files, data={"note": "x"})
    assert response.json() == ["a.txt", "text/plain", 7, "content", "x"]


def test_upload_as_bytes_and_optional(serve: Any) -> None:
    async def upload(file: Annotated[bytes, File()], other: UploadFile | None = None) -> list[Any]:
        return [file.decode(), other and other.filename]

    client = serve(app_with(upload))
    assert client.post("/", files={"file": b"abc"}).json() == ["abc", None]
    assert client.post("/", files={"file": b"abc", "other": b"x"}).json() == ["abc", "upload"]


def test_several_uploads(serve: Any) -> None:
    async def upload(
        files: list[UploadFile],
        blobs: Annotated[list[bytes], File()] = [],  # noqa: B006
    ) -> list[Any]:
        return [[file.filename for file in files], [blob.decode() for blob in blobs]]

    client = serve(app_with(upload))
    sent = [("files", ("a", b"1")), ("files", ("b", b"2")), ("blobs", ("c", b"3"))]
    assert client.post("/", files=sent).json() == [["a", "b"], ["3"]]


def test_upload_in_a_plain_handler(serve: Any) -> None:
    def upload(file: UploadFile, note: Annotated[str, Form()] = "none") -> list[Any]:
        return [file.file.read().decode(), note]

    assert serve(app_with(upload)).post("/", files={"file": b"abc"}).json() == ["abc", "none"]


def test_missing_upload_and_text_for_an_upload(serve: Any) -> None:
    async def upload(file: UploadFile) -> None: ...

    client = serve(app_with(upload))
    assert client.post("/").json() == {"detail": [missing("body", "file")]}
    problem = client.post("/", data={"file": "text"}).json()["detail"][0]
    assert (problem["loc"], problem["msg"]) == (
        ["body", "file"],
        "Value error, Expected UploadFile, received: <class 'str'>",
    )


def test_form_and_request_together(serve: Any) -> None:
    async def login(request: Request, username: Annotated[str, Form()]) -> list[Any]:
        form = await request.form()
        return [username, dict(form)]

    client = serve(app_with(login))
    assert client.post("/", data={"username": "a"}).json() == ["a", {"username": "a"}]
    response = client.post("/", files={"username": (None, "a")})
    assert response.json() == ["a", {"username": "a"}]


@pytest.mark.parametrize(
    ("media", "content"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=b", b"garbage"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: x\r\n\r\nx\r\n--b--",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n'),
        ("multipart/form-data; boundary=\xff", b"x"),
        ("multipart/form-data; boundary=b; charset=nonsense", b"--b--\r\n"),
        ("application/x-www-form-urlencoded", b"\xff=\xfe"),
        ("application/x-www-form-urlencoded", b"%ff=%fe&a=%ED%A0%80&%=&=&&"),
        ("application/x-www-form-urlencoded", b"a=%00"),
    ],
)
@pytest.mark.parametrize("kind", [str, UploadFile])
def test_no_form_is_a_server_error(serve: Any, kind: Any, media: str, content: bytes) -> None:
    async def read(a):  # type: ignore[no-untyped-def]
        return "read"

    read.__annotations__["a"] = Annotated[kind, Form()] if kind is str else kind
    client = serve(app_with(read))
    headers = {"Content-Type": media.encode("latin-1")}
    assert client.post("/", content=content, headers=headers).status_code in (200, 400, 422)


def test_form_too_large_is_413(serve: Any) -> None:
    async def upload(file: UploadFile) -> int:
        return file.size or 0

    client = serve(app_with(upload, max_body_size=1000))
    assert client.post("/", files={"file": b"x" * 100}).json() == 100
    assert client.post("/", files={"file": b"x" * 2000}).status_code == 413


def test_body_and_form_cannot_be_mixed() -> None:
    async def handler(a: Annotated[int, Form()], b: Annotated[int, Body()]) -> None: ...

    with pytest.raises(BindingError) as caught:
        _ = app_with(handler).table
    assert str(caught.value) == (
        f"{__file__}:{handler.__code__.co_firstlineno}: "
        "tests.binding.test_forms.test_body_and_form_cannot_be_mixed.<locals>.handler takes a form "
        "and the JSON body 'b'. A request has only one body: use one of them. [binding-two-bodies]"
    )


def test_file_for_a_number_and_for_text(serve: Any) -> None:
    async def read(
        n: Annotated[int | None, Form()] = None, t: Annotated[str, Form()] = ""
    ) -> None: ...

    client = serve(app_with(read))
    for name, kind in (("n", "int_type"), ("t", "string_type")):
        response = client.post("/", files={name: ("a.txt", b"1")})
        assert [each["type"] for each in response.json()["detail"]] == [kind]


def test_text_for_a_file_of_bytes_is_its_content(serve: Any) -> None:
    async def read(data: Annotated[bytes, File(max_length=3)]) -> int:
        return len(data)

    client = serve(app_with(read))
    assert client.post("/", data={"data": "ab"}).json() == 2
    response = client.post("/", files={"data": ("a", b"abcd")})
    assert response.json()["detail"][0]["type"] == "bytes_too_long"


def test_upload_is_ours_and_read_by_two_parameters(serve: Any) -> None:
    async def read(
        file: Annotated[UploadFile, File()], data: Annotated[bytes, File(alias="file")]
    ) -> list[Any]:
        return [type(file) is UploadFile, file.size, data == await file.read(), file.content_type]

    response = serve(app_with(read)).post("/", files={"file": ("../a.txt", b"abc", "text/x")})
    assert response.json() == [True, 3, True, "text/x"]


def test_large_upload_is_on_disk(serve: Any) -> None:
    async def read(file: UploadFile) -> list[Any]:
        await file.seek(2_000_000)
        rolled: Any = file.file
        return [rolled._rolled, len(await file.read()), file.size]

    response = serve(app_with(read)).post("/", files={"file": ("a", b"x" * 2_000_001)})
    assert response.json() == [True, 1, 2_000_001]


LIMITS = {"max_fields": 2, "max_files": 1, "max_part_size": 2048}


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"data": {"a": ["1", "2", "3"]}}, "Too many fields. Maximum number of fields is 2."),
        ({"data": {"a": "x" * 2049}}, "Field exceeded maximum size of 2KB."),
        (
            {"data": {"a": ["1", "2", "3"]}, "files": {"f": ("f", b"")}},
            "Too many fields. Maximum number of fields is 2.",
        ),
        (
            {"files": [("f", ("f", b"a")), ("f", ("g", b"b"))]},
            "Too many files. Maximum number of files is 1.",
        ),
        (
            {"data": {"a": "x" * 2049}, "files": {"f": ("f", b"")}},
            "Part exceeded maximum size of 2KB.",
        ),
    ],
)
@pytest.mark.parametrize("owner", ["app", "router", "route"])
def test_limits_of_a_form(serve: Any, sent: Any, detail: str, owner: str) -> None:
    async def read(
        a: Annotated[list[str] | None, Form()] = None, f: Annotated[Any, File()] = None
    ) -> None: ...

    limits: Any = {name: LIMITS if name == owner else None for name in ("app", "router", "route")}
    app = App(openapi_url=None, form_limits=limits["app"])
    router = Router(form_limits=limits["router"])
    router.add_api_route("/", read, methods=["POST"], form_limits=limits["route"])
    app.include_router(router)
    response = serve(app).post("/", **sent)
    assert (response.status_code, response.json()) == (400, {"detail": detail})


class Post(msgspec.Struct):
    title: str
    file: UploadFile
    thumb: Annotated[bytes, File()] = b""
    tags: list[str] = []


class PydanticPost(pydantic.BaseModel):
    title: str
    file: UploadFile
    thumb: Annotated[bytes, File()] = b""
    tags: list[str] = []


@pytest.mark.parametrize("kind", [Post, PydanticPost])
def test_uploads_in_a_form_model(serve: Any, kind: Any) -> None:
    async def read(post: Any) -> list[Any]:
        return [post.title, (await post.file.read()).decode(), post.thumb.decode(), post.tags]

    read.__annotations__["post"] = Annotated[kind, Form()]
    client = serve(app_with(read))
    files = {"file": ("f", b"abc"), "thumb": ("t", b"d")}
    sent = client.post("/", data={"title": "a", "tags": ["x", "y"]}, files=files)
    assert sent.json() == ["a", "abc", "d", ["x", "y"]]
    assert client.post("/", data={"title": "a"}).json()["detail"][0]["loc"] == ["body", "file"]
