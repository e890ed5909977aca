"""The programs of docs/structure.md do what the guide says."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

SHOP = Path(__file__).parents[2] / "docs" / "snippets" / "structure" / "shop.py"


@pytest.fixture
def client(serve: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/app.db")
    return serve(runpy.run_path(str(SHOP))["app"])


def test_routers_and_controllers(client: Any) -> None:
    assert [client.get(f"{prefix}/items/").json() for prefix in ("", "/v2")] == [[1, 2, 3]] * 2
    assert client.get("/items/4").json() == {"number": 4}
    assert client.get("/orders/").json() == [{"number": 1, "item": "hammer"}]
    assert client.get("/orders/?limit=0").json() == []
    assert client.get("/orders/9").status_code == 404
    order = {"number": 2, "item": "saw"}
    found = [client.post(path, json=order) for path in ("/orders/", "/kept/")]
    assert [(response.status_code, response.json()) for response in found] == [(201, order)] * 2
    assert client.get("/old/").text == "from /old"


def test_typed_messages(client: Any) -> None:
    with client.websocket_connect("/moves?step=2") as session:
        session.send_json({"x": 1, "y": 0})
        assert session.receive_json() == {"x": 3, "y": 0}
        session.send_json({"x": "far", "y": 0})
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_json()
    assert caught.value.code == 1008


def test_broadcast(client: Any) -> None:
    with (
        client.websocket_connect("/chat/ann") as ann,
        client.websocket_connect("/chat/bob") as bob,
    ):
        bob.send_text("hello")
        assert [ann.receive_text(), bob.receive_text()] == ["bob: hello"] * 2
    with client.websocket_connect("/chat/eve") as eve:
        eve.send_text("anybody?")
        assert eve.receive_text() == "eve: anybody?"
