"""The tables: ISO 3166-1 countries, ISO 3166-2 subdivisions, ISO 4217 currencies, ISO 639-3."""

from __future__ import annotations

from enum import StrEnum

from triode import Field, ForeignKey, Model, Related


class Country(Model):
    """A country or territory, known by its two letters."""

    code: str = Field(primary_key=True, pattern="^[A-Z]{2}$", title="Code")
    alpha_3: str = Field(unique=True, pattern="^[A-Z]{3}$", title="Three letters")
    numeric: str = Field(unique=True, pattern="^[0-9]{3}$", title="Number")
    name: str = Field(index=True, min_length=1, max_length=100)
    official_name: str | None = Field(None, max_length=200)
    flag: str = Field("", max_length=8)
    subdivisions: list[Subdivision] = Related()

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return f"{self.flag} {self.name}".strip()


class Subdivision(Model):
    """A state, province, region, …; `parent` is the subdivision it is a part of."""

    code: str = Field(primary_key=True, pattern="^[A-Z]{2}-[A-Z0-9]{1,3}$", title="Code")
    name: str = Field(index=True, min_length=1, max_length=200)
    kind: str = Field(index=True, min_length=1, max_length=80)
    country: Country = ForeignKey(on_delete="cascade", related_name="subdivisions")
    parent: Subdivision | None = ForeignKey(None, on_delete="set null", related_name="parts")
    parts: list[Subdivision] = Related()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Currency(Model):
    """A currency; `country` is the one whose two letters its code begins with, if there is one."""

    code: str = Field(primary_key=True, pattern="^[A-Z]{3}$", title="Code")
    numeric: str = Field(unique=True, pattern="^[0-9]{3}$", title="Number")
    name: str = Field(index=True, min_length=1, max_length=100)
    country: Country | None = ForeignKey(None, on_delete="set null", related_name="currencies")

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "currencies"


class Scope(StrEnum):
    """Whether a code stands for one language or for several."""

    INDIVIDUAL = "individual"
    MACROLANGUAGE = "macrolanguage"
    SPECIAL = "special"


class Vitality(StrEnum):
    """Whether a language is spoken today."""

    LIVING = "living"
    EXTINCT = "extinct"
    ANCIENT = "ancient"
    HISTORICAL = "historical"
    CONSTRUCTED = "constructed"
    SPECIAL = "special"


class Language(Model):
    """A language, known by its three letters."""

    code: str = Field(primary_key=True, pattern="^[a-z]{3}$", title="Code")
    alpha_2: str | None = Field(None, unique=True, pattern="^[a-z]{2}$", title="Two letters")
    name: str = Field(index=True, min_length=1, max_length=120)
    scope: Scope = Field(index=True)
    vitality: Vitality = Field(index=True)

    class Meta:
        ordering = ("name",)
