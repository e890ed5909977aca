"""The debug pages in a browser: nothing is refused, nothing runs, nothing sticks out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from triode import Triode
from triode.testing import LaneClient

pytestmark = pytest.mark.browser

SCRIPT = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


def make_app() -> Triode:
    app = Triode(database="sqlite://", debug=True)

    @app.get("/broken")
    async def broken(word: str) -> None:
        long = "x" * 3000
        for _ in range(3):
            await app.database.fetch(sa.text(f"SELECT '{long}'"))
        raise RuntimeError(f"{word} {long}")

    return app


@pytest.mark.parametrize("path", ["/broken", "/nowhere"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_page_fits_and_runs_nothing(chromium: Any, path: str, scheme: str, width: int) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    with LaneClient(make_app()) as client:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        try:
            chromium.get(str(client.server.url + path) + "?word=" + quote(SCRIPT))
            overflow = "return document.documentElement.scrollWidth - innerWidth"
            assert chromium.execute_script(overflow) <= 0
            background = "return getComputedStyle(document.documentElement).backgroundColor"
            is_dark = chromium.execute_script(background) == "rgb(19, 18, 16)"
            assert is_dark is (scheme == "dark")
            assert chromium.title.startswith(("RuntimeError: <img", "404 Not Found"))
            said = [entry["message"] for entry in chromium.get_log("browser")]
            assert [line for line in said if "Failed to load resource" not in line] == []
        finally:
            chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
