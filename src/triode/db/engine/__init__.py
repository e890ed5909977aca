"""Engines: how SQL text reaches a database and rows come back."""

from triode.db.engine.protocol import (
    Channel,
    Engine,
    Outcome,
    Pinned,
    PinnedChannel,
    RootChannel,
    Row,
    Write,
)

__all__ = [
    "Channel",
    "Engine",
    "Outcome",
    "Pinned",
    "PinnedChannel",
    "RootChannel",
    "Row",
    "Write",
]
