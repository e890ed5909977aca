"""`ModelForm` over real models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from triode.app import App
from triode.db import Database, Field, ForeignKey, Model
from triode.errors import ClientError
from triode.forms import ModelForm, Submitted

Serve = Callable[..., Any]


class FormAuthor(Model):
    name: str = Field(max_length=40)

    def __str__(self) -> str:
        return self.name


class FormPost(Model):
    title: str = Field(max_length=20, unique=True, help_text="Short.")
    author: FormAuthor | None = ForeignKey(on_delete="set null")
    status: str = Field(default="d", choices=[("d", "Draft"), ("p", "Public")])
    secret: str = Field(default="", write_only=True)


class FormPage(Model):
    title: str
    version: int = Field(1, version=True)


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'forms.db'}")
    made.make_default()
    with made.active():
        made.create_tables(FormAuthor, FormPost, FormPage).run()
        yield made
    anyio.run(made.stop)


@pytest.fixture
def app(database: Database) -> App:
    made = App()
    made.attach(database)

    @made.post("/posts")
    async def create(form: Submitted[ModelForm[FormPost]]) -> Any:
        if not form.is_valid:
            return form.errors
        return (await form.save()).id

    @made.post("/posts/{id}")
    async def change(id: int, form: Submitted[ModelForm[FormPost]]) -> Any:
        if not form.is_valid:
            return form.errors
        post = await form.save(await FormPost.get(id))
        return [post.title, post.author_id]

    return made


def author(name: str) -> FormAuthor:
    return FormAuthor(name=name).save().run()


def test_a_foreign_key_is_a_list_of_rows() -> None:
    author("Grace")
    author("ada <b>")
    control = ModelForm(FormPost)["author_id"].control
    assert control == (
        '<select id="id_author_id" name="author_id"><option value="">—</option>'
        '<option value="2">ada &lt;b&gt;</option><option value="1">Grace</option></select>'
    )


def test_the_rows_can_be_loaded_before() -> None:
    author("Grace")

    async def load() -> Any:
        return await ModelForm(FormPost).load()

    assert anyio.run(load)["author_id"].widget.choices == [("1", "Grace")]


def test_many_rows_are_searched_while_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triode.forms.model_form.MOST_IN_A_LIST", 1)
    author("Ada")
    author("Grace")
    assert ModelForm(FormPost)["author_id"].control == (
        '<input type="text" id="id_author_id" name="author_id" list="id_author_id-choices" '
        'autocomplete="off" value=""><datalist id="id_author_id-choices">'
        '<option value="1">Ada</option><option value="2">Grace</option></datalist>'
    )


def test_choices_and_help_of_a_field() -> None:
    form = ModelForm(FormPost)
    assert form["status"].widget.choices == [("d", "Draft"), ("p", "Public")]
    assert form["status"].value == "d"
    assert form["title"].help == "Short."
    assert form["author_id"].label == "Author"


def test_a_form_creates_a_row(serve: Serve, app: App) -> None:
    ada = author("Ada")
    fields = {"title": "One", "author_id": str(ada.id), "status": "p", "secret": "s"}
    assert serve(app).post("/posts", data=fields).json() == 1
    post = FormPost.get(1).run()
    assert (post.title, post.author_id, post.status, post.secret) == ("One", ada.id, "p", "s")


@pytest.mark.parametrize("key", ["99", str(2**63), "-1", "x", "1.5"])
def test_a_row_that_is_not_there_is_an_error_beside_the_field(
    serve: Serve, app: App, key: str
) -> None:
    reply = serve(app).post("/posts", data={"title": "One", "author_id": key})
    assert (reply.status_code, list(reply.json())) == (200, ["author_id"])


def test_a_taken_value_is_an_error_beside_its_field(serve: Serve, app: App) -> None:
    client = serve(app)
    client.post("/posts", data={"title": "One"})
    reply = client.post("/posts", data={"title": "One"})
    assert reply.json() == {"title": ["Title 'One' is taken already."]}


def test_a_row_that_is_changed_keeps_its_own_value(serve: Serve, app: App) -> None:
    client = serve(app)
    ada = author("Ada")
    client.post("/posts", data={"title": "One", "author_id": str(ada.id)})
    client.post("/posts", data={"title": "Two"})
    assert client.post("/posts/1", data={"title": "One"}).json() == ["One", None]
    assert list(client.post("/posts/1", data={"title": "Two"}).json()) == ["title"]


def test_a_value_taken_meanwhile_is_refused_by_the_database() -> None:
    FormPost(title="One").save().run()
    form = ModelForm(FormPost, {"title": ["One"]})

    async def save() -> None:
        await form.save()

    with pytest.raises(ClientError) as caught:
        anyio.run(save)
    assert caught.value.status_code == 409
    assert form.errors == {"title": [caught.value.message]}


def test_an_object_fills_the_form_and_its_secret_does_not() -> None:
    ada = author("Ada")
    post = FormPost(title="One", author=ada, secret="hidden-value").save().run()
    html = str(ModelForm(FormPost, instance=post))
    assert 'value="One"' in html
    assert f'<option value="{ada.id}" selected>Ada</option>' in html
    assert "hidden-value" not in html


@pytest.mark.parametrize("title", ["\x00", "\ud800", "'; DROP TABLE x; --"])
def test_any_text_is_kept_or_refused(serve: Serve, app: App, title: str) -> None:
    body = b"title=" + title.encode("utf-8", "surrogatepass")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = serve(app).post("/posts", content=body, headers=headers)
    assert reply.status_code in (200, 400, 422)


def test_version_is_no_field_of_a_form() -> None:
    page = FormPage(title="old").save().run()
    form = ModelForm(FormPage, {"title": ["new"], "version": ["7"]}, instance=page)
    assert [field.name for field in form] == ["title"]
    anyio.run(form.save)
    assert FormPage.get(1).run().version == 2
