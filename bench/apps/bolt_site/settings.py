"""Production settings: no debug, and what django-bolt asks for in its deployment pages."""

import os

SECRET_KEY = "bench-only-not-a-secret-0123456789abcdef0123456789abcdef"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bolt_site.urls"
INSTALLED_APPS = ["django_bolt", "bolt_site"]
MIDDLEWARE: list[str] = []
BOLT_API = ["bolt_site.api:api"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["BENCH_DATABASE"],
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
# No access log, as for every other peer; django-bolt would otherwise write a line a request.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"django.server": {"level": "WARNING", "propagate": False}},
}
