"""API keys: a secret in a header, the query string or a cookie."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from triode.http import Call
from triode.security.base import SchemeModel, SecurityBase


class APIKeyBase(SecurityBase):
    """A key that is sent with each request. An empty one counts as missing."""

    challenge = "APIKey"
    location = ""

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = SchemeModel(type="apiKey", in_=self.location, name=name, description=description)
        super().__init__(model, scheme_name=scheme_name, auto_error=auto_error)
        self._name = name
        self._raw_name = name.lower().encode("latin-1")

    def check_api_key(self, api_key: str | None) -> str | None:
        """Return the key that was sent.

        Raises:
            HTTPException: 401 if there is none, and `auto_error` is true.
        """
        if not api_key:
            self.refuse()
            return None
        return api_key


class APIKeyHeader(APIKeyBase):
    """A key in a header: `key: Annotated[str, Depends(APIKeyHeader(name="X-Key"))]`."""

    location = "header"

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key of a request."""
        return self.check_api_key(request.headers.get(self._name))

    def __inline__(self, call: Call) -> str | None:
        return self.check_api_key(call.header(self._raw_name))


class APIKeyQuery(APIKeyBase):
    """A key in the query string, where logs and histories keep it: prefer a header."""

    location = "query"

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key of a request."""
        return self.check_api_key(request.query_params.get(self._name))

    def __inline__(self, call: Call) -> str | None:
        return self.check_api_key(call.last_query_values.get(self._name))


class APIKeyCookie(APIKeyBase):
    """A key in a cookie."""

    location = "cookie"

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key of a request."""
        return self.check_api_key(request.cookies.get(self._name))

    def __inline__(self, call: Call) -> str | None:
        return self.check_api_key(call.cookies.get(self._name))
