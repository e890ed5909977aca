import asyncio
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Annotated

from triode import Header, Triode
from triode.responses import StreamingResponse
from triode.sse import EventSourceResponse, ServerSentEvent

app = Triode()


@dataclass
class Reading:
    sensor: str
    value: float


@app.get("/readings")
async def readings() -> AsyncIterable[Reading]:
    for value in (20.5, 21.0):
        yield Reading(sensor="hall", value=value)


@app.get("/export", response_class=StreamingResponse)
def export() -> Iterable[str]:
    yield "sensor,value\n"
    yield "hall,20.5\n"


@app.get("/events", response_class=EventSourceResponse)
async def events(last_event_id: Annotated[int, Header()] = 0) -> AsyncIterable[ServerSentEvent]:
    for number in range(last_event_id + 1, 4):
        yield ServerSentEvent(data={"tick": number}, event="tick", id=str(number))
        await asyncio.sleep(0.01)
