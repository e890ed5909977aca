from collections.abc import Awaitable, Callable

from triode import Triode
from triode.http import Call, Reply

Endpoint = Callable[[Call], Reply | Awaitable[Reply]]


class Maintenance:
    may_raise = False
    may_step = True

    def __init__(self, is_closed: Callable[[], bool]) -> None:
        self.is_closed = is_closed

    def wrap(self, endpoint: Endpoint) -> Endpoint:
        is_closed = self.is_closed  # decided once, when the application starts

        def served(call: Call) -> Reply | Awaitable[Reply]:
            if is_closed():
                return Reply(b'{"detail":"Back soon."}', 503, headers=[(b"retry-after", b"600")])
            return endpoint(call)

        return served


closed: set[str] = set()
app = Triode()
app.add_middleware(Maintenance, is_closed=lambda: "yes" in closed)


@app.get("/")
async def home() -> str:
    return "open"
