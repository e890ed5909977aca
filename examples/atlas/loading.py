"""Load the standards from the package `pycountry`, once, with a progress bar.

Every row goes through the checks that a request's body gets. All of it is one transaction: a
killed process leaves an empty database, and a second process waits for the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pycountry
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from atlas.models import Country, Currency, Language, Scope, Subdivision, Vitality
from triode import Model, transaction

BATCH = 500
Row = dict[str, Any]


async def load_standards() -> None:
    """Fill the tables, unless they have been filled before."""
    async with transaction():
        if await Country.exists():
            return
        columns = TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns) as progress:
            await _insert(progress, Country, list(_countries()))
            await _insert(progress, Subdivision, list(_subdivisions()))
            await _insert(progress, Currency, list(_currencies()))
            await _insert(progress, Language, list(_languages()))


async def _insert(progress: Progress, model: type[Model], rows: list[Row]) -> None:
    task = progress.add_task(f"{model.__name__}", total=len(rows))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        await model.insert_many(batch)
        progress.advance(task, len(batch))


def _countries() -> Iterator[Row]:
    for country in pycountry.countries:
        yield {
            "code": country.alpha_2,
            "alpha_3": country.alpha_3,
            "numeric": country.numeric,
            "name": getattr(country, "common_name", country.name),
            "official_name": getattr(country, "official_name", None),
            "flag": country.flag,
        }


def _subdivisions() -> Iterator[Row]:
    """Give parents before their parts, because a part refers to its parent."""
    waiting = {each.code: each for each in pycountry.subdivisions}
    while waiting:
        ready = [each for each in waiting.values() if each.parent_code not in waiting]
        for each in ready:
            del waiting[each.code]
            yield {
                "code": each.code,
                "name": each.name,
                "kind": each.type,
                "country_id": each.country_code,
                "parent_id": each.parent_code,
            }


def _currencies() -> Iterator[Row]:
    for currency in pycountry.currencies:
        country = currency.alpha_3[:2]
        yield {
            "code": currency.alpha_3,
            "numeric": currency.numeric,
            "name": currency.name,
            "country_id": country if pycountry.countries.get(alpha_2=country) else None,
        }


def _languages() -> Iterator[Row]:
    scopes = {scope.name[0]: scope for scope in Scope}
    vitalities = {vitality.name[0]: vitality for vitality in Vitality}
    for language in pycountry.languages:
        yield {
            "code": language.alpha_3,
            "alpha_2": getattr(language, "alpha_2", None),
            "name": language.name,
            "scope": scopes[language.scope],
            "vitality": vitalities[language.type],
        }
