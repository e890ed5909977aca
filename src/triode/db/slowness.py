"""The log of slow statements: what ran, how long, and the line of the program that asked for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from triode.places import own_caller, short

logger: Final = logging.getLogger("triode.db")


@dataclass(frozen=True)
class SlowLog:
    """An observer that warns of statements of `seconds` or more; values are never shown."""

    seconds: float

    def __call__(self, sql: str, seconds: float, rows: int | None) -> None:
        if seconds < self.seconds:
            return
        found = own_caller()
        place = "an unknown place" if found is None else f"{short(found[0])}:{found[1]}"
        logger.warning(
            "Slow statement: %.0f ms, %s rows, at %s: %s",
            seconds * 1000,
            "?" if rows is None else rows,
            place,
            " ".join(sql.split()),
        )
