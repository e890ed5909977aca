"""The documentation of a running application, on both ways to it."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import Serve
from triode.app import App
from triode.binding.markers import Depends
from triode.errors import SchemaError
from triode.http import HTTPException
from triode.testing import TestClient


def program(**options: Any) -> App:
    app = App(title="Shop", **options)

    @app.get("/items/{item_id}")
    async def get_item(item_id: int) -> str:
        return str(item_id)

    return app


def test_document_is_served(serve: Serve) -> None:
    response = serve(program()).get("/openapi.json")

    assert response.headers["content-type"] == "application/json"
    assert list(response.json()["paths"]) == ["/items/{item_id}"]


def test_document_that_has_not_changed_is_not_sent_again(serve: Serve) -> None:
    client = serve(program())
    tag = client.get("/openapi.json").headers["etag"]

    response = client.get("/openapi.json", headers={"if-none-match": tag})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == tag


def test_route_that_is_added_later_is_documented() -> None:
    app = program()
    before = app.openapi()

    app.add_api_route("/more", lambda: None)

    assert before is not app.openapi()
    assert list(app.openapi()["paths"]) == ["/items/{item_id}", "/more"]
    assert app.openapi() is app.openapi()


def test_pages_and_their_files_are_served(serve: Serve) -> None:
    client = serve(program())
    for page in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        response = client.get(page)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        own = re.findall(r'(?:src|href)="(/[^"]+)"', response.text)
        assert own
        assert [client.get(url).status_code for url in own] == [200 for _ in own]


def test_addresses_can_be_changed_and_turned_off(serve: Serve) -> None:
    client = serve(program(openapi_url="/api.json", docs_url=None, redoc_url="/reference"))

    found = [client.get(path).status_code for path in ("/api.json", "/reference", "/docs")]

    assert found == [200, 200, 404]
    assert 'data-url="/api.json"' in client.get("/reference").text


def test_without_a_document_there_is_no_page(serve: Serve) -> None:
    client = serve(program(openapi_url=None))

    found = [client.get(path).status_code for path in ("/openapi.json", "/docs", "/redoc")]

    assert found == [404, 404, 404]


def test_root_path_is_the_first_server(serve: Serve) -> None:
    client = serve(program(root_path="/shop", servers=[{"url": "https://shop.example"}]))

    assert client.get("/openapi.json").json()["servers"] == [
        {"url": "/shop"},
        {"url": "https://shop.example"},
    ]
    assert "/shop/openapi.json" in client.get("/docs").text


def test_root_path_is_left_out_on_request(serve: Serve) -> None:
    client = serve(program(root_path="/shop", root_path_in_servers=False))

    assert "servers" not in client.get("/openapi.json").json()


def refuse() -> None:
    raise HTTPException(401)


def test_dependencies_of_the_application_are_not_asked_of_readers(serve: Serve) -> None:
    client = serve(program(dependencies=[Depends(refuse)]))

    assert client.get("/docs").status_code == 200
    assert client.get("/items/1").status_code == 401


def test_mounted_application_has_its_own_pages(serve: Serve) -> None:
    app = App()
    app.mount("/shop", program())
    client = serve(app)

    assert client.get("/shop/openapi.json").json()["servers"] == [{"url": "/shop"}]
    page = client.get("/shop/docs").text
    own = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert "/shop/openapi.json" in page
    assert [client.get(url).status_code for url in own] == [200 for _ in own]


def test_response_model_that_cannot_be_described_is_found_at_start_up() -> None:
    app = program()
    app.add_api_route("/odd", lambda: None, responses={404: {"model": 17}})

    with pytest.raises(SchemaError), TestClient(app):
        pass


def test_replaced_document_is_served(serve: Serve) -> None:
    app = program()
    app.openapi = lambda: {"openapi": "3.1.0", "x-own": True}  # type: ignore[method-assign]

    assert serve(app).get("/openapi.json").json() == {"openapi": "3.1.0", "x-own": True}


def test_try_it_out_may_call_the_servers_that_are_named(serve: Serve) -> None:
    client = serve(program(servers=[{"url": "https://shop.example/api"}]))

    policy = client.get("/docs").headers["content-security-policy"]

    assert "connect-src 'self' https://shop.example;" in policy


def test_nothing_that_builds_a_document_is_loaded_before_one_is_asked_for() -> None:
    program = (
        "import sys; from triode import Triode; app = Triode();"
        "app.get('/')(lambda: None);"
        "loaded = lambda: {'triode.openapi.document', 'triode.openapi.pages'} & sys.modules.keys();"
        "before = loaded(); app.openapi(); print(sorted(before), sorted(loaded()))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "[] ['triode.openapi.document']\n"


@pytest.mark.parametrize("url", ["", None])
def test_an_empty_address_turns_the_documentation_off(serve: Serve, url: str | None) -> None:
    client = serve(App(openapi_url=url))
    assert [client.get(path).status_code for path in ("/openapi.json", "/docs")] == [404, 404]


def test_an_empty_address_turns_one_page_off(serve: Serve) -> None:
    client = serve(App(docs_url="", swagger_ui_oauth2_redirect_url=""))
    assert [client.get(path).status_code for path in ("/docs", "/redoc")] == [404, 200]
