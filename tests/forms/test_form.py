"""Forms: what is shown, what is accepted, what comes back with errors."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from html.parser import HTMLParser
from typing import Annotated, Any

import msgspec
import pytest
from markupsafe import Markup

from triode.errors import ConfigError
from triode.forms import Form
from triode.schema import Email, FieldInfo


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclasses.dataclass
class Contact:
    name: Annotated[str, FieldInfo(max_length=20, description="As on the door")]
    email: Email
    age: Annotated[int, FieldInfo(ge=0)] | None = None
    colour: Colour = Colour.RED
    agreed: bool = False
    tags: list[str] = dataclasses.field(default_factory=list)
    extra: dict[str, int] = dataclasses.field(default_factory=dict)
    bio: str = ""
    password: str = ""


GOOD = {"name": ["Ada"], "email": ["ada@example.org"], "colour": ["b"]}


def test_a_good_form_makes_the_object() -> None:
    form = Form(Contact, {**GOOD, "age": ["36"], "agreed": ["true"], "bio": ["a\r\nb"]})
    assert form.is_valid
    assert form.result == Contact(
        "Ada", "ada@example.org", 36, Colour.BLUE, agreed=True, bio="a\nb"
    )
    assert form.cleaned_data["age"] == 36


def test_an_unbound_form_is_not_valid() -> None:
    form = Form(Contact)
    assert (form.is_bound, form.is_valid, form.errors) == (False, False, {})


def test_every_error_stands_beside_its_field() -> None:
    form = Form(
        Contact, {"name": [""], "email": ["ada"], "age": ["-1"], "colour": ["x"], "extra": ["{"]}
    )
    assert form.errors == {
        "extra": ["This is not JSON: Input data was truncated."],
        "name": ["Please fill in this field."],
        "email": ["Please enter an email address such as name@example.org."],
        "age": ["Please enter 0 or more."],
        "colour": ["Please choose one of the values offered."],
    }


def test_an_empty_field_is_null_where_null_is_allowed() -> None:
    form = Form(Contact, {**GOOD, "age": [""]})
    assert form.result.age is None


def test_an_empty_text_with_a_default_is_empty() -> None:
    form = Form(Contact, {**GOOD, "bio": [""]})
    assert form.result.bio == ""


def test_an_unchecked_box_is_false() -> None:
    @dataclasses.dataclass
    class Terms:
        agreed: bool = True

    assert Form(Terms, {}).result == Terms(agreed=False)


def test_lines_and_json() -> None:
    form = Form(Contact, {**GOOD, "tags": ["a \r\n\r\n b"], "extra": ['{"x": 1}']})
    assert (form.result.tags, form.result.extra) == (["a", "b"], {"x": 1})


def test_the_last_of_repeated_values_counts() -> None:
    assert Form(Contact, {**GOOD, "name": ["Ada", "Grace"]}).result.name == "Grace"


@pytest.mark.parametrize("text", ["\x00", "\ud800", "1" * 5000, "[" * 100_000, "NaN", "1e999"])
def test_rubbish_is_refused_and_never_crashes(text: str) -> None:
    form = Form(Contact, {**GOOD, "age": [text], "extra": [text], "colour": [text]})
    assert not form.is_valid
    assert "age" in form.errors
    assert isinstance(form.__html__(), Markup)


def test_an_upload_in_a_text_field_is_an_error() -> None:
    assert not Form(Contact, {**GOOD, "name": [object()]}).is_valid


def test_what_was_typed_is_kept_and_escaped() -> None:
    typed = '"><script>alert(1)</script>'
    form = Form(Contact, {"name": [typed], "bio": ["</textarea>" + typed], "colour": [typed]})
    html = str(form)
    assert "<script>" not in html
    assert form["name"].value == typed
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in html


def test_a_password_is_never_shown_again() -> None:
    form = Form(Contact, {**GOOD, "password": ["s3cret-value"]})
    assert form.cleaned_data["password"] == "s3cret-value"
    assert "s3cret-value" not in str(form)


def test_errors_are_tied_to_their_control() -> None:
    html = str(Form(Contact, {**GOOD, "name": ["x" * 21]})["name"])
    assert 'aria-describedby="id_name-help id_name-errors" aria-invalid="true"' in html
    assert '<p class="help" id="id_name-help">As on the door</p>' in html
    assert (
        '<ul class="errors" id="id_name-errors">'
        "<li>Please enter at most 20 characters.</li></ul>" in html
    )


def test_defaults_initial_values_and_an_object_fill_the_form() -> None:
    assert Form(Contact)["colour"].value == "r"
    assert Form(Contact, initial={"name": "Ada"})["name"].value == "Ada"
    contact = Contact("Ada", "a@b.org", 3, tags=["a", "b"], extra={"x": 1}, agreed=True)
    form = Form(Contact, instance=contact)
    shown = {field.name: list(field.values) for field in form}
    assert shown == {
        "name": ["Ada"],
        "email": ["a@b.org"],
        "age": ["3"],
        "colour": ["r"],
        "agreed": ["true"],
        "tags": ["a\nb"],
        "extra": ['{\n  "x": 1\n}'],
        "bio": [""],
        "password": [],
    }


def test_a_moment_is_shown_as_browsers_take_it() -> None:
    @dataclasses.dataclass
    class Event:
        at: datetime.datetime
        on: datetime.date
        time: datetime.time

    moment = datetime.datetime(2024, 5, 6, 7, 8, tzinfo=datetime.UTC)
    form = Form(Event, instance=Event(moment, moment.date(), moment.time()))
    assert [field.value for field in form] == ["2024-05-06T07:08", "2024-05-06", "07:08"]


class Booking(msgspec.Struct):
    start: datetime.date
    end: datetime.date


class BookingForm(Form[Booking]):
    labels = {"start": "First night"}

    def clean(self) -> None:
        if self.cleaned_data["end"] < self.cleaned_data["start"]:
            self.add_error("end", "The end comes before the start.")
            self.add_error(None, "These are no <nights>.")


def test_a_subclass_checks_fields_together() -> None:
    form = BookingForm(data={"start": ["2024-05-02"], "end": ["2024-05-01"]})
    assert form.errors == {
        "end": ["The end comes before the start."],
        "": ["These are no <nights>."],
    }
    assert form.non_field_errors == ["These are no <nights>."]
    assert 'role="alert"><ul class="errors" id="form-errors"><li>These are no &lt;n' in str(form)
    assert form["start"].label == "First night"


def test_clean_waits_until_every_field_is_valid() -> None:
    assert list(BookingForm(data={"start": ["x"], "end": [""]}).errors) == ["start", "end"]


def test_a_form_shows_chosen_fields_in_order() -> None:
    class Short(Form[Contact]):
        fields = ["email", "name"]

    class Without(Form[Contact]):
        exclude = ["password", "extra", "tags", "bio", "agreed"]

    assert [field.name for field in Short()] == ["email", "name"]
    assert [field.name for field in Without()] == ["name", "email", "age", "colour"]


def test_a_partial_form_checks_only_what_it_shows() -> None:
    class Rename(Form[Contact]):
        fields = ["name"]

    assert Rename(data={"name": ["Ada"]}).cleaned_data == {"name": "Ada"}
    assert Rename(data={"name": [""]}).errors == {"name": ["Please fill in this field."]}


def test_choices_widgets_and_attributes_of_a_form() -> None:
    class Styled(Form[Contact]):
        widgets = {"bio": "text"}
        attributes = {"name": {"autocomplete": "name"}}
        choices = {"age": [("1", "one"), ("2", "two")]}

    form = Styled()
    assert form["bio"].widget.kind == "text"
    assert 'autocomplete="name"' in form["name"].control
    assert form["age"].control.count("<option") == 3
    assert Styled(data={**GOOD, "age": ["2"]}).result.age == 2


def test_two_forms_share_a_page_by_prefix() -> None:
    form = Form(Booking, {"b-start": ["2024-05-01"], "b-end": ["2024-05-02"]}, prefix="b-")
    assert form.is_valid
    assert 'id="id_b-start" name="b-start"' in str(form)


@pytest.mark.parametrize("target", [int, None, list[int]])
def test_what_has_no_fields_cannot_be_a_form(target: Any) -> None:
    with pytest.raises(ConfigError, match="form-target"):
        Form(target)


def test_an_unknown_field_is_refused() -> None:
    class Wrong(Form[Contact]):
        fields = ["nmae"]

    with pytest.raises(ConfigError, match="names the field 'nmae'"):
        Wrong()


def test_a_file_field_asks_for_multipart() -> None:
    @dataclasses.dataclass
    class Upload:
        data: bytes

    assert Form(Upload).is_multipart
    assert not Form(Contact).is_multipart


def test_the_html_is_well_formed() -> None:
    """Every tag that opens closes, and every label has its control."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.labels: list[str] = []
            self.ids: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found = dict(attrs)
            self.ids.append(found.get("id") or "")
            if tag == "label":
                self.labels.append(found["for"] or "")
            if tag != "input":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    reader = Reader()
    reader.feed(str(Form(Contact, {"name": ["<>&'\""]})))
    assert reader.open == []
    assert set(reader.labels) <= set(reader.ids)
    assert len(reader.labels) == 9
