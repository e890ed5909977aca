"""Labels and addresses."""

from __future__ import annotations

import pytest

from triode.admin.addresses import Addresses, decode_key, encode_key
from triode.admin.labels import field_label, module_title


def test_names_become_words() -> None:
    assert field_label("created_at") == "Created at"
    assert field_label("author_id") == "Author"
    assert field_label("is_active") == "Active"
    assert field_label("author.name") == "Author name"


def test_models_are_headed_by_their_module() -> None:
    titles = [module_title(name) for name in ("shop.models", "app", "my_blog")]
    assert titles == ["Shop", "Models", "My blog"]


@pytest.mark.parametrize("key", ["7", "a/b", "~2F", "50%", "ü ?#", "..", "add"])
def test_a_key_survives_its_address(key: str) -> None:
    segment = encode_key(key)
    assert "/" not in segment
    assert segment not in (".", "..")
    assert decode_key(segment) == key


def test_addresses_lie_below_the_base() -> None:
    at = Addresses("/admin")
    assert at.home == "/admin/"
    assert at.edit("post", "a/b") == "/admin/post/a~2Fb/edit"
