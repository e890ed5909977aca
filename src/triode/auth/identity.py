"""Who is asking: `CurrentUser`, `OptionalUser`, `login_required`.

Without a login an API client gets 401 and a browser the login page; without a permission both
get 403.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar, overload
from weakref import WeakSet

from triode.auth.models import User
from triode.auth.sockets import open_socket_session
from triode.binding import Depends
from triode.errors import BindingError, ClientError, TriodeError, place_of
from triode.http import Call, require_call

Handler = TypeVar("Handler", bound=Callable[..., Any])

LOGIN_PARAMETER = "triode_login"

# What stands under `login_required`: none of it may be a handler itself.
_guarded: WeakSet[Callable[..., Any]] = WeakSet()


class LoginRequired(ClientError):
    """Nobody is logged in, and somebody must be."""

    default_code = "login-required"
    status_code = 401
    headers = {"www-authenticate": 'Session realm="login"'}


class PermissionDenied(ClientError):
    """The user may not do this."""

    default_code = "permission-denied"
    status_code = 403


SCHEME = {"session": {"type": "apiKey", "in": "cookie", "name": "session"}}


class _OptionalUser:
    """A dependency: who is logged in, None for a visitor."""

    async def __call__(self, call: Call) -> User | None:
        await _open_session(call)
        return user_of(call)


class _CurrentUser:
    """A dependency: who is logged in, with all of the permissions."""

    def __init__(self, *permissions: str, admin: bool = False) -> None:
        self.permissions = permissions
        self.admin = admin

    @property
    def __openapi__(self) -> dict[str, Any]:
        responses = {"401": {"description": "Nobody is logged in"}}
        if self.permissions or self.admin:
            responses["403"] = {"description": "The user may not do this"}
        return {"securitySchemes": SCHEME, "responses": responses}

    async def __call__(self, call: Call) -> User:
        await _open_session(call)
        if "session" not in (call.extras or {}):
            raise TriodeError(
                "This needs somebody who is logged in, and the application has no accounts. "
                "Write Auth(app).",
                code="no-sessions",
            )
        user = require_user(call, *self.permissions)
        if self.admin and not user.is_admin:
            raise PermissionDenied("This is for administrators.")
        return user


optional_user = _OptionalUser()
current_user = _CurrentUser()

CurrentUser: TypeAlias = Annotated[User, Depends(current_user)]
OptionalUser: TypeAlias = Annotated[User | None, Depends(optional_user)]


async def _open_session(call: Call) -> None:
    if call.extras is None or "session" not in call.extras:
        await open_socket_session(call)


def user_of(call: Call | None = None) -> User | None:
    """Return who makes a request; of the current call, unless one is given."""
    extras = (call or require_call("user_of")).extras or {}
    user: User | None = extras.get("user")
    return user


def require_user(call: Call | None = None, *permissions: str) -> User:
    """Return who makes a request, who has all of the permissions.

    Raises:
        LoginRequired: nobody is logged in.
        PermissionDenied: a permission is missing.
    """
    user = user_of(call)
    if user is None:
        raise LoginRequired("Please log in.")
    missing = [name for name in permissions if not user.has_permission(name)]
    if missing:
        raise PermissionDenied(f"This needs the permission {', '.join(map(repr, missing))}.")
    return user


@overload
def login_required(handler: Handler) -> Handler: ...
@overload
def login_required(
    *, permission: str | Sequence[str] = (), admin: bool = False
) -> Callable[[Handler], Handler]: ...


def login_required(
    handler: Any = None, *, permission: str | Sequence[str] = (), admin: bool = False
) -> Any:
    """Let only those in who are logged in, and have a permission where one is named.

    Stands below the route's decorator. Several permissions are all needed; `admin` asks for an
    account that may do everything.
    """
    permissions = (permission,) if isinstance(permission, str) else tuple(permission)

    def decorate(function: Handler) -> Handler:
        return _with_check(function, permissions, admin)

    return decorate if handler is None else decorate(handler)


def permission_required(*permissions: str) -> Callable[[Handler], Handler]:
    """Let only those in who have all of the permissions."""
    return login_required(permission=permissions)


def _with_check(function: Handler, permissions: Sequence[str], admin: bool) -> Handler:
    check = _CurrentUser(*permissions, admin=admin)
    _guarded.add(function)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise BindingError(
            "login_required cannot stand above a generator. Use the parameter "
            "user: CurrentUser, or dependencies=[Depends(current_user)] on the route.",
            code="binding-login-generator",
            where=place_of(function),
        )
    wrapper = _async_wrapper(function) if _is_async(function) else _plain_wrapper(function)
    signature = inspect.signature(function)
    asked = inspect.Parameter(
        LOGIN_PARAMETER, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[User, Depends(check)]
    )
    kept = list(signature.parameters.values())
    at = next((i for i, each in enumerate(kept) if each.kind is each.VAR_KEYWORD), len(kept))
    # Binding reads this signature: the check becomes a dependency, documented like any other.
    wrapper.__signature__ = signature.replace(parameters=[*kept[:at], asked, *kept[at:]])  # type: ignore[attr-defined]
    return wrapper  # type: ignore[return-value]


def refuse_unguarded(handlers: Iterable[Callable[..., Any]]) -> None:
    """Check that `login_required` stands below the decorator of each route.

    Raises:
        BindingError: it stands above one, so that the route would let everybody in.
    """
    for handler in handlers:
        if handler in _guarded:
            raise BindingError(
                f"login_required stands above the route of {handler.__qualname__}, so that the "
                "route does not know of it and lets everybody in. Write it below: first "
                "@app.get(…), then @login_required.",
                code="binding-login-order",
                where=place_of(handler),
            )


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(inspect.unwrap(function))


def _async_wrapper(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop(LOGIN_PARAMETER, None)
        return await function(*args, **kwargs)

    return wrapper


def _plain_wrapper(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop(LOGIN_PARAMETER, None)
        return function(*args, **kwargs)

    return wrapper
