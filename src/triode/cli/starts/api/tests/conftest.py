import os
from collections.abc import Iterator

import pytest

os.environ["DATABASE_URL"] = "sqlite://"  # in memory, empty for every test

from app import app
from triode.testing import TestClient


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client
