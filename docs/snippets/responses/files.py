from triode import Triode, url_for
from triode.responses import FileResponse

app = Triode()  # serves the folder static/ beside this file


@app.get("/stylesheet")
async def stylesheet() -> str:
    return url_for("static", path="app.css")


@app.get("/report")
def report() -> FileResponse:
    path = app.directory / "uploads" / "report.txt"
    return FileResponse(path, filename="Bericht für März.txt")


@app.get("/uploads/{name:path}")
def upload(name: str) -> FileResponse:
    return FileResponse.within(app.directory / "uploads", name)


app.frontend("/", directory=app.directory / "dist")
