from typing import Annotated

from triode import Create, Depends, Field, Model, Triode, WebSocket

app = Triode()


class Book(Model):
    title: str = Field(unique=True, min_length=1)


def price_of(title: str) -> int:
    raise RuntimeError("asks a shop in the internet")


def shop() -> object:
    return price_of


@app.get("/books/{book_id}")
async def get_book(book_id: int) -> Book:
    return await Book.get(book_id)


@app.get("/books")
async def list_books() -> list[Book]:
    return await Book.all()


@app.post("/books", status_code=201)
async def add_book(book: Create[Book]) -> Book:
    return await book.save()


@app.get("/books/{book_id}/price")
async def get_price(book_id: int, ask: Annotated[object, Depends(shop)]) -> int:
    book = await Book.get(book_id)
    return ask(book.title)  # type: ignore[operator]


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()
