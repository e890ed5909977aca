"""The programs of docs/transactions.md, in one application."""

from __future__ import annotations

from triode import Depends, Field, HTTPException, Model, Triode, transaction
from triode.db import on_commit, repeat_transaction, request_transaction

app = Triode()


class Account(Model):
    owner: str = Field(unique=True)
    cents: int = Field(ge=0)


class Booking(Model):
    text: str


class Errand(Model):
    text: str
    is_done: bool = False


async def send_mail(text: str) -> None:
    """Stand for what leaves the house."""
    sent.append(text)


sent: list[str] = []


# --- a block


async def transfer(source: str, target: str, cents: int) -> None:
    async with transaction():
        giver = await Account.get(owner=source)
        taker = await Account.get(owner=target)
        if giver.cents < cents:
            raise HTTPException(409, "not enough money")
        await giver.update(cents=Account.cents - cents)
        await taker.update(cents=Account.cents + cents)
        on_commit(lambda: send_mail(f"{cents} for {target}"))


@app.post("/transfers")
async def create_transfer(source: str, target: str, cents: int) -> None:
    await transfer(source, target, cents)


# --- an inner block


async def note_all(texts: list[str]) -> int:
    kept = 0
    async with transaction():
        for text in texts:
            try:
                async with transaction():
                    await Booking(text=text).save()
                    if "!" in text:
                        raise ValueError(text)
            except ValueError:
                continue
            kept += 1
    return kept


# --- a report


@app.get("/report")
async def report() -> dict[str, int]:
    async with transaction(read_only=True, isolation="repeatable read"):
        accounts = await Account.count()
        owners = len(await Account.where(Account.cents > 0))
    return {"accounts": accounts, "with money": owners}


# --- a request


@app.post("/bookings", dependencies=[Depends(request_transaction)])
async def create_booking(text: str) -> Booking:
    booking = await Booking(text=text).save()
    if not text:
        raise HTTPException(400, "nothing to book")
    return booking


# --- again


@app.post("/double")
async def double(owner: str) -> int:
    async def work() -> int:
        account = await Account.get(owner=owner)
        await account.update(cents=account.cents * 2)
        return account.cents

    return await repeat_transaction(work, isolation="serializable")


# --- a queue


async def do_next() -> bool:
    async with transaction():
        waiting = Errand.where(is_done=False).order_by(Errand.id)
        errand = await waiting.for_update(skip_locked=True).first()
        if errand is None:
            return False
        await send_mail(errand.text)
        await errand.update(is_done=True)
    return True


# --- plain code


def open_accounts(owners: list[str]) -> None:
    with transaction():
        for owner in owners:
            Account(owner=owner, cents=100).save().run()
