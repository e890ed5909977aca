"""Accounts: users, sessions, CSRF protection, and the pages to log in and out."""

from triode.auth.extension import Auth, auth_of, session_of
from triode.auth.identity import (
    CurrentUser,
    LoginRequired,
    OptionalUser,
    PermissionDenied,
    login_required,
    permission_required,
    require_user,
    user_of,
)
from triode.auth.lockout import TooManyAttempts
from triode.auth.models import Group, LoginSession, User
from triode.auth.passwords import WeakPassword
from triode.auth.redirects import is_safe_path, safe_path
from triode.auth.users import create_user, find_user, set_password
from triode.middleware.csrf import CsrfFailed
from triode.middleware.sessions import Session, SessionOptions

__all__ = [
    "Auth",
    "CsrfFailed",
    "CurrentUser",
    "Group",
    "LoginRequired",
    "LoginSession",
    "OptionalUser",
    "PermissionDenied",
    "Session",
    "SessionOptions",
    "TooManyAttempts",
    "User",
    "WeakPassword",
    "auth_of",
    "create_user",
    "find_user",
    "is_safe_path",
    "login_required",
    "permission_required",
    "require_user",
    "safe_path",
    "session_of",
    "set_password",
    "user_of",
]
