import msgspec

from triode import Triode

app = Triode()


class Address(msgspec.Struct):
    street: str
    city: str


class Order(msgspec.Struct):
    article: str
    amount: int
    deliver_to: Address
    note: str | None = None


@app.post("/orders", status_code=201)
async def place_order(order: Order) -> Order:
    return order
