"""The form of OAuth2's password flow."""

from typing import Annotated, Any

from triode.app import App
from triode.binding.markers import Depends
from triode.security import OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict


def app() -> App:
    made = App(openapi_url=None)

    @made.post("/token")
    async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, Any]:
        return vars(form)

    @made.post("/strict")
    def strict(form: Annotated[OAuth2PasswordRequestFormStrict, Depends()]) -> list[str]:
        return form.scopes

    return made


def test_all_that_a_client_may_send(serve: Any) -> None:
    sent = {
        "grant_type": "password",
        "username": "ann",
        "password": "secret",
        "scope": "me items:read",
        "client_id": "app",
        "client_secret": "hush",
    }
    expected = {
        "grant_type": "password",
        "username": "ann",
        "password": "secret",
        "scopes": ["me", "items:read"],
        "client_id": "app",
        "client_secret": "hush",
    }
    assert serve(app()).post("/token", data=sent).json() == expected


def test_grant_type_may_be_missing_unless_strict(serve: Any) -> None:
    client = serve(app())
    sent = {"username": "ann", "password": "secret"}
    assert client.post("/token", data=sent).json()["grant_type"] is None
    assert client.post("/strict", data={**sent, "grant_type": "password"}).json() == []
    [error] = client.post("/strict", data=sent).json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["body", "grant_type"])


def test_another_grant_type_is_refused(serve: Any) -> None:
    sent = {"username": "ann", "password": "secret", "grant_type": "other"}
    [error] = serve(app()).post("/token", data=sent).json()["detail"]
    assert (error["type"], error["loc"]) == ("string_pattern_mismatch", ["body", "grant_type"])
