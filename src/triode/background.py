"""Background tasks, under the names that users of FastAPI and Starlette import."""

from starlette.background import BackgroundTask

from triode.binding import BackgroundTasks

__all__ = ["BackgroundTask", "BackgroundTasks"]
