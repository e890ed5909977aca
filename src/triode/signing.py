"""Sign what leaves the server and must come back unchanged.

A `Signer` makes URL-safe tokens with a time stamp over itsdangerous. Secrets are a list: the
first signs, all of them verify, so a secret is rotated by putting a new one in front. Each
purpose derives its own key, so a token made for one use is worth nothing in another.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets as randomness
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from triode.errors import ClientError, ConfigError

SHORTEST_SECRET = 32
SECRET_FILE = Path(".triode") / "secret"
_OTHERS_MAY_READ = stat.S_IRWXG | stat.S_IRWXO


class BadToken(ClientError):
    """A signed token that was changed, made for another purpose, or signed by nobody we know."""

    default_code = "bad-token"


class ExpiredToken(BadToken):
    """A signed token that was ours and is too old."""

    default_code = "expired-token"


class Signer:
    """Signs JSON values for one purpose."""

    def __init__(self, secrets: Sequence[str], *, purpose: str) -> None:
        if not secrets:
            raise ConfigError("A Signer needs at least one secret.", code="secret-missing")
        for secret in secrets:
            _refuse_weak(secret)
        self.secrets = tuple(secrets)
        self.purpose = purpose
        # itsdangerous signs with the last key of the list; ours is newest first.
        self._serializer = URLSafeTimedSerializer(
            list(reversed(self.secrets)),
            salt=f"triode.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, value: Any) -> str:
        """Return a URL-safe token that carries `value`, signed and not hidden."""
        return str(self._serializer.dumps(value))

    def read(self, token: str, *, max_age: int | None = None) -> Any:
        """Return the value of a token.

        `max_age` is in seconds; None accepts any age.

        Raises:
            ExpiredToken: the token is ours and older than `max_age`.
            BadToken: the token is not ours.
        """
        try:
            return self._serializer.loads(token, max_age=max_age)
        except SignatureExpired as exc:
            raise ExpiredToken("This link or form is too old. Ask for a new one.") from exc
        except (BadData, UnicodeError) as exc:
            raise BadToken("This link or form is not valid.") from exc

    def for_purpose(self, purpose: str) -> Signer:
        """Return a signer with the same secrets for another purpose."""
        return Signer(self.secrets, purpose=purpose)


def find_secrets(given: str | Sequence[str] | None = None, *, directory: Path) -> list[str]:
    """Return the secrets to sign with, newest first.

    The first of these that says anything: `given`; the environment variable
    `TRIODE_SECRET_KEY` or `SECRET_KEY`; the file `.triode/secret` under `directory`, made when
    it is missing. `TRIODE_SECRET_KEY_FALLBACKS`, separated by commas, holds older secrets that
    still verify. The file serves one machine: several machines must share a variable.

    Raises:
        ConfigError: a secret is too short, or the file cannot be kept.
    """
    if given:
        return [given] if isinstance(given, str) else list(given)
    older = [part for part in _variable("TRIODE_SECRET_KEY_FALLBACKS").split(",") if part]
    newest = _variable("TRIODE_SECRET_KEY") or _variable("SECRET_KEY")
    return [newest or secret_from_file(directory / SECRET_FILE), *older]


def secret_from_file(path: Path) -> str:
    """Return the secret kept in a file, and make it when it is missing.

    Two processes that start at once get the same secret: the file appears whole or not at all.

    Raises:
        ConfigError: the file cannot be written or read, or others may read it.
    """
    try:
        if not path.exists():
            _create_secret(path)
        mode = path.stat().st_mode
        secret = _read_when_whole(path)
    except OSError as exc:
        raise ConfigError(
            f"The secret file {str(path)!r} cannot be used: {exc.strerror or exc}. "
            "Set the environment variable TRIODE_SECRET_KEY, or make its folder writable.",
            code="secret-file",
        ) from exc
    if os.name == "posix" and mode & _OTHERS_MAY_READ:
        raise ConfigError(
            f"The secret file {str(path)!r} may be read by others (mode {stat.S_IMODE(mode):o}). "
            f"Close it with: chmod 600 {path}",
            code="secret-file",
        )
    return secret


def _create_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        _write_new(path.parent / ".gitignore", "*\n")
    draft = path.with_name(f"{path.name}.{randomness.token_hex(8)}")
    _write_new(draft, randomness.token_urlsafe(48) + "\n")
    try:
        # A hard link appears whole or not at all, and never replaces a file that is there.
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:
        # COMPAT: file systems without hard links (FAT, some network shares); `_read_when_whole`
        # bridges the moment between the file's birth and its content.
        with contextlib.suppress(FileExistsError):
            _write_new(path, draft.read_text())
    finally:
        draft.unlink()


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _read_when_whole(path: Path) -> str:
    for _ in range(50):
        text = path.read_text()
        if text.endswith("\n") or len(text.strip()) >= SHORTEST_SECRET:
            return text.strip()
        time.sleep(0.02)
    raise ConfigError(
        f"The secret file {str(path)!r} holds no secret. Delete it; a new one is made at the "
        "next start, and everyone has to log in again.",
        code="secret-file",
    )


def _refuse_weak(secret: str) -> None:
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(
            f"A secret of {len(secret)} characters can be guessed; {SHORTEST_SECRET} are needed. "
            'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"',
            code="secret-weak",
        )


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()
