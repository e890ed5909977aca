from triode import Depends, Request, Triode
from triode.middleware.rate_limit import RateLimitMiddleware, rate_limit
from triode.middleware.redis_rates import RedisStore

store = RedisStore("redis://localhost:6379/0")
app = Triode()
app.add_shutdown(store.close)


def api_key(request: Request) -> str | None:
    return request.headers.get("x-api-key")  # None: no limit


app.add_middleware(RateLimitMiddleware, limit="1000/hour", key=api_key, store=store)
uploads = Depends(rate_limit("10 per 5 minutes", key=api_key, store=store, name="uploads"))


@app.post("/uploads", dependencies=[uploads])
async def upload() -> str:
    return "taken"
