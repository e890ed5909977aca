"""A small blog in Flask, of the kind that its tutorial builds: accounts, posts, an upload."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import flask

PAGE = """<!doctype html><title>Blog</title>
{% for line in get_flashed_messages() %}<p class=flash>{{ line }}</p>{% endfor %}
{% if session.user %}<a href="{{ url_for('new') }}">new</a>{% endif %}
{% for post in posts %}<h2>{{ post[0] }}</h2><p>{{ post[1] }}</p>{% endfor %}"""


def make_blog(path: str) -> flask.Flask:
    """Return the blog, with its database in a file."""
    app = flask.Flask("blog")
    app.secret_key = "blog"
    with connected(path) as database:
        database.execute("create table post (title text, body text)")

    @app.get("/")
    def index() -> str:
        with connected(path) as database:
            posts = database.execute("select title, body from post order by title").fetchall()
        return flask.render_template_string(PAGE, posts=posts)

    @app.post("/login")
    def login() -> Any:
        if flask.request.form["password"] != "secret":
            flask.abort(403)
        flask.session["user"] = flask.request.form["name"]
        flask.flash(f"Welcome, {flask.session['user']}.")
        return flask.redirect(flask.url_for("index"))

    @app.route("/posts/new", methods=["GET", "POST"])
    def new() -> Any:
        if "user" not in flask.session:
            flask.abort(401)
        if flask.request.method == "GET":
            return "<form method=post><input name=title></form>"
        with connected(path) as database:
            row = (flask.request.form["title"], flask.request.form["body"])
            database.execute("insert into post values (?, ?)", row)
        return flask.redirect(flask.url_for("index"))

    @app.post("/upload")
    def upload() -> Any:
        file = flask.request.files["file"]
        return {"name": file.filename, "size": len(file.read()), "root": flask.request.script_root}

    @app.get("/lines")
    def lines() -> Any:
        return flask.Response(flask.stream_with_context(f"{n}\n" for n in range(3)))

    @app.get("/broken")
    def broken() -> Any:
        raise LookupError("lost")

    return app


@contextmanager
def connected(path: str) -> Iterator[sqlite3.Connection]:
    """Give a connection of this thread's own, which commits and closes at the end of its block."""
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection
