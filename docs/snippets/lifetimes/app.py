import sqlite3
from collections.abc import Iterator
from typing import Annotated

from starlette.responses import StreamingResponse

from triode import Depends, HTTPException, Query, Triode

app = Triode()


def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect("shop.db")
    try:
        yield opened
        opened.commit()
    except Exception:
        opened.rollback()
        raise
    finally:
        opened.close()


Connection = Annotated[sqlite3.Connection, Depends(connection)]
Early = Annotated[sqlite3.Connection, Depends(connection, scope="function")]


class Paging:
    def __init__(self, page: int = 1, size: Annotated[int, Query(le=100)] = 20) -> None:
        self.limit = size
        self.offset = (page - 1) * size


@app.get("/articles")
def articles(database: Connection, paging: Annotated[Paging, Depends()]) -> list[str]:
    query = "SELECT name FROM article ORDER BY name LIMIT ? OFFSET ?"
    return [name for (name,) in database.execute(query, (paging.limit, paging.offset))]


@app.get("/articles.txt")
def export(database: Connection) -> StreamingResponse:
    names = database.execute("SELECT name FROM article ORDER BY name").fetchall()
    return StreamingResponse(f"{name}\n" for (name,) in names)


@app.post("/articles/{name}", status_code=201)
def add(name: str, database: Early) -> dict[str, str]:
    try:
        database.execute("INSERT INTO article VALUES (?)", (name,))
    except sqlite3.IntegrityError:
        raise HTTPException(409, "There is one of this name.") from None
    return {"name": name}
