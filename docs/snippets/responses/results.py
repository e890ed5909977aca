from dataclasses import dataclass

from triode import HTTPException, Response, Triode
from triode.responses import PlainTextResponse

app = Triode()


@dataclass
class Account:
    name: str
    plan: str | None = None
    internal_note: str = ""


@dataclass
class PublicAccount:
    name: str
    plan: str | None = None


STORED = Account(name="Ada", internal_note="pays late")


@app.get("/accounts/{name}", response_model_exclude_none=True)
async def account(name: str) -> PublicAccount:
    if name != STORED.name:
        raise HTTPException(404, "No such account")
    return STORED  # type: ignore[return-value]  # what PublicAccount does not declare stays here


@app.put("/visits/{page}", status_code=201)
def count_visit(page: str, response: Response) -> dict[str, str]:
    response.headers["X-Page"] = page
    response.set_cookie("last_page", page, httponly=True)
    return {"page": page}


@app.get("/report")
def report() -> PlainTextResponse:
    return PlainTextResponse("All is well.", headers={"X-Mood": "calm"})


@app.post("/jobs")
def start_job():
    return {"job": 7}, 202, {"Location": "/jobs/7"}
