"""What a type checker must refuse in queries, each line with its reason."""

from dataclasses import dataclass

from triode.db import Field, Model, desc, excluded, transaction


class User(Model):
    email: str = Field(unique=True)
    age: int = Field(ge=0)


@dataclass
class Line:
    email: str


User.where("age > 3")  # a text is no condition
User.where(User.email)  # a field of texts is none
User.where(User.age > "3")  # a number and a text
User.where(User.age >= User.email)  # these do not compare
User.where(User.email + 3 == "x")  # these do not add up
User.where(User.email.contains("x"))  # a text has no such method: col(User.email)
User.where(lambda user: user.age > 3)  # a function is no condition
User.order_by(desc())  # by what?
User.order_by(User.name)  # no such field
User.all().limit("3")  # no number
User.all().column(User.name)  # no such field
User.all().into(3, User.email)  # nothing that makes objects
User.all().into("Line", User.email)  # its name makes none
User.all().after(3)  # a cursor is a text
User.all().page("2")  # no number
User.upsert([])  # on what?
User.upsert([], User.email)  # on=…
User.upsert([3], on=User.email)  # no row
User.update_many([User.email], User.age)  # no rows
User.get_or_create("a@x.org")  # the defaults are a mapping
User.update_or_create(email="a@x.org")  # no changes
User.where(age=3).update(3)  # values have names
User.all().unoin(User.all())  # misspelt
excluded(User.email, User.age)  # one field
transaction(isolation="strict")  # no such level


async def results() -> None:
    one: User = await User.where(age=3)  # a list
    names: list[str] = await User.all().column(User.age)  # numbers
    pairs: list[tuple[str, str]] = await User.all().tuples(User.email, User.age)  # a number
    lines: list[User] = await User.all().into(Line, User.email)  # lines
    user: User = await User.all().first()  # or None
    user = await User.get_or_create(email="x")  # a pair
    rows: list[User] = await User.where(age=3).update(age=4)  # a number
    rows = await User.where(age=3).update(age=4).returning(User.age)  # tuples
    rows = await User.order_by(User.age).after()  # a page
    count: str = await User.upsert([], on=User.email)  # a number
    print(one, names, pairs, lines, user, rows, count)


print(User.where(age=3).email)  # a query is no row
for letter in User.count():  # a number, and not yet
    print(letter)
