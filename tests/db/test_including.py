"""One-to-one, links with a model of their own, conditions about the same row, narrowed includes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from triode.db import (
    Database,
    Duplicate,
    ForeignKey,
    Include,
    ManyToMany,
    Model,
    NotLoaded,
    OneToOne,
    QueryError,
    Related,
    all_of,
    any_of,
    model_registry,
    none_of,
    related,
)
from triode.errors import ModelError, SchemaError
from triode.schema import ValidationFailed, json_encoder
from triode.testing import count_queries


class Band(Model):
    name: str
    players: list[Player] = Related()


class Player(Model):
    name: str
    age: int = 0
    band: Band | None = ForeignKey(on_delete="set null", related_name="players")
    tunes: list[Tune] = ManyToMany(related_name="players", through="Part")
    seat: Seat | None = Related()


class Seat(Model):
    player: Player = OneToOne(on_delete="cascade", related_name="seat")
    row: str


class Tune(Model):
    title: str


class Part(Model):
    player: Player = ForeignKey(on_delete="cascade")
    tune: Tune = ForeignKey(on_delete="cascade")
    voice: str
    volume: int = 5

    class Meta:
        primary_key = ("player", "tune")


class Fallback(Model):
    band: Band = ForeignKey(1, on_delete="set default")


MODELS = [Band, Player, Seat, Tune, Part]


@pytest.fixture
def bands(empty: Database) -> Iterator[Database]:
    empty.create_tables(*MODELS).run()
    for name in ("one", "two", "none"):
        Band(name=name).save().run()
    for name, age, band in (("ann", 10, 1), ("bob", 20, 1), ("cyl", 30, 1), ("dora", 40, 2)):
        Player(name=name, age=age, band_id=band).save().run()
    Seat(player_id=1, row="first").save().run()
    for title in ("air", "blues"):
        Tune(title=title).save().run()
    yield empty
    empty.drop_tables(*MODELS).run()


def names(query: object) -> list[list[str]]:
    bands = Band.order_by(Band.id).include(query).run()
    return [[player.name for player in band.players] for band in bands]


def test_one_to_one_leads_to_one_row_both_ways(bands: Database) -> None:
    found = Player.order_by(Player.id).include(Player.seat).run()
    assert [player.seat and player.seat.row for player in found] == ["first", None, None, None]
    [seat] = Seat.include(Seat.player).run()
    assert seat.player.name == "ann"
    assert b'"seat":{"id":1,"player_id":1,"row":"first"}' in json_encoder(Player)(found[0])
    assert b'"seat":null' in json_encoder(Player)(found[1])


def test_one_to_one_is_loaded_for_all_siblings(bands: Database) -> None:
    found = Player.order_by(Player.id).run()
    with pytest.raises(NotLoaded):
        _ = found[1].seat
    found[0].load(Player.seat).run()
    assert found[1].seat is None
    assert found[0].seat is not None


def test_one_to_one_is_queried_from_either_side(bands: Database) -> None:
    assert Player.where(related(Player.seat).row == "first").get().run().name == "ann"
    assert Player.where(Player.seat == None).count().run() == 3  # noqa: E711
    with pytest.raises(Duplicate):
        Seat(player_id=1, row="x").save().run()


def test_one_to_one_is_set_where_the_key_is(bands: Database) -> None:
    with pytest.raises(QueryError, match=r"Set Seat.player of each and save it"):
        Player(name="x", seat=Seat(player_id=2, row="x"))
    with pytest.raises(QueryError, match=r"Set Player.band of each"):
        Band(name="x", players=[])


def test_related_must_say_how_many_there_are() -> None:
    class Owner(Model):
        pets: Pet | None = Related()

    with pytest.raises(ModelError) as caught:

        class Pet(Model):
            owner: Owner = ForeignKey(related_name="pets")

    for table in model_registry.tables():
        if table.module == __name__ and table.model_name in ("Owner", "Pet"):
            model_registry.remove(table)
    assert caught.value.code == "model-relation-annotation"
    assert "Related() needs the annotation list[Other]" in caught.value.message


def test_link_model_takes_values_and_defaults(bands: Database) -> None:
    ann = Player.get(1).run()
    ann.add(Player.tunes, 1, 2, voice="alto").run()
    ann.add(Player.tunes, Tune.get(1).run(), voice="bass", volume=9).run()
    Tune.get(2).run().add(Tune.players, 2, voice="solo", volume=1).run()  # type: ignore[attr-defined]
    parts = Part.order_by("player_id", "tune_id").run()
    assert [(each.player_id, each.tune_id, each.voice, each.volume) for each in parts] == [  # type: ignore[attr-defined]
        (1, 1, "alto", 5),
        (1, 2, "alto", 5),
        (2, 2, "solo", 1),
    ]


def test_link_model_refuses_what_is_missing(bands: Database) -> None:
    with pytest.raises(ValidationFailed, match="voice"):
        Player.get(1).run().add(Player.tunes, 1).run()
    assert Part.count().run() == 0


def test_conditions_about_the_same_row(bands: Database) -> None:
    both = Band.where(related(Band.players).age > 35, related(Band.players).name == "ann")
    assert both.count().run() == 0
    one_each = Band.where(related(Band.players).age > 25, related(Band.players).name == "ann")
    assert [band.name for band in one_each.run()] == ["one"]
    same = Band.where(any_of(Band.players, Player.age > 25, Player.name == "ann"))
    assert same.count().run() == 0
    assert Band.where(any_of(Band.players, age=10, name="ann")).count().run() == 1


def test_all_of_and_none_of(bands: Database) -> None:
    def found(condition: object) -> list[str]:
        return [band.name for band in Band.where(condition).order_by(Band.id).run()]  # type: ignore[arg-type]

    assert found(all_of(Band.players, Player.age > 15)) == ["two", "none"]
    assert found(none_of(Band.players, Player.age > 35)) == ["one", "none"]
    assert found(any_of(Band.players)) == ["one", "two"]
    assert found(none_of(Band.players)) == ["none"]
    assert found(any_of(related(Band.players).seat, row="first")) == ["one"]
    assert found(any_of(Band.players, related(Player.seat).row == "first")) == ["one"]


@pytest.mark.parametrize("wrong", [Player.name, Band, "players"])
def test_quantifier_needs_a_relation(wrong: object) -> None:
    with pytest.raises(QueryError) as caught:
        any_of(wrong, Player.age > 3)
    assert caught.value.code == "query-not-a-relation"
    with pytest.raises(QueryError, match="all_of needs a condition"):
        all_of(Band.players)


def test_include_takes_conditions_and_order(bands: Database) -> None:
    query = Player.where(Player.age >= 20).order_by("-age")
    assert names(Include(Band.players, query)) == [["cyl", "bob"], ["dora"], []]


def test_limit_of_an_include_counts_for_each_row(bands: Database) -> None:
    assert names(Include(Band.players, Player.order_by("-age").limit(2))) == [
        ["cyl", "bob"], ["dora"], [],
    ]  # fmt: skip
    later = Player.where(Player.age > 5).order_by("name").offset(1).limit(1)
    assert names(Include(Band.players, later)) == [["bob"], [], []]


def test_include_of_an_include(bands: Database) -> None:
    Player.get(1).run().add(Player.tunes, 1, 2, voice="alto").run()
    tunes = Include(related(Band.players).tunes, Tune.order_by("-title").limit(1))
    [band, *_] = Band.order_by(Band.id).include(tunes).run()
    assert [[tune.title for tune in player.tunes] for player in band.players] == [
        ["blues"], [], [],
    ]  # fmt: skip
    seats = Player.where(name="ann").include(Player.seat)
    [band, *_] = Band.order_by(Band.id).include(Include(Band.players, seats)).run()
    assert band.players[0].seat is not None


class Land(Model):
    name: str
    towns: list[Town] = Related()


class Sign(Model):
    name: str
    towns: list[Town] = Related()


class Town(Model):
    name: str
    land: Land = ForeignKey(on_delete="cascade", related_name="towns")
    signs: list[Sign] = ManyToMany(related_name="towns")
    streets: list[Street] = Related()


class Street(Model):
    name: str
    town: Town = ForeignKey(on_delete="cascade", related_name="streets")


PLACES = [Land, Sign, Town, Street]


@pytest.fixture
def places(empty: Database) -> Database:
    """Two lands with two towns each, each with two streets and one of two signs."""
    empty.create_tables(*PLACES).run()
    signs = [Sign(name=name).save().run() for name in ("bear", "key")]
    for land in (Land(name=name).save().run() for name in ("a", "b")):
        for number, sign in enumerate(signs):
            town = Town(name=f"{land.name}{number}", land=land).save().run()
            town.add(Town.signs, sign).run()
            for end in ("n", "s"):
                Street(name=f"{town.name}{end}", town=town).save().run()
    return empty


def test_paths_that_begin_alike_are_loaded_once(places: Database) -> None:
    with count_queries(5):  # lands, towns, links and signs, streets
        query = Land.include(related(Land.towns).signs, related(Land.towns).streets)
        lands = query.order_by("id").run()
    assert [
        (town.name, [sign.name for sign in town.signs], [street.name for street in town.streets])
        for town in lands[1].towns
    ] == [("b0", ["bear"], ["b0n", "b0s"]), ("b1", ["key"], ["b1n", "b1s"])]


def test_three_levels_cost_a_statement_each(places: Database) -> None:
    with count_queries(3):
        lands = Land.include(related(related(Land.towns).streets).town).order_by("id").run()
    assert lands[0].towns[0].streets[1].town.name == "a0"
    with count_queries(1):
        streets = Street.include(Street.town.land).order_by("id").run()
    assert streets[0].town.land.name == "a"


def test_relation_to_many_behind_one_that_is_joined(places: Database) -> None:
    with count_queries(3):  # streets with town and land, links, signs
        query = Street.include(related(Street.town).signs, Street.town.land)
        streets = query.order_by("id").run()
    town = streets[3].town
    assert (town.land.name, [sign.name for sign in town.signs]) == ("a", ["key"])
    assert streets[2].town is town


def test_load_takes_paths_that_begin_alike(places: Database) -> None:
    land = Land.get(2).run()
    with count_queries(4):
        land.load(related(Land.towns).signs, related(Land.towns).streets).run()
    [town, _] = land.towns
    assert ([sign.name for sign in town.signs], len(town.streets)) == (["bear"], 2)


def test_narrowed_rows_are_where_plain_paths_go_on(places: Database) -> None:
    few = Include(Land.towns, Town.where(Town.name.endswith("1")))
    [land] = Land.where(name="a").include(related(Land.towns).streets, few).run()
    assert [(town.name, len(town.streets)) for town in land.towns] == [("a1", 2)]
    with pytest.raises(QueryError) as caught:
        Land.include(few, Include(Land.towns, Town.all())).run()
    assert str(caught.value) == (
        "Land.towns is included with 2 queries, and holds the rows of one. Write one Include for "
        "it. [query-included-twice]"
    )


def test_include_of_another_model_is_refused() -> None:
    with pytest.raises(QueryError) as caught:
        Land.include(Street.town)
    assert str(caught.value) == (
        "Street.town is a relation of Street, not of Land. [query-wrong-model]"
    )
    with pytest.raises(QueryError) as caught:
        Include(Band.players, Band.all())
    assert caught.value.code == "query-wrong-model"
    with pytest.raises(QueryError, match="not a relation to many rows"):
        Include(Player.band, Band.all())


def test_rows_that_hold_each_other_have_no_json(bands: Database) -> None:
    band = Band.where(id=1).include(Band.players).get().run()
    band.players[0].band = band
    with pytest.raises(SchemaError) as caught:
        json_encoder(Band)(band)
    assert caught.value.code == "schema-cycle"


def test_set_default_is_the_databases(bands: Database) -> None:
    if "mariadb" in bands.url:  # InnoDB has no SET DEFAULT.
        return
    bands.create_tables(Fallback).run()
    row = Fallback(band_id=3).save().run()
    Band.get(3).run().delete().run()
    assert row.refresh().run().band_id == 1  # type: ignore[attr-defined]
    bands.drop_tables(Fallback).run()
