"""PROJECT_NAME: start it with `triode dev`, then open http://127.0.0.1:8000/docs."""

from triode import Triode

app = Triode(title="PROJECT_NAME")


@app.get("/")
async def greet(name: str = "world") -> dict[str, str]:
    return {"message": f"Hello, {name}!"}
