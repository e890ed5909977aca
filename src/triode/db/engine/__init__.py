"""Engines: how SQL text reaches a database and rows come back."""

from triode.db.engine.protocol import (
    USUAL,
    Channel,
    Engine,
    Into,
    Isolation,
    Mode,
    Outcome,
    Pinned,
    PinnedChannel,
    RootChannel,
    Row,
    Write,
)

__all__ = [
    "USUAL",
    "Channel",
    "Engine",
    "Into",
    "Isolation",
    "Mode",
    "Outcome",
    "Pinned",
    "PinnedChannel",
    "RootChannel",
    "Row",
    "Write",
]
