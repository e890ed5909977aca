from typing import Annotated

from triode import Body, Create, Field, HTTPException, Model, Query, Router, Triode

app = Triode(
    title="Shop",
    version="1.2.0",
    summary="Books and games.",
    contact={"name": "Ada", "email": "ada@shop.example"},
    license_info={"name": "MIT", "identifier": "MIT"},
    openapi_tags=[{"name": "items", "description": "What can be bought."}],
    servers=[{"url": "https://shop.example/api"}],
)


class Item(Model):
    """Something to buy."""

    name: str = Field(unique=True, max_length=40)
    price: float = Field(gt=0, description="In euros.", examples=[9.5])
    note: str | None = None


callbacks = Router()


@callbacks.post("{$callback_url}/sold/{$request.body#/name}")
async def sold(item: Item) -> None:
    """What the shop sends when an item is sold."""


@app.get("/items/{item_id}", tags=["items"])
async def get_item(item_id: int) -> Item:
    """Return one item.

    **Prices** include taxes.
    \f
    What stands below a form feed is for developers, not for readers of the document.
    """
    item = await Item.get(item_id)
    if item.price > 100:
        raise HTTPException(403, "Too dear to show")
    return item


@app.post("/items", status_code=201, tags=["items"], callbacks=callbacks.routes)
async def create_item(
    item: Annotated[
        Create[Item],
        Body(
            openapi_examples={"book": {"summary": "A book", "value": {"name": "Emma", "price": 9}}}
        ),
    ],
    callback_url: Annotated[str | None, Query(max_length=200)] = None,
) -> Item:
    """Add an item."""
    return await item.save()


@app.webhooks.post("new-item")
async def new_item(item: Item) -> None:
    """Sent to every subscriber when an item is added."""
