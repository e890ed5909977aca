from typing import Annotated

from triode import Depends, Header, HTTPException, Router, Triode

app = Triode()


async def api_key(x_api_key: Annotated[str, Header()]) -> str:
    if x_api_key != "let-me-in":
        raise HTTPException(401, "This key opens nothing.")
    return x_api_key


class Paging:
    def __init__(self, page: int = 1, size: int = 20) -> None:
        self.offset = (page - 1) * size
        self.size = size


reports = Router(prefix="/reports", tags=["reports"], dependencies=[Depends(api_key)])


@reports.get("")
async def list_reports(paging: Annotated[Paging, Depends()]) -> dict[str, int]:
    return {"from": paging.offset, "to": paging.offset + paging.size}


app.include_router(reports)
