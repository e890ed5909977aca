"""Turns a `Request` into the bytes that a browser would send, for the checks and for wrk alike."""

from __future__ import annotations

from bench.rows import COUNTER, Request

# What Chrome sends with a `fetch()` to its own origin, in its order: ten beside `Host`.
BROWSER_HEADERS = (
    ("sec-ch-ua-platform", '"Linux"'),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36",
    ),
    ("Accept", "application/json, text/plain, */*"),
    ("sec-ch-ua", '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"'),
    ("sec-ch-ua-mobile", "?0"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en;q=0.9,de;q=0.8"),
)
# As wide as the number that replaces it, so that Content-Length is right before it is known.
PLACE = "0" * 10


def request_bytes(
    request: Request, port: int, *, prefix: str = "", vary_headers: bool = False, cookie: str = ""
) -> bytes:
    """Return the request as sent; the counter's mark is left in it for wrk or `with_counter`."""
    lines = [f"{request.method} {prefix}{request.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in BROWSER_HEADERS]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if vary_headers:
        if request.body is not None and COUNTER in request.body:
            # wrk replaces one mark a request, and the body of this row already varies.
            raise SystemExit("--vary-headers cannot be used with the insert row.")
        lines.append(f"X-Request-Id: {COUNTER}")
    body = request.body or ""
    if request.body is not None:
        length = len(body.replace(COUNTER, PLACE).encode())
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def with_counter(text: bytes, number: int) -> bytes:
    return text.replace(COUNTER.encode(), b"%010d" % number)


def replay_file(requests: list[bytes]) -> bytes:
    """Return what `replay.lua` reads: each request after its length and a newline."""
    return b"".join(b"%d\n%s" % (len(request), request) for request in requests)
