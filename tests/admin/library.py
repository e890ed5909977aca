"""The models of the admin's tests, and what a test does to come in."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from triode.auth import Auth, User
from triode.db import Field, ForeignKey, ManyToMany, Model, utcnow
from triode.framework import Triode
from triode.schema import Email

SECRET = "a secret of the tests that is long enough"


class Kind(enum.Enum):
    ARTICLE = "article"
    SHORT_NOTE = "note"


class Author(Model):
    name: str = Field(max_length=80)
    email: Email | None = Field(default=None, unique=True)


class Tag(Model):
    name: str = Field(unique=True, max_length=40)


class Post(Model):
    title: str = Field(max_length=120, description="Shown in lists.")
    author: Author | None = ForeignKey(None, on_delete="set null", related_name="posts")
    kind: Kind = Kind.ARTICLE
    language: Literal["en", "de"] = "en"
    published: bool = False
    rating: int | None = Field(default=None, ge=1, le=5)
    body: str = ""
    day: date | None = None
    secret: str = Field(default="", write_only=True)
    tags: list[Tag] = ManyToMany(related_name="posts")
    created: datetime = Field(default_factory=utcnow, read_only=True)


class Comment(Model):
    post: Post = ForeignKey(on_delete="cascade", related_name="comments")
    text: str


class Invoice(Model):
    number: str = Field(primary_key=True, max_length=20)
    author: Author = ForeignKey(on_delete="protect", related_name="invoices")


class Shelf(Model):
    label: str
    version: int = Field(1, version=True)


def make_app(folder: Path) -> tuple[Triode, Auth]:
    """Return an application with accounts and a database of its own."""
    app = Triode(title="Library", database=f"sqlite:///{folder / 'library.db'}")
    return app, Auth(app, secret=SECRET)


@dataclass
class Visitor:
    """Somebody at a browser without JavaScript; `token` is the CSRF token of the last page."""

    client: Any
    headers: dict[str, str] = field(default_factory=lambda: {"accept": "text/html"})
    token: str = ""

    def get(self, path: str, **options: Any) -> Any:
        """Load a page."""
        return self._keep(self.client.get(path, headers=self.headers, **options))

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """Send a form of the last page."""
        sent = {"csrf_token": self.token, **(data or {})}
        return self._keep(self.client.post(path, data=sent, headers=self.headers, **options))

    def _keep(self, answer: Any) -> Any:
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer

    def log_in(self, auth: Auth, user: User) -> None:
        """Use a one-time link."""
        link = auth.one_time_login_url(user, next="/none")
        self.get(link)
        self.post(link)


def text_of(html: str, pattern: str) -> list[str]:
    """Return what a pattern finds in a page, tags left out, blanks as one."""
    found = re.findall(pattern, html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


def notes(answer: Any) -> list[str]:
    """Return the messages on a page."""
    return text_of(answer.text, r'<div class="note [^"]*"[^>]*>(.*?</div>)</div>')


def heading(answer: Any) -> str:
    """Return a page's heading."""
    return text_of(answer.text, r"<h1[^>]*>(.*?)</h1>")[0]


def cells(answer: Any) -> list[list[str]]:
    """Return the texts of a list's rows, without the boxes that pick them."""
    rows = re.findall(r"<tr>(<td.*?)</tr>", answer.text, re.DOTALL)
    return [text_of(row, r"<td(?! class=\"pick-cell\")[^>]*>(.*?)</td>") for row in rows]


def errors(answer: Any) -> dict[str, list[str]]:
    """Return the errors beside the fields of a form, by field."""
    lists = re.findall(r'<ul class="errors" id="errors-(\w+)">(.*?)</ul>', answer.text, re.DOTALL)
    return {name: text_of(html, r"<li>(.*?)</li>") for name, html in lists}
