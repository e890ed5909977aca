"""Several databases in one application: an archive, and a copy that is only read."""

from __future__ import annotations

import os

from triode import Database, Depends, Field, HTTPException, Model, Triode
from triode.db import request_transaction_in, transaction

# --- the databases

app = Triode(
    database=os.environ.get("DATABASE_URL", "sqlite:///app.db"),
    databases={
        "archive": os.environ.get("ARCHIVE_URL", "sqlite:///archive.db"),
        "replica": Database(os.environ.get("REPLICA_URL", "sqlite:///app.db"), read_only=True),
    },
)


class Order(Model):
    number: str = Field(unique=True)
    is_paid: bool = False


class OldOrder(Model):
    number: str = Field(unique=True)

    class Meta:
        database = "archive"


# --- moving a row


@app.post("/orders/{number}/archive")
async def archive(number: str) -> OldOrder:
    async with transaction(), transaction("archive"):
        order = await Order.get(number=number)
        await order.delete()
        return await OldOrder(number=order.number).save()


# --- one transaction for each request


@app.post("/archive", dependencies=[Depends(request_transaction_in("archive"))])
async def add_old_order(number: str) -> OldOrder:
    old = await OldOrder(number=number).save()
    if not number:
        raise HTTPException(400, "An order has a number.")
    return old


# --- reading a copy


@app.get("/orders")
async def list_orders() -> list[Order]:
    return await Order.using("replica").order_by("number")


# --- rows of both


@app.get("/archived")
async def list_archived_among(numbers: str) -> list[str]:
    old = await OldOrder.where(OldOrder.number.in_(numbers.split(","))).column(OldOrder.number)
    return [order.number for order in await Order.where(Order.number.in_(old))]
