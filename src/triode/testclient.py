"""The test client, under the name that users of FastAPI and Starlette import."""

from triode.testing import TestClient

__all__ = ["TestClient"]
