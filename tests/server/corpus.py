"""A corpus of raw requests: what each must be answered, and which rule says so.

Sections are of RFC 9112 where a number stands alone, of RFC 9110 where it begins with "9110";
"ours" is a limit of the server. `test_corpus.py` sends every case as it stands, whole, in single
bytes and in the midst of a connection.
"""

from __future__ import annotations

from typing import NamedTuple

HOST = b"Host: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
EXPECT = b"Expect: 100-continue\r\n"


def request(
    target: bytes = b"/ping",
    lines: bytes = b"",
    *,
    method: bytes = b"GET",
    version: bytes = b"HTTP/1.1",
    host: bytes = HOST,
) -> bytes:
    """Return a request without a body."""
    return method + b" " + target + b" " + version + b"\r\n" + host + lines + b"\r\n"


def post(target: bytes, body: bytes, lines: bytes = b"") -> bytes:
    """Return a request whose body has a length and is JSON."""
    length = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return request(target, length + lines, method=b"POST") + body


def chunked(target: bytes, body: bytes, lines: bytes = b"") -> bytes:
    """Return a request whose body comes in chunks."""
    return request(target, CHUNKED + lines, method=b"POST") + body


class Refused(NamedTuple):
    """A request that is answered with an error and the end of the connection."""

    section: str
    status: int
    data: bytes


class Served(NamedTuple):
    """A request that is answered with 200 and `body`, on a connection that stays."""

    section: str
    data: bytes
    body: bytes


REFUSED: dict[str, Refused] = {
    "http-0.9": Refused("2.3", 505, b"GET /ping\r\n\r\n"),
    "http-1.2": Refused("2.3", 400, request(version=b"HTTP/1.2")),
    "http-2.0": Refused("9110-15.6.6", 505, request(version=b"HTTP/2.0")),
    "http-2-preface": Refused("2.3", 400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "tls": Refused("3", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "no-host": Refused("3.2", 400, request(host=b"")),
    "two-hosts": Refused("3.2", 400, request(lines=HOST)),
    "host-with-space": Refused("3.2", 400, request(host=b"Host: a b\r\n")),
    "host-with-path": Refused("3.2", 400, request(host=b"Host: a/b\r\n")),
    "host-with-user": Refused("9110-4.2.4", 400, request(host=b"Host: u@a\r\n")),
    "host-with-letters-in-port": Refused("3.2", 400, request(host=b"Host: a:b\r\n")),
    "lf-everywhere": Refused("2.2", 400, request().replace(b"\r\n", b"\n")),
    "lf-in-headers": Refused("2.2", 400, b"GET /ping HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    "lf-after-request-line": Refused("2.2", 400, b"GET /ping HTTP/1.1\nHost: a\r\n\r\n"),
    "lf-at-the-end": Refused("2.2", 400, b"GET /ping HTTP/1.1\r\nHost: a\r\n\n"),
    "cr-in-value": Refused("2.2", 400, b"GET /ping HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
    "space-before-colon": Refused("5.1", 400, request(lines=b"X : y\r\n")),
    "space-before-colon-of-te": Refused(
        "5.1", 400, request(lines=b"Transfer-Encoding : chunked\r\n")
    ),
    "obs-fold": Refused("5.2", 400, request(lines=b"X: a\r\n b\r\n")),
    "space-before-first-header": Refused("2.2", 400, b"GET /ping HTTP/1.1\r\n Host: a\r\n\r\n"),
    "nul-in-value": Refused("9110-5.5", 400, request(lines=b"X: a\x00b\r\n")),
    "nul-in-name": Refused("5", 400, request(lines=b"X\x00: ab\r\n")),
    "control-in-value": Refused("9110-5.5", 400, request(lines=b"X: a\x01b\r\n")),
    "high-byte-in-name": Refused("5", 400, request(lines=b"X\xe9: a\r\n")),
    "empty-name": Refused("5", 400, request(lines=b": a\r\n")),
    "no-colon": Refused("5", 400, request(lines=b"abc\r\n")),
    "length-twice": Refused("6.3", 400, post(b"/raw", b"abc", b"Content-Length: 3\r\n")),
    "lengths-differ": Refused("6.3", 400, post(b"/raw", b"abc", b"Content-Length: 4\r\n")),
    "length-list": Refused("6.3", 400, request(b"/raw", b"Content-Length: 3, 3\r\n") + b"abc"),
    "length-negative": Refused("6.3", 400, request(b"/raw", b"Content-Length: -3\r\n") + b"abc"),
    "length-plus": Refused("6.3", 400, request(b"/raw", b"Content-Length: +3\r\n") + b"abc"),
    "length-hex": Refused("6.3", 400, request(b"/raw", b"Content-Length: 0x3\r\n") + b"abc"),
    "length-underscore": Refused("6.3", 400, request(b"/raw", b"Content-Length: 1_0\r\n")),
    "length-empty": Refused("6.3", 400, request(b"/raw", b"Content-Length: \r\n")),
    "length-overflow": Refused(
        "6.3", 400, request(b"/raw", b"Content-Length: 99999999999999999999999\r\n")
    ),
    "length-and-chunked": Refused(
        "6.1", 400, chunked(b"/raw", b"0\r\n\r\n", b"Content-Length: 3\r\n")
    ),
    "te-identity": Refused("6.1", 501, request(lines=b"Transfer-Encoding: identity\r\n")),
    "te-gzip-chunked": Refused("6.1", 501, request(lines=b"Transfer-Encoding: gzip, chunked\r\n")),
    "te-chunked-gzip": Refused("6.3", 400, request(lines=b"Transfer-Encoding: chunked, gzip\r\n")),
    "te-twice": Refused("6.1", 400, request(lines=CHUNKED * 2)),
    "te-xchunked": Refused("6.1", 501, request(lines=b"Transfer-Encoding: xchunked\r\n")),
    "te-vertical-tab": Refused("6.1", 400, request(lines=b"Transfer-Encoding: \x0bchunked\r\n")),
    "te-in-http-1.0": Refused(
        "6.1", 400, request(lines=CHUNKED, version=b"HTTP/1.0") + b"0\r\n\r\n"
    ),
    "chunk-size-letters": Refused("7.1", 400, chunked(b"/raw", b"g\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-negative": Refused("7.1", 400, chunked(b"/raw", b"-3\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-0x": Refused("7.1", 400, chunked(b"/raw", b"0x3\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-overflow": Refused("7.1", 400, chunked(b"/raw", b"fffffffffffffffffff\r\nabc\r\n")),
    "chunk-longer-than-size": Refused("7.1", 400, chunked(b"/raw", b"3\r\nabcd\r\n0\r\n\r\n")),
    "chunk-with-lf": Refused("7.1", 400, chunked(b"/raw", b"3\nabc\n0\n\n")),
    "chunk-extension-with-lf": Refused("7.1", 400, chunked(b"/raw", b"3;a\nabc\r\n0\r\n\r\n")),
    "chunks-too-large": Refused(
        "ours", 413, chunked(b"/raw", b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n")
    ),
    "body-too-large": Refused("ours", 413, post(b"/raw", b"x" * 1001)),
    "many-trailers": Refused("ours", 431, chunked(b"/raw", b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n")),
    "expect-and-too-large": Refused(
        "9110-10.1.1",
        413,
        request(b"/raw", b"Content-Length: 1001\r\nExpect: 100-continue\r\n", method=b"POST"),
    ),
    "expect-unknown": Refused("9110-10.1.1", 417, post(b"/raw", b"abc", b"Expect: foo\r\n")),
    "expect-known-and-unknown": Refused(
        "9110-10.1.1",
        417,
        post(b"/raw", b"abc", b"Expect: 100-continue\r\nExpect: foo\r\n"),
    ),
    "authority-form": Refused("3.2.3", 400, request(b"evil:80")),
    "connect": Refused("3.2.3", 400, request(b"evil:80", method=b"CONNECT")),
    "connect-with-path": Refused("3.2.3", 400, request(b"/ping", method=b"CONNECT")),
    "connect-with-chunks": Refused(
        "3.2.3", 400, request(b"/ping", CHUNKED, method=b"CONNECT") + b"0\r\n\r\n"
    ),
    "empty-target": Refused("3.2", 400, request(b"")),
    "relative-target": Refused("3.2", 400, request(b"q/a")),
    "high-byte-in-target": Refused("3.2", 400, request(b"/q/\xff\xfe")),
    "control-in-target": Refused("3.2", 400, request(b"/q/\x01")),
    "tab-in-target": Refused("3", 400, request(b"/q/a\tb")),
    "unknown-method": Refused("3.1", 400, request(method=b"FOO")),
    "method-in-lower-case": Refused("3.1", 400, request(method=b"get")),
    "target-too-long": Refused("3", 414, request(b"/q/" + b"a" * 20000)),
    "header-too-long": Refused("9110-5.4", 431, request(lines=b"X: " + b"a" * 70000 + b"\r\n")),
    "headers-too-long": Refused(
        "9110-5.4", 431, request(lines=(b"X: " + b"a" * 1000 + b"\r\n") * 70)
    ),
    "headers-too-many": Refused("9110-5.4", 431, request(lines=b"X: a\r\n" * 101)),
    "host-of-two-in-one": Refused("3.2", 400, request(host=b"Host: a, b\r\n")),
    "host-with-nothing-after-bracket": Refused("3.2", 400, request(host=b"Host: [::1\r\n")),
    "host-folded-by-case": Refused("3.2", 400, request(lines=b"HOST: b\r\n")),
    "host-before-and-space": Refused(
        "2.2", 400, b"GET /ping HTTP/1.1\r\n Host: b\r\nHost: a\r\n\r\n"
    ),
    "cr-alone-ends-line": Refused("2.2", 400, b"GET /ping HTTP/1.1\rHost: a\r\n\r\n"),
    "cr-alone-at-the-end": Refused("2.2", 400, b"GET /ping HTTP/1.1\r\nHost: a\r\n\rX"),
    "cr-cr-lf": Refused("2.2", 400, b"GET /ping HTTP/1.1\r\nHost: a\r\r\n\r\n"),
    "space-after-version": Refused("3", 400, b"GET /ping HTTP/1.1 \r\nHost: a\r\n\r\n"),
    "tab-after-method": Refused("3", 400, b"GET\t/ping HTTP/1.1\r\nHost: a\r\n\r\n"),
    "space-before-method": Refused("3", 400, b" GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"),
    "version-in-lower-case": Refused("2.3", 400, request(version=b"http/1.1")),
    "version-of-two-digits": Refused("2.3", 400, request(version=b"HTTP/1.10")),
    "version-of-another-protocol": Refused("2.3", 400, request(version=b"ICY/1.1")),
    "fragment": Refused("3.2", 400, request(b"/ping#a")),
    "backslash-nul-in-target": Refused("3.2", 400, request(b"/q/\x00")),
    "delete-in-target": Refused("3.2", 400, request(b"/q/\x7f")),
    "asterisk-of-get": Refused("3.2.4", 400, request(b"*")),
    "asterisk-and-more": Refused("3.2.4", 400, request(b"*/ping", method=b"OPTIONS")),
    "absolute-form-of-another-scheme": Refused("3.2.2", 400, request(b"ftp://a/ping")),
    "absolute-form-with-user": Refused("9110-4.2.4", 400, request(b"http://u:p@a/ping")),
    "absolute-form-without-host": Refused("9110-4.2.1", 400, request(b"http:///ping")),
    "absolute-form-with-port-alone": Refused("9110-4.2.1", 400, request(b"http://:80/ping")),
    "absolute-form-without-host-header": Refused("3.2", 400, request(b"http://a/ping", host=b"")),
    "name-with-bracket": Refused("9110-5.1", 400, request(lines=b"X[]: a\r\n")),
    "name-with-slash": Refused("9110-5.1", 400, request(lines=b"X/Y: a\r\n")),
    "name-with-tab": Refused("5.1", 400, request(lines=b"X\t: a\r\n")),
    "name-with-bare-cr": Refused("2.2", 400, request(lines=b"X\r: a\r\n")),
    "delete-in-value": Refused("9110-5.5", 400, request(lines=b"X: a\x7fb\r\n")),
    "length-with-space-inside": Refused("6.3", 400, request(b"/raw", b"Content-Length: 1 0\r\n")),
    "length-with-decimal": Refused("6.3", 400, request(b"/raw", b"Content-Length: 1.0\r\n")),
    "length-with-full-width-digit": Refused(
        "6.3", 400, request(b"/raw", "Content-Length: \uff13\r\n".encode())
    ),
    "length-twice-in-another-case": Refused(
        "6.3", 400, post(b"/raw", b"abc", b"CONTENT-LENGTH: 3\r\n")
    ),
    "length-after-chunked": Refused(
        "6.1", 400, request(b"/raw", CHUNKED + b"Content-Length: 3\r\n", method=b"POST") + b"abc"
    ),
    "length-0-and-chunked": Refused(
        "6.1", 400, chunked(b"/raw", b"0\r\n\r\n", b"Content-Length: 0\r\n")
    ),
    "te-empty": Refused("6.1", 400, request(lines=b"Transfer-Encoding:\r\n")),
    "te-chunked-chunked": Refused(
        "6.1", 400, request(lines=b"Transfer-Encoding: chunked, chunked\r\n")
    ),
    "te-chunked-comma": Refused("6.1", 400, request(lines=b"Transfer-Encoding: chunked,\r\n")),
    "te-chunked-and-gzip-apart": Refused(
        "6.1", 400, request(lines=b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n")
    ),
    "te-gzip-and-chunked-apart": Refused(
        "6.1", 501, request(lines=b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")
    ),
    "te-quoted": Refused("6.1", 501, request(lines=b'Transfer-Encoding: "chunked"\r\n')),
    "te-with-parameter": Refused("7", 501, request(lines=b"Transfer-Encoding: chunked;a=b\r\n")),
    "te-folded": Refused("5.2", 400, request(lines=b"Transfer-Encoding:\r\n chunked\r\n")),
    "te-nul": Refused("9110-5.5", 400, request(lines=b"Transfer-Encoding: chunked\x00\r\n")),
    "chunk-size-empty": Refused("7.1", 400, chunked(b"/raw", b"\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-space": Refused("7.1", 400, chunked(b"/raw", b"3 \r\nabc\r\n0\r\n\r\n")),
    "chunk-size-space-before": Refused("7.1", 400, chunked(b"/raw", b" 3\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-plus": Refused("7.1", 400, chunked(b"/raw", b"+3\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-underscore": Refused("7.1", 400, chunked(b"/raw", b"1_0\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-of-64-bits-and-more": Refused(
        "7.1", 400, chunked(b"/raw", b"10000000000000003\r\nabc\r\n0\r\n\r\n")
    ),
    "chunk-size-with-bare-cr": Refused("7.1", 400, chunked(b"/raw", b"3\rabc\r\n0\r\n\r\n")),
    "chunk-without-end": Refused("7.1", 400, chunked(b"/raw", b"3\r\nabc0\r\n\r\n")),
    "chunk-data-end-with-lf": Refused("7.1", 400, chunked(b"/raw", b"3\r\nabc\n0\r\n\r\n")),
    "chunk-data-end-with-cr": Refused("7.1", 400, chunked(b"/raw", b"3\r\nabc\r0\r\n\r\n")),
    "chunk-extension-with-cr": Refused("7.1.1", 400, chunked(b"/raw", b"3;a\rb\r\nabc\r\n")),
    "chunk-extension-with-nul": Refused("7.1.1", 400, chunked(b"/raw", b"3;a\x00\r\nabc\r\n")),
    "chunk-last-with-lf": Refused("7.1", 400, chunked(b"/raw", b"3\r\nabc\r\n0\n\n")),
    "chunks-end-with-lf": Refused("7.1", 400, chunked(b"/raw", b"3\r\nabc\r\n0\r\n\n")),
    "trailer-folded": Refused("5.2", 400, chunked(b"/raw", b"0\r\nX: a\r\n b\r\n\r\n")),
    "trailer-space-before-colon": Refused("5.1", 400, chunked(b"/raw", b"0\r\nX : a\r\n\r\n")),
    "trailer-with-nul": Refused("9110-5.5", 400, chunked(b"/raw", b"0\r\nX: \x00\r\n\r\n")),
    "mounted-chunk-size": Refused("7.1", 400, chunked(b"/mounted", b"g\r\nabc\r\n0\r\n\r\n")),
    "mounted-length-and-chunked": Refused(
        "6.1", 400, chunked(b"/mounted", b"0\r\n\r\n", b"Content-Length: 3\r\n")
    ),
    "expect-too-large-of-route": Refused(
        "9110-10.1.1",
        413,
        request(b"/small", b"Content-Length: 11\r\n" + EXPECT, method=b"POST"),
    ),
    "chunks-too-large-of-route": Refused(
        "ours", 413, chunked(b"/small", b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n")
    ),
    "body-too-large-of-route": Refused("ours", 413, post(b"/small", b"x" * 11)),
}

SERVED: dict[str, Served] = {
    "plain": Served("3", request(), b'"pong"'),
    "crlf-before-request-line": Served("2.2", b"\r\n\r\n" + request(), b'"pong"'),
    "empty-host": Served("3.2", request(host=b"Host:\r\n"), b'"pong"'),
    "host-with-port": Served("3.2", request(host=b"Host: a.b-c:80\r\n"), b'"pong"'),
    "host-v6": Served("3.2", request(host=b"Host: [::1]:80\r\n"), b'"pong"'),
    "host-underscore": Served("3.2", request(host=b"Host: my_app\r\n"), b'"pong"'),
    "latin-1-in-value": Served(
        "9110-5.5", request(b"/headers", b"X: caf\xe9\r\n"), b'["host","x"]'
    ),
    "length-with-space": Served(
        "5.1",
        request(b"/raw", b"Content-Length: 3 \r\n", method=b"POST") + b"abc",
        b"abc",
    ),
    "chunks": Served(
        "7.1", chunked(b"/raw", b"3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n"), b"abc0123456789"
    ),
    "chunks-in-capitals": Served(
        "7",
        request(b"/raw", b"TRANSFER-ENCODING: Chunked\r\n", method=b"POST") + b"0\r\n\r\n",
        b"",
    ),
    "chunk-extension": Served("7.1.1", chunked(b"/raw", b'3;a="b";c\r\nabc\r\n0\r\n\r\n'), b"abc"),
    "trailers-are-no-headers": Served(
        "7.1.2",
        chunked(b"/headers", b"0\r\nX-Admin: yes\r\n\r\n"),
        b'["host","transfer-encoding"]',
    ),
    "body-of-the-limit": Served("ours", post(b"/raw", b"x" * 1000), b"x" * 1000),
    "absolute-form": Served("3.2.2", request(b"http://evil/q/a?b=c"), b'["a",{"b":"c"},"/q/a"]'),
    "percent-not-utf8": Served(
        "3.2.1", request(b"/q/%ff?%ff=%fe"), '["�",{"�":"�"},"/q/%ff"]'.encode()
    ),
    "percent-surrogate": Served(
        "3.2.1",
        request(b"/q/%ED%A0%80?a=%ED%A0%80"),
        '["���",{"a":"���"},"/q/%ED%A0%80"]'.encode(),
    ),
    "percent-nul": Served(
        "3.2.1", request(b"/q/%00?a=%00"), b'["\\u0000",{"a":"\\u0000"},"/q/%00"]'
    ),
    "percent-nonsense": Served("3.2.1", request(b"/q/%zz%?%=%g"), b'["%zz%",{"%":"%g"},"/q/%zz%"]'),
    "percent-slash": Served("3.2.1", request(b"/q/a%2Fb"), b'["a/b",{},"/q/a%2Fb"]'),
    "nul-in-json": Served("3.2.1", post(b"/json", b'{"a":"\\u0000"}'), b'{"a":"\\u0000"}'),
    "head": Served("9110-9.3.2", request(method=b"HEAD"), b""),
    "mounted": Served("6.3", post(b"/mounted", b"abc"), b"abc"),
    "absolute-form-without-path": Served("3.2.1", request(b"http://b?c=d"), b'["",{"c":"d"},"/"]'),
    "absolute-form-replaces-host": Served("3.2.2", request(b"http://b:1/host"), b'"b:1"'),
    "absolute-form-of-https": Served("3.2.2", request(b"HTTPS://[::1]/host"), b'"[::1]"'),
    "double-slash": Served("3.2.1", request(b"//q/a"), b'["a",{},"//q/a"]'),
    "dots-stay": Served("3.2.1", request(b"/q/../b"), b'["../b",{},"/q/../b"]'),
    "get-with-a-body": Served(
        "6", request(b"/q/a", b"Content-Length: 3\r\n") + b"abc", b'["a",{},"/q/a"]'
    ),
    "unread-body-then-more": Served(
        "9.3", post(b"/unread", b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"), b'"unread"'
    ),
    "value-with-tab-and-commas": Served("5.5", request(lines=b"X: \t a,\tb \t\r\n"), b'"pong"'),
    "value-empty": Served("5.5", request(lines=b"X:\r\nY: \r\n"), b'"pong"'),
    "name-of-every-token-character": Served(
        "9110-5.6.2", request(lines=b"!#$%&'*+-.^_`|~09azAZ: a\r\n"), b'"pong"'
    ),
    "chunk-size-with-zeros": Served(
        "7.1", chunked(b"/raw", b"0000000003\r\nabc\r\n000\r\n\r\n"), b"abc"
    ),
    "upgrade-ignored-with-body": Served(
        "9110-7.8", post(b"/raw", b"abc", b"Connection: upgrade\r\nUpgrade: foo\r\n"), b"abc"
    ),
    "two-spaces-in-request-line": Served(
        "3 (a recipient may)", b"GET  /ping  HTTP/1.1\r\nHost: a\r\n\r\n", b'"pong"'
    ),
}
