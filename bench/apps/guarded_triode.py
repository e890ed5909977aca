"""Hello JSON inside of all of Triode's own middleware, or of none with `GUARDED=no`."""

from __future__ import annotations

import os

from triode import Triode
from triode.middleware.compression import CompressionMiddleware
from triode.middleware.cors import CORSMiddleware
from triode.middleware.rate_limit import RateLimitMiddleware
from triode.middleware.request_id import RequestIdMiddleware
from triode.middleware.security_headers import SecurityHeadersMiddleware
from triode.middleware.timeout import TimeoutMiddleware
from triode.middleware.trustedhost import TrustedHostMiddleware

IS_GUARDED = os.environ.get("GUARDED") != "no"

app = Triode(trusted_proxies=["127.0.0.1"] if IS_GUARDED else None)

if IS_GUARDED:
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(TimeoutMiddleware, seconds=30)
    app.add_middleware(RateLimitMiddleware, limit="100000000/minute")
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
