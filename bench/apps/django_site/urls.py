"""Paths of the rows."""

from django.urls import path

from . import views

urlpatterns = [
    path("hello", views.hello),
    path("plain", views.hello),
    path("items/<int:item_id>", views.get_item),
    path("orders", views.create_order),
    path("users/<int:user_id>", views.get_user),
    path("users", views.users),
    path("fortunes", views.fortunes),
]
