"""Static files, under the name that users of FastAPI and Starlette import."""

from starlette.staticfiles import StaticFiles

__all__ = ["StaticFiles"]
