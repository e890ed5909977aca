"""Background tasks as handlers get them."""

from __future__ import annotations

import logging

from starlette.background import BackgroundTasks as StarletteBackgroundTasks

logger = logging.getLogger("triode")


class BackgroundTasks(StarletteBackgroundTasks):
    """Work to be done after the response is sent, one task after the other.

    A task that fails keeps none of the others from running. Its error is logged with its
    traceback: the first one by the server, which gets it at the end, those after it here.
    """

    async def __call__(self) -> None:
        """Run every task.

        Raises:
            Exception: the first error, after the last task.
        """
        first: Exception | None = None
        for task in self.tasks:
            try:
                await task()
            except Exception as exc:
                if first is not None:
                    name = getattr(task.func, "__qualname__", repr(task.func))
                    logger.exception("Exception in the background task %s", name)
                first = first or exc
        if first is not None:
            raise first
