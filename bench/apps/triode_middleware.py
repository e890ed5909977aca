"""The middleware of the row `stack` around Triode: all of its own."""

from __future__ import annotations

from triode import Triode
from triode.middleware.compression import CompressionMiddleware
from triode.middleware.cors import CORSMiddleware
from triode.middleware.rate_limit import RateLimitMiddleware
from triode.middleware.request_id import RequestIdMiddleware
from triode.middleware.security_headers import SecurityHeadersMiddleware
from triode.middleware.timeout import TimeoutMiddleware
from triode.middleware.trustedhost import TrustedHostMiddleware

PROXIES = ["127.0.0.1"]


def add_to(app: Triode) -> None:
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(TimeoutMiddleware, seconds=30)
    app.add_middleware(RateLimitMiddleware, limit="100000000/minute")
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])
