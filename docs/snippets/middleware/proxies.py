from triode import Request, Triode
from triode.middleware.proxies import TrustedProxies

app = Triode(
    trusted_proxies=TrustedProxies(
        networks=["unix", "172.16.0.0/12"],
        headers=["for", "proto", "host", "prefix"],
    )
)


@app.get("/seen", name="seen")
async def seen(request: Request) -> list[str]:
    return [request.client.host if request.client else "", str(request.url_for("seen"))]
