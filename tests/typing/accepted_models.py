"""A program of a user's, which both type checkers must accept as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_type

from triode.db import (
    CursorPage,
    Database,
    Field,
    ForeignKey,
    Found,
    ManyToMany,
    Model,
    Page,
    Query,
    Related,
    Search,
    Selection,
    col,
    count,
    desc,
    excluded,
    exists,
    not_,
    on_commit,
    outer,
    rank,
    related,
    repeat_transaction,
    search,
    sum_,
    transaction,
    upper,
    utcnow,
)
from triode.schema import Email


class User(Model):
    email: Email = Field(unique=True)
    age: int = Field(ge=0)
    bio: str | None = None
    password: str = Field(write_only=True)


class Power(Model):
    name: str = Field(unique=True)


class Team(Model):
    name: str = Field(unique=True, max_length=80)
    heroes: list[Hero] = Related()


class Hero(Model):
    name: str = Field(index=True)
    team_id: int | None
    team: Team | None = ForeignKey(on_delete="set null", related_name="heroes")
    powers: list[Power] = ManyToMany(related_name="heroes")
    created: datetime = Field(default_factory=utcnow, read_only=True)


async def rows() -> None:
    user = User(email="a@x.org", age=3, password="secret")
    assert_type(await user.save(), User)
    assert_type(await User.get(1), User)
    assert_type(User.get(email="a@x.org").run(), User)
    assert_type(await user.update(age=4), User)
    assert_type(user.age, int)
    assert_type(user.bio, str | None)
    await user.delete()


async def queries() -> None:
    adults = User.where(User.age >= 18, User.email.endswith("@x.org")).order_by(desc(User.age))
    assert_type(adults, Query[User])
    assert_type(await adults.limit(20), list[User])
    assert_type(await adults.first(), User | None)
    assert_type(await adults.count(), int)
    assert_type(await adults.exists(), bool)
    assert_type(await adults.page(1, 10), Page[User])
    assert_type(await User.where((User.age < 3) | (User.age > 5), not_(User.age == 4)), list[User])
    await User.where(col(User.bio).icontains("x"), col(User.age).in_([1, 2])).delete()
    async for each in User.where(age=3):
        assert_type(each, User)


async def columns() -> None:
    assert_type(await User.all().tuples(User.age, User.email), list[tuple[int, str]])
    assert_type(await User.all().tuples(User, User.age), list[tuple[User, int]])
    assert_type(await User.all().column(User.email), list[str])
    assert_type(await User.where(age=3).update(age=4), int)
    assert_type(await User.where(age=3).update(age=4).returning(), list[User])
    assert_type(await User.get_or_create(email="a@x.org"), tuple[User, bool])
    assert_type(await User.where(exists(Hero.where(Hero.name == outer(User.email)))), list[User])
    for each in User.where(age=3):
        assert_type(each, User)


@dataclass
class Line:
    email: str
    shout: str


async def computed_columns() -> None:
    users = User.all()
    place = rank().over(partition_by=User.age, order_by=desc(User.email))
    assert_type(await users.tuples(User.email, place), list[tuple[str, Any]])
    assert_type(await users.tuples(User.age, User.bio), list[tuple[int, str | None]])
    assert_type(await users.tuples(User, User.bio, User.age), list[tuple[User, str | None, int]])
    assert_type(await users.column(User.bio), list[str | None])
    assert_type(await users.column(User.age).first(), int | None)
    assert_type(await users.column(upper(User.email)), list[Any])
    assert_type(users.into(Line, User.email, shout=upper(User.email)), Selection[Line])
    assert_type(await users.into(Line, "email", shout=User.email), list[Line])
    assert_type(await users.values(User.age, users=count()), list[dict[str, Any]])
    grouped = User.group_by(User.age).having(count() > 2, sum_(User.age).filter(User.age > 3) > 1)
    assert_type(await grouped.tuples(User.age, count()), list[tuple[int, Any]])
    first, second = users.tuples(User.age, User.email), users.tuples(User.age, User.email)
    assert_type(await first.union(second), list[tuple[int, str]])
    assert_type(users.union(users).limit(3), Query[User])


async def pages() -> None:
    query = User.order_by(desc(User.age), "email")
    page = await query.after("cursor", size=3)
    assert_type(page, CursorPage[User])
    assert_type(page.items, list[User])
    assert_type(page.next, str | None)
    assert_type(await query.before(page.previous), CursorPage[User])
    assert_type((await User.page(2)).items, list[User])


async def many() -> None:
    rows = [User(email="a", age=1, password="x")]
    assert_type(await User.insert_many(rows), int)
    assert_type(await User.update_many(rows, User.age, User.bio), int)
    added = {"age": User.age + excluded(User.age)}
    assert_type(await User.upsert(rows, on=User.email, update=added), int)
    assert_type(await User.upsert(rows, on=[User.email], update=[]), int)
    assert_type(await User.get_or_create({"age": 3}, email="a"), tuple[User, bool])
    assert_type(await User.update_or_create({"age": 3}, email="a"), tuple[User, bool])
    assert_type(await User.where(age=3).delete(), int)
    assert_type(await User.where(age=3).delete().returning(), list[User])
    assert_type(await User.where(age=3).update(age=4).returning(User.age), list[tuple[Any, ...]])
    assert_type(await User.all().for_update(skip_locked=True), list[User])
    assert_type(await User.all().get(), User)


async def relations() -> None:
    hero = Hero(name="A", team=Team(name="Z"), team_id=3)
    heroes = await Hero.where(related(Hero.team).name == "Z").include(Hero.team, Hero.powers)
    assert_type(heroes[0].powers, list[Power])
    assert_type(heroes[0].team, Team | None)
    assert_type(await hero.load(Hero.team), Hero)
    await Team.where(related(Team.heroes).name == "A").include(Team.heroes)
    await hero.add(Hero.powers, Power(name="x"))
    await Hero.where(team=hero.team).update(name=upper(Hero.name))
    await Hero.group_by(Hero.team_id).values(Hero.team_id, heroes=count())


async def count_users() -> int:
    return await User.count()


async def databases() -> None:
    database = Database("sqlite://")
    await database.start()
    await database.create_tables(User)
    async with transaction():
        await User.insert_many([{"email": "a@x.org"}])
    with transaction(isolation="serializable", read_only=True):
        on_commit(lambda: None)
        User.count().run()
    assert_type(await repeat_transaction(count_users, attempts=3), int)
    assert_type(repeat_transaction(lambda: User.count().run()).run(), int)
    async for notification in database.listen("jobs"):
        assert_type(notification.payload, str | None)
    await database.fetch(User.table.select())
    assert_type(await database.fetch(User.table.select(), into=User), list[User])
    async for user in database.fetch(User.table.select(), into=User):
        assert_type(user, User)
    async for row in User.all().tuples(User.email):
        assert_type(row, tuple[str])


class Post(Model):
    title: str
    author: User = ForeignKey()

    class Meta:
        search = Search("title", weights={"title": 4}, language="english")


async def full_text() -> None:
    found = search(Post, "sea -storm", prefix=True)
    assert_type(found, Found)
    assert_type(await Post.where(found).order_by(desc(found.relevance)).limit(3), list[Post])
    assert_type(await Post.where(found | ~search(Post, "x"), found.relevance > 0.5).count(), int)
    rows = Post.where(found).values(Post.id, title=found.highlight(Post.title))
    parts = Post.where(found).tuples(Post.title, found.snippet(Post.title, words=9))
    assert_type((await parts)[0][0], str)
    print(len(await rows))
