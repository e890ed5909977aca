"""The application. Start it with `triode dev examples/atlas/app.py`, or see `make demo`."""

from __future__ import annotations

from typing import Annotated

from atlas import api
from atlas.back_office import admin
from atlas.loading import load_standards
from atlas.models import Country, Currency, Language, Subdivision
from triode import Auth, Page, Query, Triode, render
from triode.db import icontains

app = Triode(
    title="Atlas",
    version="1.0.0",
    description="Countries, subdivisions, currencies and languages, by the ISO standards.",
    openapi_tags=[
        {"name": "countries", "description": "ISO 3166-1."},
        {"name": "subdivisions", "description": "ISO 3166-2."},
        {"name": "currencies", "description": "ISO 4217."},
        {"name": "languages", "description": "ISO 639-3."},
    ],
)
auth = Auth(app)
app.attach(admin)
app.add_startup(load_standards)

for router in (api.countries, api.subdivisions, api.currencies, api.languages):
    app.include_router(router)


@app.get("/", include_in_schema=False)
async def home(search: Annotated[str, Query(max_length=100)] = "") -> Page:
    """Show the countries."""
    countries = await Country.where(icontains(Country.name, search))
    totals = {
        "countries": await Country.count(),
        "subdivisions": await Subdivision.count(),
        "currencies": await Currency.count(),
        "languages": await Language.count(),
    }
    return render("home.html", countries=countries, totals=totals, search=search)


@app.get("/country/{code}", include_in_schema=False)
async def country_page(code: str) -> Page:
    """Show a country and its subdivisions."""
    country = await Country.where(code=code).include(Country.subdivisions).get()
    currencies = await Currency.where(country_id=code)
    return render("country.html", country=country, currencies=currencies)
