"""The media type of a file by its name."""

import pytest

from triode.http.media_types import media_type_of


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("app.js", "text/javascript"),
        ("A.MJS", "text/javascript"),
        ("a.css", "text/css"),
        ("a.b.html", "text/html"),
        ("font.woff2", "font/woff2"),
        ("a.tar.gz", "application/gzip"),
        ("a.css.br", "application/octet-stream"),
        ("a.zip", "application/zip"),
        ("no-extension", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_media_type(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type
