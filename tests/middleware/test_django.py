"""A Django project inside one of Triode: its admin, its static files, its CSRF check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import settings
from django.core.management import call_command
from starlette.staticfiles import StaticFiles

from triode.app import App

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

APPS = ["admin", "auth", "contenttypes", "messages", "sessions", "staticfiles"]
PASSWORD = "correct horse battery"


def urls() -> type:
    """Return what Django takes for the module of addresses."""
    from django.contrib import admin
    from django.urls import path

    return type("urls", (), {"urlpatterns": [path("admin/", admin.site.urls)]})


@pytest.fixture(scope="session")
def project(tmp_path_factory: Any) -> Any:
    """Return a Django project as a WSGI application; a process can have one only."""
    name = str(tmp_path_factory.mktemp("django") / "django.db")
    middleware = (
        "sessions.middleware.Session auth.middleware.Authentication messages.middleware.Message"
    )
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=urls,
        INSTALLED_APPS=[f"django.contrib.{app}" for app in APPS],
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            *(f"django.contrib.{each}Middleware" for each in middleware.split()),
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": name}},
        STATIC_URL="static/",
        USE_TZ=True,
    )
    django.setup()
    settings.ROOT_URLCONF = urls()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User

    User.objects.create_superuser("ann", "ann@example.org", PASSWORD)
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


@pytest.fixture
def app(project: Any) -> App:
    app = App(openapi_url=None)
    app.mount("/office", project)
    app.mount("/office/static", StaticFiles(packages=[("django.contrib.admin", "static")]))

    @app.get("/office/admin/hello")
    async def hello() -> str:
        return "triode"

    return app


def token_of(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return found[1]


def log_in(client: Any) -> Any:
    page = client.get("/office/admin/")
    assert page.url.path == "/office/admin/login/"
    token = token_of(page.text)
    data = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": token}
    return client.post("/office/admin/login/?next=/office/admin/", data=data)


def test_admin_logs_in_and_adds_a_row(serve: Any, app: App, way: str) -> None:
    client = serve(app)
    assert client.post("/office/admin/login/", data={"username": "ann"}).status_code == 403
    page = log_in(client)
    assert "Site administration" in page.text
    assert 'href="/office/admin/auth/group/add/"' in page.text
    form = client.get("/office/admin/auth/group/add/").text
    data = {"name": f"Éditeurs {way}", "csrfmiddlewaretoken": token_of(form)}
    listed = client.post("/office/admin/auth/group/add/", data=data)
    assert listed.url.path == "/office/admin/auth/group/"
    assert "was added successfully" in listed.text
    found = client.get("/office/admin/auth/group/", params={"q": f"Éditeurs {way}"})
    assert "1 group" in found.text


def test_static_files_and_own_routes(serve: Any, app: App) -> None:
    client = serve(app)
    page = client.get("/office/admin/login/").text
    (style,) = re.findall(r'href="(/office/static/admin/css/login.css)"', page)
    assert client.get(style).headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/office/admin/hello").json() == "triode"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("way", ["lane"])
def test_admin_in_a_browser(serve: Any, app: App, chromium: WebDriver) -> None:
    chromium.get(str(serve(app).base_url.join("/office/admin/")))
    chromium.find_element("name", "username").send_keys("ann")
    chromium.find_element("name", "password").send_keys(PASSWORD)
    chromium.find_element("css selector", "[type=submit]").click()
    assert chromium.find_element("css selector", "#content h1").text == "Site administration"
    style = "return getComputedStyle(document.getElementById('header')).backgroundColor"
    assert chromium.execute_script(style) not in ("rgba(0, 0, 0, 0)", "")
    told = [line["message"] for line in chromium.get_log("browser") if line["level"] == "SEVERE"]
    assert [message for message in told if "favicon.ico" not in message] == []
