"""`Submitted[…]` and `ModelForm`, through an application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from starlette.datastructures import UploadFile

from triode.app import App
from triode.errors import BindingError, TriodeError
from triode.forms import Form, ModelForm, Submitted
from triode.schema import Changes, FieldInfo


class Post(msgspec.Struct, kw_only=True):
    """Stands for a model: what saves and updates itself."""

    saved: ClassVar[list[Post]] = []

    title: Annotated[str, FieldInfo(max_length=10)]
    author: str = "nobody"
    id: Annotated[int, FieldInfo(read_only=True)] = 0

    async def save(self) -> Post:
        self.saved.append(self)
        return self

    async def update(self, changes: Changes) -> Post:
        for name, value in changes.items():
            setattr(self, name, value)
        return self


class Photo(msgspec.Struct):
    name: str
    content: Annotated[Any, FieldInfo(json_schema_extra={"widget": "file"})]


@pytest.fixture(autouse=True)
def _nothing_saved() -> None:
    Post.saved.clear()


def make_app() -> App:
    app = App()

    @app.post("/posts")
    async def save_post(form: Submitted[ModelForm[Post]]) -> dict[str, Any]:
        if not form.is_valid:
            return {"errors": form.errors}
        post = await form.save()
        return {"title": post.title, "id": post.id}

    @app.post("/photos")
    async def save_photo(form: Submitted[Form[Photo]]) -> list[Any]:
        upload = form.cleaned_data["content"]
        assert isinstance(upload, UploadFile)
        return [form.cleaned_data["name"], upload.filename, (await upload.read()).decode()]

    return app


Serve = Callable[..., Any]


def test_a_submitted_form_saves(serve: Serve) -> None:
    reply = serve(make_app()).post("/posts", data={"title": "Hello"})
    assert reply.json() == {"title": "Hello", "id": 0}


def test_what_is_read_only_is_not_accepted(serve: Serve) -> None:
    reply = serve(make_app()).post("/posts", data={"title": "Hello", "id": "7"})
    assert reply.json() == {"title": "Hello", "id": 0}


def test_a_form_with_errors_reaches_the_handler(serve: Serve) -> None:
    reply = serve(make_app()).post("/posts", data={"title": "x" * 11})
    assert reply.json() == {"errors": {"title": ["Please enter at most 10 characters."]}}


def test_an_empty_body_is_an_empty_form(serve: Serve) -> None:
    reply = serve(make_app()).post("/posts")
    assert reply.json() == {"errors": {"title": ["Please fill in this field."]}}


def test_an_upload_arrives(serve: Serve) -> None:
    reply = serve(make_app()).post(
        "/photos", data={"name": "Cat"}, files={"content": ("cat.txt", b"meow")}
    )
    assert reply.json() == ["Cat", "cat.txt", "meow"]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b'{"title": "x"}', "application/json"),
        (b"title=\xff", "application/x-www-form-urlencoded"),
        (b"rubbish", "multipart/form-data; boundary=x"),
        (b"rubbish", "multipart/form-data"),
    ],
)
def test_what_is_no_form_is_a_400(serve: Serve, body: bytes, media: str) -> None:
    reply = serve(make_app()).post("/posts", content=body, headers={"content-type": media})
    assert reply.status_code == 400
    assert list(reply.json()) == ["detail"]


def test_broken_percent_signs_are_text(serve: Serve) -> None:
    reply = serve(make_app()).post(
        "/posts",
        content=b"title=%zz%",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert reply.json()["title"] == "%zz%"


def test_the_api_documents_what_a_form_sends() -> None:
    document = make_app().openapi()
    content = document["paths"]["/posts"]["post"]["requestBody"]["content"]
    assert content == {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "properties": {
                    "title": {"minLength": 1, "type": "string", "maxLength": 10},
                    "author": {"type": "string"},
                },
                "required": ["title"],
            }
        }
    }
    photo = document["paths"]["/photos"]["post"]["requestBody"]["content"]
    assert list(photo) == ["multipart/form-data"]


def test_submitted_takes_form_classes_only() -> None:
    with pytest.raises(BindingError, match="takes a form class"):
        Submitted[Post]


def run(form: ModelForm[Any], *args: Any, **values: Any) -> Any:
    import anyio

    async def call() -> Any:
        return await form.save(*args, **values)

    return anyio.run(call)


def test_saving_changes_an_object_that_is_there() -> None:
    post = Post(title="Old", author="Ada", id=7)
    form = ModelForm(Post, {"title": ["New"], "author": ["Grace"]}, instance=post)
    assert run(form) is post
    assert (post.title, post.author, post.id) == ("New", "Grace", 7)
    assert Post.saved == []


def test_a_partial_form_changes_only_its_fields() -> None:
    class Rename(ModelForm[Post]):
        fields = ["title"]

    post = Post(title="Old", author="Ada", id=7)
    run(Rename(data={"title": ["New"]}), post)
    assert (post.title, post.author) == ("New", "Ada")


def test_values_beside_the_form_are_saved_too() -> None:
    class Short(ModelForm[Post]):
        exclude = ["author"]

    class Anonymous(ModelForm[Post]):
        fields = ["author"]

    assert run(Short(data={"title": ["New"]}), author="Ada").author == "Ada"
    made = run(Anonymous(data={"author": ["Ada"]}), title="Given")
    assert (made.title, made.author) == ("Given", "Ada")


def test_a_form_with_errors_cannot_be_saved() -> None:
    with pytest.raises(TriodeError, match="form-not-valid"):
        run(ModelForm(Post, {"title": [""]}))
