"""The programs of docs/structure.md."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from triode import Controller, Depends, HTTPException, Router, Triode, WebSocket, get, post

# --- routers

items = Router(prefix="/items", tags=["items"])


@items.get("/{number}")
async def show(number: int) -> dict[str, int]:
    return {"number": number}


app = Triode()
app.include_router(items)
app.include_router(items, prefix="/v2", deprecated=True)


@items.get("/")  # added after the inclusion: both places serve it
async def every() -> list[int]:
    return [1, 2, 3]


# --- controllers


@dataclass
class Order:
    number: int
    item: str


@asynccontextmanager
async def connection() -> AsyncIterator[dict[int, Order]]:
    yield {1: Order(1, "hammer")}


async def open_orders() -> AsyncIterator[dict[int, Order]]:
    async with connection() as orders:
        yield orders


@app.add_controller
class Orders(Controller, prefix="/orders", tags=["orders"]):
    orders: Annotated[dict[int, Order], Depends(open_orders)]

    def __init__(self, limit: int = 10) -> None:
        self.limit = limit

    @get("/")
    async def every(self) -> list[Order]:
        return list(self.orders.values())[: self.limit]

    @get("/{number}")
    async def show(self, number: int) -> Order:
        if number not in self.orders:
            raise HTTPException(404)
        return self.orders[number]

    @post("/", status_code=201)
    async def add(self, order: Order) -> Order:
        self.orders[order.number] = order
        return order


T = TypeVar("T")


class Kept(Controller, Generic[T]):
    @post("/", status_code=201)
    async def keep(self, thing: T) -> T:
        return thing


@app.add_controller
class KeptOrders(Kept[Order], prefix="/kept"):
    """The body and the response are an `Order`."""


# --- WebSockets


@dataclass
class Move:
    x: int
    y: int


@app.websocket("/moves")
async def moves(socket: WebSocket, step: int = 1) -> None:
    await socket.accept()
    async for move in socket.iter_as(Move):
        await socket.send_as(Move(move.x + step, move.y))


# --- broadcast


class Room:
    """Those who listen in one process."""

    def __init__(self) -> None:
        self.sockets: set[WebSocket] = set()

    @asynccontextmanager
    async def joined(self, socket: WebSocket) -> AsyncIterator[None]:
        await socket.accept()
        self.sockets.add(socket)
        try:
            yield
        finally:
            self.sockets.discard(socket)

    async def tell(self, text: str) -> None:
        for socket in list(self.sockets):
            try:
                await socket.send_text(text)
            except Exception:  # this one has left; its own handler notices
                self.sockets.discard(socket)


room = Room()


@app.websocket("/chat/{name}")
async def chat(socket: WebSocket, name: str) -> None:
    async with room.joined(socket):
        async for text in socket.iter_text():
            await room.tell(f"{name}: {text}")


# --- mounts


def old(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from " + environ["SCRIPT_NAME"].encode()]


app.mount("/old", old, name="old")  # a Flask or Django application goes here
