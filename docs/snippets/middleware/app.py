import logging

from triode import Depends, Request, Response, Router, Triode
from triode.middleware import Middleware
from triode.middleware.compression import CompressionMiddleware
from triode.middleware.cors import CORSMiddleware
from triode.middleware.csp import NONCE, SELF
from triode.middleware.rate_limit import RateLimitMiddleware, rate_limit
from triode.middleware.request_id import RequestIdFilter, RequestIdMiddleware
from triode.middleware.security_headers import SecurityHeadersMiddleware
from triode.middleware.timeout import TimeoutMiddleware
from triode.middleware.trustedhost import TrustedHostMiddleware

app = Triode(
    trusted_proxies=["127.0.0.1", "10.0.0.0/8"],
    middleware=[
        Middleware(CORSMiddleware, allow_origins=["https://app.example"], allow_methods=["*"]),
        Middleware(TrustedHostMiddleware, allowed_hosts=["api.example", "*.api.example"]),
        Middleware(SecurityHeadersMiddleware),
        Middleware(RequestIdMiddleware),
        Middleware(RateLimitMiddleware, limit="600/minute"),
        Middleware(TimeoutMiddleware, seconds=10),
        Middleware(CompressionMiddleware),
    ],
)


@app.middleware("http")
async def say_version(request: Request, call_next) -> Response:
    response = await call_next(request)
    response.headers["X-Version"] = "3"
    return response


@app.get("/")
async def home() -> str:
    return "hello"


few = Depends(rate_limit("5/minute", name="codes"))


@app.post("/codes", dependencies=[few])
async def send_code(phone: str) -> str:
    return f"A code is on its way to {phone}"


reports = Router(prefix="/reports", middleware=[Middleware(TimeoutMiddleware, seconds=60)])


@reports.get("/year")
def year() -> list[int]:
    return [2024, 2025, 2026]


app.include_router(reports)

framed = Middleware(
    SecurityHeadersMiddleware,
    csp={"default-src": [SELF], "script-src": [NONCE], "frame-ancestors": ["https://shop.example"]},
    headers={"X-Frame-Options": None},
)


@app.get("/widget", middleware=[framed])
async def widget() -> str:
    return "may stand in a frame of the shop"


handler = logging.StreamHandler()
handler.addFilter(RequestIdFilter())
handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))
