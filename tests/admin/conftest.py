"""An application with an admin, and somebody who may use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.admin.library import Author, Comment, Invoice, Post, Tag, Visitor, make_app
from tests.conftest import Serve
from triode.admin import Admin, ModelAdmin, action, display
from triode.auth import Auth, User
from triode.framework import Triode


class PostAdmin(ModelAdmin):
    list_display = ["title", "author", "kind", "published", "rating", "shout"]
    list_filter = ["published", "kind", "author", "rating", "created"]
    search_fields = ["title", "author.name"]
    ordering = ["title"]
    list_per_page = 5

    @display("Loud", ordering="title")
    def shout(self, post: Post) -> str:
        return post.title.upper()

    @action("Publish", permission="post.publish")
    async def publish(self, request: Any, posts: Any) -> None:
        await posts.update(published=True)


@dataclass
class Place:
    """A running application with an admin."""

    app: Triode
    auth: Auth
    admin: Admin
    client: Any

    def visitor(self, **values: Any) -> Visitor:
        """Return somebody who is logged in; by default an administrator."""
        values = {"email": "ada@example.org", "is_admin": True, **values}
        with self.app.database.active():
            user = User(**values).save().run()
        visitor = Visitor(self.client)
        visitor.log_in(self.auth, user)
        return visitor

    def save(self, *rows: Any) -> Any:
        """Store rows and return the last."""
        with self.app.database.active():
            for row in rows:
                row.save().run()
        return rows[-1]

    def run(self, statement: Any) -> Any:
        """Run a statement."""
        with self.app.database.active():
            return statement.run()


@pytest.fixture
def place(tmp_path: Path, serve: Serve) -> Iterator[Place]:
    """Return a running application whose admin has every model of the library."""
    app, auth = make_app(tmp_path)
    admin = app.admin(Author, Tag, Comment, Invoice)
    admin.register(Post, PostAdmin)
    with ExitStack():
        yield Place(app, auth, admin, serve(app))


@pytest.fixture
def ada(place: Place) -> Visitor:
    """Return an administrator who is logged in."""
    return place.visitor()
