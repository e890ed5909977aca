"""Templates and what they need: pages, redirects, flash messages, addresses."""

from starlette.templating import Jinja2Templates

from triode.templating.csrf import csrf_field, csrf_token
from triode.templating.environment import (
    TemplateError,
    Templates,
    attached_templates,
    templates_of,
)
from triode.templating.flash import flash, get_flashed_messages
from triode.templating.pages import Page, Redirect, redirect, render
from triode.templating.urls import static, url_for

__all__ = [
    "Jinja2Templates",
    "Page",
    "Redirect",
    "TemplateError",
    "Templates",
    "attached_templates",
    "csrf_field",
    "csrf_token",
    "flash",
    "get_flashed_messages",
    "redirect",
    "render",
    "static",
    "templates_of",
    "url_for",
]
