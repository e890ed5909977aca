"""The products of the rows with a large body and a large response, for every application."""

from __future__ import annotations

from typing import TypedDict


class Product(TypedDict):
    id: int
    name: str
    price: float
    tags: list[str]
    in_stock: bool


def products(count: int) -> list[Product]:
    """Return as many products, about 105 bytes of JSON each."""
    return [
        {
            "id": key,
            "name": f"Valve amplifier number {key:06d}",
            "price": 10.5 + key % 900,
            "tags": ["valve", "audio", f"batch-{key % 40:02d}"],
            "in_stock": key % 7 != 0,
        }
        for key in range(1, count + 1)
    ]
