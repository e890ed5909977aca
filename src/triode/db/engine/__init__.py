"""Engines: how SQL text reaches a database and rows come back."""

from triode.db.engine.parts import AllAtOnce
from triode.db.engine.protocol import (
    USUAL,
    Channel,
    Engine,
    Into,
    Isolation,
    Mode,
    Outcome,
    Parts,
    Pinned,
    PinnedChannel,
    RootChannel,
    Row,
    Write,
)

__all__ = [
    "USUAL",
    "AllAtOnce",
    "Channel",
    "Engine",
    "Into",
    "Isolation",
    "Mode",
    "Outcome",
    "Parts",
    "Pinned",
    "PinnedChannel",
    "RootChannel",
    "Row",
    "Write",
]
