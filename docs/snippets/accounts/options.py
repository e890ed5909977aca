"""Accounts: other addresses, shorter sessions, a second site."""

from triode import Auth, Triode
from triode.auth import SessionOptions

app = Triode()
auth = Auth(
    app,
    login_path="/welcome",
    after_login="/home",
    sessions=SessionOptions(idle=3600, absolute=12 * 3600),
    trusted_origins=["https://app.example.org"],
)
