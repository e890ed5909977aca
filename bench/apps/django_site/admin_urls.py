"""The admin over the users, a hundred a page."""

from django.contrib import admin
from django.urls import path

from .models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ["email", "age", "bio"]
    search_fields = ["email"]
    ordering = ["id"]
    list_per_page = 100


urlpatterns = [path("admin/", admin.site.urls)]
