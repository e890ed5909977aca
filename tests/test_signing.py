"""Tokens that leave the server and come back."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from triode.errors import ConfigError
from triode.signing import BadToken, ExpiredToken, Signer, find_secrets, secret_from_file

OLD = "old-secret-old-secret-old-secret-old"
NEW = "new-secret-new-secret-new-secret-new"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRIODE_SECRET_KEY", "SECRET_KEY", "TRIODE_SECRET_KEY_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)


def test_a_value_comes_back() -> None:
    signer = Signer([NEW], purpose="test")
    assert signer.read(signer.sign({"user": 7, "name": "Zoë"})) == {"user": 7, "name": "Zoë"}


def test_a_changed_token_is_refused() -> None:
    signer = Signer([NEW], purpose="test")
    token = signer.sign("value")
    with pytest.raises(BadToken):
        signer.read(("A" if token[0] != "A" else "B") + token[1:])


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "\x00", "é", "\ud800", "." * 5000])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        Signer([NEW], purpose="test").read(token)


def test_a_token_of_another_purpose_is_refused() -> None:
    signer = Signer([NEW], purpose="login")
    with pytest.raises(BadToken):
        signer.for_purpose("reset").read(signer.sign(1))


def test_an_old_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([NEW], purpose="test")
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_000.0)
    token = signer.sign(1)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_061.0)
    assert signer.read(token, max_age=61) == 1
    with pytest.raises(ExpiredToken):
        signer.read(token, max_age=60)


def test_a_rotated_secret_still_verifies() -> None:
    token = Signer([OLD], purpose="test").sign(1)
    assert Signer([NEW, OLD], purpose="test").read(token) == 1


def test_the_first_secret_signs() -> None:
    token = Signer([NEW, OLD], purpose="test").sign(1)
    assert Signer([NEW], purpose="test").read(token) == 1


def test_a_weak_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="secret-weak"):
        Signer(["change-me"], purpose="test")


def test_no_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="secret-missing"):
        Signer([], purpose="test")


def test_the_argument_comes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", OLD)
    assert find_secrets(NEW, directory=tmp_path) == [NEW]
    assert find_secrets([NEW, OLD], directory=tmp_path) == [NEW, OLD]


def test_the_environment_comes_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", OLD)
    monkeypatch.setenv("TRIODE_SECRET_KEY", NEW)
    monkeypatch.setenv("TRIODE_SECRET_KEY_FALLBACKS", f"{OLD},")
    assert find_secrets(directory=tmp_path) == [NEW, OLD]
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_made_once_and_private(tmp_path: Path) -> None:
    first = find_secrets(directory=tmp_path)
    assert find_secrets(directory=tmp_path) == first
    path = tmp_path / ".triode" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".gitignore", "secret"]
    assert len(first[0]) == 64


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret_from_file(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        secret_from_file(path)


def test_a_place_that_cannot_be_written_names_the_mend(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError, match="TRIODE_SECRET_KEY"):
        secret_from_file(tmp_path / "taken" / "secret")


def test_an_empty_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("triode.signing.time.sleep", lambda _: None)
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    with pytest.raises(ConfigError, match="holds no secret"):
        secret_from_file(path)


def test_without_hard_links_the_file_is_still_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("triode.signing.os.link", refuse)
    path = tmp_path / "secret"
    assert secret_from_file(path) == secret_from_file(path) == path.read_text().strip()


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(secret_from_file, [tmp_path / "secret"] * 8)
    assert len(set(found)) == 1
