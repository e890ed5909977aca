"""Triode's first page."""

from triode import Triode

app = Triode()


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
