from pathlib import Path

from triode import HTTPException, Request, Response, Triode, url_for
from triode.responses import FileResponse, HTMLResponse, RedirectResponse, StreamingResponse

app = Triode()
UPLOADS = Path(__file__).parent / "uploads"


@app.route("/page", methods=["GET", "POST"], response_class=HTMLResponse)
def page():
    return "<p>Hello</p>"


@app.route("/json")
def json_view():
    return {"a": 1}  # a dict, a list, a dataclass, a model: no jsonify


@app.route("/tuple")
def tuple_view():
    return {"made": True}, 201, {"X-Made-By": "triode"}


@app.route("/headers")
def headers_view():
    return {"cached": True}, {"Cache-Control": "max-age=60"}


@app.route("/response")
def response_view(response: Response):
    response.set_cookie("seen", "yes")  # make_response
    return "hello"


@app.route("/abort")
def abort_view():
    raise HTTPException(403, "Not for you")


@app.route("/redirect")
def redirect_view():
    return RedirectResponse(url_for("json_view"), status_code=302)


@app.route("/file")
def file_view():
    return FileResponse(UPLOADS / "report.txt", filename="report.txt")


@app.route("/files/{name:path}")
def directory_view(name: str):
    return FileResponse.within(UPLOADS, name)


@app.route("/stream")
def stream_view():
    return StreamingResponse((f"{number}\n" for number in range(3)), media_type="text/plain")


@app.route("/echo", methods=["POST"])
async def echo_view(request: Request):
    form = await request.form()
    return {"args": dict(request.query_params), "form": dict(form)}
