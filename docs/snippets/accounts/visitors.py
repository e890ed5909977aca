"""Sessions without accounts: a counter, and no database."""

from triode import Request, Sessions, Triode

app = Triode()
Sessions(app)


@app.get("/")
async def home(request: Request) -> str:
    visits = request.session["visits"] = request.session.get("visits", 0) + 1
    return f"Visit {visits}"
