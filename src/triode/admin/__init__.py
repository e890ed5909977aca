"""The admin: pages to see and change what is in the models, behind a login."""

from triode.admin.model_admin import Inline, ModelAdmin, action, display
from triode.admin.site import Admin

__all__ = ["Admin", "Inline", "ModelAdmin", "action", "display"]
