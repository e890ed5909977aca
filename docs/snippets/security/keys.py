import secrets
from typing import Annotated

from triode import Depends, HTTPException, Triode
from triode.security import APIKeyHeader, HTTPBasic, HTTPBasicCredentials

app = Triode()
key_header = APIKeyHeader(name="X-API-Key", auto_error=False)
basic = HTTPBasic(realm="Workshop")


@app.get("/prices")
async def prices(key: Annotated[str | None, Depends(key_header)]) -> dict[str, int]:
    if key is not None and secrets.compare_digest(key.encode(), b"partner-key"):
        return {"lamp": 80}
    return {"lamp": 100}


@app.get("/workshop")
async def workshop(who: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    is_name = secrets.compare_digest(who.username.encode(), b"ann")
    is_password = secrets.compare_digest(who.password.encode(), b"correct horse")
    if not (is_name and is_password):
        raise HTTPException(401, "Unknown.", headers=basic.make_authenticate_headers())
    return f"Come in, {who.username}."
