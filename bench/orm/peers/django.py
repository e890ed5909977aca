"""Django's ORM, with a connection that is kept, as its database pages recommend."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import Row


def connection_settings(database: str, address: str) -> dict[str, Any]:
    if database == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": address,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
            },
        }
    place = urlsplit(address)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": place.path[1:],
        "USER": place.username,
        "PASSWORD": place.password or "",
        "HOST": place.hostname,
        "PORT": place.port or 5432,
        "CONN_MAX_AGE": None,
    }


def define_models() -> dict[str, Any]:
    """Return the models, which can be defined only after the settings are known."""
    from django.db import models

    class Small(models.Model):
        level = models.BigIntegerField(db_index=True)
        name = models.TextField()
        note = models.TextField(null=True)

        class Meta:
            app_label = "bench"
            db_table = "small"

    class Team(models.Model):
        name = models.TextField()

        class Meta:
            app_label = "bench"
            db_table = "team"

    class Hero(models.Model):
        level = models.BigIntegerField(db_index=True)
        name = models.TextField()
        team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="heroes")

        class Meta:
            app_label = "bench"
            db_table = "hero"

    class Wide(models.Model):
        level = models.BigIntegerField(db_index=True)
        count_1 = models.BigIntegerField()
        count_2 = models.BigIntegerField()
        count_3 = models.BigIntegerField()
        count_4 = models.BigIntegerField()
        count_5 = models.BigIntegerField()
        count_6 = models.BigIntegerField()
        count_7 = models.BigIntegerField(null=True)
        text_1 = models.TextField()
        text_2 = models.TextField()
        text_3 = models.TextField()
        text_4 = models.TextField()
        text_5 = models.TextField()
        text_6 = models.TextField()
        text_7 = models.TextField()
        text_8 = models.TextField(null=True)
        ratio_1 = models.FloatField()
        ratio_2 = models.FloatField()
        ratio_3 = models.FloatField()
        ratio_4 = models.FloatField()
        flag_1 = models.BooleanField()
        flag_2 = models.BooleanField()
        flag_3 = models.BooleanField()
        flag_4 = models.BooleanField()
        moment_1 = models.DateTimeField()
        moment_2 = models.DateTimeField()
        moment_3 = models.DateTimeField()
        day_1 = models.DateField()
        day_2 = models.DateField()
        price = models.DecimalField(max_digits=12, decimal_places=2)
        token = models.UUIDField()

        class Meta:
            app_label = "bench"
            db_table = "wide"

    return {"small": Small, "team": Team, "hero": Hero, "wide": Wide}


class DjangoPeer(Peer):
    def open(self) -> None:
        from django.db import connection, transaction

        self.models = define_models()
        self.atomic = transaction.atomic
        connection.ensure_connection()

    def close(self) -> None:
        from django.db import connections

        connections.close_all()

    def children_of(self, team: Any) -> Any:
        return team.heroes.all()

    def load(self, model: Any, last_key: int) -> Any:
        return list(model.objects.filter(id__gt=last_key).order_by("id"))

    def insert_one(self, model: Any, row: Row) -> Any:
        return model.objects.create(**row)

    def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        with self.atomic():
            for row in rows:
                model.objects.create(**row)

    def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        model.objects.bulk_create([model(**row) for row in rows])

    def get(self, model: Any, key: int) -> Any:
        return model.objects.get(id=key)

    def filter_small(self, model: Any, level: int) -> Any:
        return list(model.objects.filter(level=level).order_by("id")[:PAGE])

    def filter_large(self, model: Any, level: int) -> Any:
        return list(model.objects.filter(level__gte=level).order_by("id"))

    def as_dict(self, model: Any, level: int) -> Any:
        return list(model.objects.filter(level__gte=level).order_by("id").values())

    def as_tuple(self, model: Any, level: int) -> Any:
        return list(model.objects.filter(level__gte=level).order_by("id").values_list())

    def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        for name, value in row.items():
            setattr(found, name, value)
        found.save()

    def update_partial(self, model: Any, found: Any, level: int) -> Any:
        found.level = level
        found.save(update_fields=["level"])

    def delete(self, model: Any, found: Any) -> Any:
        found.delete()

    def parent(self, model: Any, level: int) -> Any:
        heroes = model.objects.filter(level=level).order_by("id")
        return list(heroes.select_related("team")[:PAGE])

    def children(self, model: Any, first: int) -> Any:
        teams = self.models["team"].objects.filter(id__gte=first).order_by("id")
        return list(teams.prefetch_related("heroes")[:TEAM_PAGE])


def make(database: str, address: str) -> Peer:
    settings.configure(
        DATABASES={"default": connection_settings(database, address)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        DEBUG=False,
    )
    django.setup()
    return DjangoPeer(database, address)
