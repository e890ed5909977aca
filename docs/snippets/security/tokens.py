import os
from typing import Annotated, Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from triode import Depends, HTTPException, Security, SecurityScopes, Triode
from triode.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from triode.signing import BadToken, Signer

app = Triode()
hasher = PasswordHasher()
tokens = Signer([os.environ["TRIODE_SECRET_KEY"]], purpose="api token")
people = {"ann": hasher.hash("correct horse")}
may = {"ann": {"me"}}
nobody = hasher.hash("the hash of nobody's password")

bearer = OAuth2PasswordBearer(
    "token", scopes={"me": "Read who you are.", "items": "Read your items."}
)


@app.post("/token")
def get_token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    try:
        hasher.verify(people.get(form.username, nobody), form.password)
    except VerifyMismatchError:
        raise HTTPException(400, "Incorrect user name or password.") from None
    granted = [scope for scope in form.scopes if scope in may[form.username]]
    token = tokens.sign({"name": form.username, "scopes": granted})
    return {"access_token": token, "token_type": "bearer"}


async def current_name(asked: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> str:
    challenge = {"WWW-Authenticate": f'Bearer scope="{asked.scope_str}"'}
    try:
        claims: dict[str, Any] = tokens.read(token, max_age=3600)
    except BadToken:
        raise HTTPException(401, "This token is not valid.", challenge) from None
    if not set(asked.scopes) <= set(claims["scopes"]):
        raise HTTPException(403, "This token does not go that far.", challenge)
    return str(claims["name"])


@app.get("/me")
async def me(name: Annotated[str, Security(current_name, scopes=["me"])]) -> dict[str, str]:
    return {"name": name}


@app.get("/items")
async def items(name: Annotated[str, Security(current_name, scopes=["items"])]) -> list[str]:
    return [f"{name}'s lamp"]
