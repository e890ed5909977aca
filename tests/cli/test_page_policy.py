import pytest

from triode.cli.page_policy import admit


@pytest.mark.parametrize(
    ("policy", "admitted", "nonce"),
    [
        ("", "", ""),
        ("img-src 'none'", "img-src 'none'", ""),
        ("default-src 'self'", "default-src 'self'; script-src 'self'; connect-src 'self'", ""),
        (
            "default-src 'none'; style-src 'sha256-x='",
            "default-src 'none'; style-src 'sha256-x='; script-src 'self'; connect-src 'self'",
            "",
        ),
        (
            "script-src 'nonce-abc' 'strict-dynamic'; connect-src https://api.example",
            "script-src 'nonce-abc' 'strict-dynamic'; connect-src https://api.example 'self'",
            "abc",
        ),
        (
            "script-src-elem 'none'; script-src 'self'",
            "script-src-elem 'self'; script-src 'self'",
            "",
        ),
        ("script-src 'unsafe-inline'", "script-src 'unsafe-inline' 'self'", ""),
        ("Default-Src *", "default-src *; script-src *; connect-src *", ""),
    ],
)
def test_policy_admits_the_script_and_nothing_else(policy: str, admitted: str, nonce: str) -> None:
    assert admit(policy) == (admitted, nonce)
