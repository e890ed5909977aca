"""What the checks of the HTTP benchmark accept of a page that lists people."""

from email.message import Message
from typing import Any

from bench.checks import judge_list, page_text
from bench.logins import Form
from bench.rows import Check, Request, admin_row

LISTED = ("user0001@example.org", "user0002@example.org")
CHECK = Check(Request(""), (200,), listed=LISTED, shown=("valve",))


class Page:
    def __init__(self, kind: str = "text/html") -> None:
        self.headers = Message()
        self.headers["Content-Type"] = kind


def judged(body: str, kind: str = "text/html") -> str | None:
    page: Any = Page(kind)
    return judge_list(CHECK, page, body.encode())


def test_rows_in_their_order_are_accepted() -> None:
    assert judged(f"<td>{LISTED[0]}</td><td>a valve</td><td>{LISTED[1]}</td>") is None


def test_a_row_that_is_shown_twice_counts_once() -> None:
    assert judged(f"<b>{LISTED[0]}</b><i>{LISTED[0]}</i> valve {LISTED[1]}") is None


def test_missing_row_is_refused() -> None:
    said = "the page lists 1 rows, user0002@example.org to user0002@example.org, wanted 2"
    assert judged(f"valve {LISTED[1]}") == said


def test_rows_in_another_order_are_refused() -> None:
    said = "the page lists 2 rows, user0002@example.org to user0001@example.org, wanted 2"
    assert judged(f"valve {LISTED[1]} {LISTED[0]}") == said


def test_page_without_rows_is_refused() -> None:
    assert judged("<h1>Log in</h1>") == "the page lists 0 rows, none to none, wanted 2"


def test_text_that_must_be_shown_is_looked_for() -> None:
    assert judged(" ".join(LISTED)) == "the page does not show 'valve'"


def test_json_is_no_page() -> None:
    said = "content type application/json, wanted text/html"
    assert judged("{}", "application/json") == said


def test_text_of_a_script_is_not_shown() -> None:
    assert page_text(b"<p>a</p> <script>var b</script>\n<p>c</p>") == "a c"


def test_admin_row_wants_a_hundred_rows_and_a_login() -> None:
    listed, anonymous = admin_row().checks
    assert len(listed.listed) == 100
    assert listed.listed[99] == "user0100@example.org"
    assert (anonymous.is_anonymous, anonymous.statuses) == (True, (302, 303))


def test_hidden_fields_of_a_form_are_found() -> None:
    form = Form()
    form.feed('<input type="hidden" name="token" value="x"><input name="email">')
    assert form.hidden == {"token": "x"}
