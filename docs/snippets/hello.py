from triode import Triode

app = Triode()


@app.get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello, world"}
