"""The JSON API: list, search and filter; create, change and delete."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from atlas.models import Country, Currency, Language, Scope, Subdivision, Vitality
from triode import Create, Patch, Query, Router
from triode.db import Page, icontains

Search: TypeAlias = Annotated[str, Query(max_length=100, description="A part of the name.")]
Number: TypeAlias = Annotated[int, Query(ge=1, le=10_000, description="The page, from 1.")]
Size: TypeAlias = Annotated[int, Query(ge=1, le=500, description="How many on a page.")]

countries = Router(prefix="/countries", tags=["countries"])
subdivisions = Router(prefix="/subdivisions", tags=["subdivisions"])
currencies = Router(prefix="/currencies", tags=["currencies"])
languages = Router(prefix="/languages", tags=["languages"])


@countries.get("")
async def list_countries(search: Search = "", page: Number = 1, size: Size = 50) -> Page[Country]:
    """List countries by name."""
    return await Country.where(icontains(Country.name, search)).page(page, size)


@countries.get("/{code}")
async def get_country(code: str) -> Country:
    """Return a country with its subdivisions."""
    return await Country.where(code=code).include(Country.subdivisions).get()


@countries.post("", status_code=201)
async def create_country(country: Create[Country]) -> Country:
    """Add a country."""
    return await country.save()


@countries.patch("/{code}")
async def update_country(code: str, changes: Patch[Country]) -> Country:
    """Change some values of a country."""
    return await (await Country.get(code)).update(changes)


@countries.delete("/{code}", status_code=204)
async def delete_country(code: str) -> None:
    """Delete a country and its subdivisions."""
    await (await Country.get(code)).delete()


@subdivisions.get("")
async def list_subdivisions(
    search: Search = "",
    country: Annotated[str | None, Query(description="Two letters.")] = None,
    kind: str | None = None,
    page: Number = 1,
    size: Size = 50,
) -> Page[Subdivision]:
    """List subdivisions by name, of one country or one kind if asked for."""
    found = Subdivision.where(icontains(Subdivision.name, search))
    if country is not None:
        found = found.where(country_id=country)
    if kind is not None:
        found = found.where(kind=kind)
    return await found.page(page, size)


@subdivisions.get("/{code}")
async def get_subdivision(code: str) -> Subdivision:
    """Return a subdivision with its country, the one it is a part of, and its own parts."""
    found = Subdivision.where(code=code)
    return await found.include(Subdivision.country, Subdivision.parent, Subdivision.parts).get()


@subdivisions.post("", status_code=201)
async def create_subdivision(subdivision: Create[Subdivision]) -> Subdivision:
    """Add a subdivision."""
    return await subdivision.save()


@subdivisions.patch("/{code}")
async def update_subdivision(code: str, changes: Patch[Subdivision]) -> Subdivision:
    """Change some values of a subdivision."""
    return await (await Subdivision.get(code)).update(changes)


@subdivisions.delete("/{code}", status_code=204)
async def delete_subdivision(code: str) -> None:
    """Delete a subdivision; its parts stay."""
    await (await Subdivision.get(code)).delete()


@currencies.get("")
async def list_currencies(search: Search = "", page: Number = 1, size: Size = 50) -> Page[Currency]:
    """List currencies by name, each with the country it is named for."""
    found = Currency.where(icontains(Currency.name, search)).include(Currency.country)
    return await found.page(page, size)


@currencies.get("/{code}")
async def get_currency(code: str) -> Currency:
    """Return a currency."""
    return await Currency.get(code)


@languages.get("")
async def list_languages(
    search: Search = "",
    scope: Scope | None = None,
    vitality: Vitality | None = None,
    page: Number = 1,
    size: Size = 50,
) -> Page[Language]:
    """List languages by name, of one scope or vitality if asked for."""
    found = Language.where(icontains(Language.name, search))
    if scope is not None:
        found = found.where(scope=scope)
    if vitality is not None:
        found = found.where(vitality=vitality)
    return await found.page(page, size)


@languages.get("/{code}")
async def get_language(code: str) -> Language:
    """Return a language."""
    return await Language.get(code)
