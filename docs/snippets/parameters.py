from typing import Annotated

from triode import Header, Query, Triode

app = Triode()


@app.get("/search/{section}")
async def search(
    section: str,
    q: Annotated[str, Query(min_length=2, max_length=50)],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    tags: Annotated[list[str] | None, Query()] = None,
    user_agent: Annotated[str | None, Header()] = None,
) -> dict[str, object]:
    return {"section": section, "q": q, "limit": limit, "tags": tags, "agent": user_agent}
