"""Security schemes as dependencies: who is asking, by which key, token or password.

A scheme reads what a client sent and answers 401 where it is missing; whether it is right is the
handler's or a dependency's to decide. Each describes itself in OpenAPI (`__openapi__`). The names
and meanings are FastAPI's.
"""

from triode.binding import SecurityScopes
from triode.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from triode.security.base import (
    OAuthFlow,
    OAuthFlows,
    SecurityBase,
    get_authorization_scheme_param,
)
from triode.security.http import (
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
)
from triode.security.oauth2 import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
)
from triode.security.open_id_connect_url import OpenIdConnect
from triode.security.password_form import (
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
)

__all__ = [
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPAuthorizationCredentials",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "OAuthFlow",
    "OAuthFlows",
    "OpenIdConnect",
    "SecurityBase",
    "SecurityScopes",
    "get_authorization_scheme_param",
]
