"""Django in one file, without a database."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"message": "Hello, World!"})


urlpatterns = [path("hello", hello)]

settings.configure(
    SECRET_KEY="bench-only-not-a-secret-0123456789abcdef0123456789abcdef",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
)
app = get_wsgi_application()
