"""Views and forms: what Django itself offers to check a parameter or a body."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .models import Fortune, User


class ItemForm(forms.Form):
    q = forms.CharField(required=False)
    limit = forms.IntegerField(min_value=1, max_value=100, required=False)


class BuyerForm(forms.Form):
    name = forms.CharField()
    city = forms.CharField()


class OrderForm(forms.Form):
    name = forms.CharField()
    price = forms.FloatField(min_value=0)
    quantity = forms.IntegerField()
    tags = forms.JSONField()

    def clean_tags(self) -> list[str]:
        tags = self.cleaned_data["tags"]
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise forms.ValidationError("a list of strings is wanted")
        return tags


class UserForm(forms.Form):
    email = forms.CharField()
    age = forms.IntegerField(min_value=0)
    bio = forms.CharField(required=False)


@require_GET
def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"message": "Hello, World!"})


@require_GET
def get_item(request: HttpRequest, item_id: int) -> JsonResponse:
    form = ItemForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"detail": form.errors}, status=422)
    values = form.cleaned_data
    limit = 10 if values["limit"] is None else values["limit"]
    return JsonResponse({"item_id": item_id, "q": values["q"] or None, "limit": limit})


@require_POST
def create_order(request: HttpRequest) -> JsonResponse:
    body = json.loads(request.body)
    order, buyer = OrderForm(body), BuyerForm(body.get("buyer"))
    if not (order.is_valid() and buyer.is_valid()):
        return JsonResponse({"detail": [order.errors, buyer.errors]}, status=422)
    values = order.cleaned_data
    return JsonResponse(
        {
            "name": values["name"],
            "total": values["price"] * values["quantity"],
            "tags": values["tags"],
            "buyer": buyer.cleaned_data,
        }
    )


@require_GET
def get_user(request: HttpRequest, user_id: int) -> JsonResponse:
    return JsonResponse(as_json(get_object_or_404(User, pk=user_id)))


@require_http_methods(["GET", "POST"])
def users(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        return create_user(request)
    found = User.objects.order_by("id")[:20]
    return JsonResponse([as_json(user) for user in found], safe=False)


def create_user(request: HttpRequest) -> JsonResponse:
    form = UserForm(json.loads(request.body))
    if not form.is_valid():
        return JsonResponse({"detail": form.errors}, status=422)
    return JsonResponse(as_json(User.objects.create(**form.cleaned_data)), status=201)


@require_GET
def fortunes(request: HttpRequest) -> HttpResponse:
    found = Fortune.objects.order_by("message")
    return render(request, "fortunes.html", {"fortunes": found})


def as_json(user: User) -> dict[str, Any]:
    return {"id": user.pk, "email": user.email, "age": user.age, "bio": user.bio}
