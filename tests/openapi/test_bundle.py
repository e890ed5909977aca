"""The files of the pages: hashed names, compressed, cached for ever."""

from __future__ import annotations

import gzip

import pytest

from triode.openapi.bundle import link_to, load, respond


def test_file_is_served_under_its_hashed_name() -> None:
    asset = load("docs.css")
    assert asset is not None

    response = respond(asset.hashed_name, "br, gzip")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert b"color-scheme" in gzip.decompress(response.body)


def test_client_without_gzip_gets_plain_text() -> None:
    asset = load("docs.css")
    assert asset is not None

    response = respond(asset.hashed_name, "")

    assert "content-encoding" not in response.headers
    assert b"color-scheme" in response.body


@pytest.mark.parametrize(
    "name", ["docs.css", "docs.000000000000.css", "../sources.json", "", "a.b.c", ".gitignore"]
)
def test_any_other_name_is_not_found(name: str) -> None:
    assert respond(name, "gzip").status_code == 404


def test_link_names_the_content() -> None:
    asset = load("swagger-start.js")
    assert asset is not None

    assert link_to("swagger-start.js", "/docs/assets").url == f"/docs/assets/{asset.hashed_name}"
    assert asset.hashed_name.startswith("swagger-start.")
