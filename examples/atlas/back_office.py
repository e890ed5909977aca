"""The admin's pages over the Atlas."""

from __future__ import annotations

from atlas.models import Country, Currency, Language, Subdivision
from triode import Admin, ModelAdmin

admin = Admin(title="Atlas")


@admin.register(Country)
class CountryAdmin(ModelAdmin):
    list_display = ("flag", "name", "code", "alpha_3", "numeric")
    list_display_links = ("name",)
    search_fields = ("name", "official_name", "code", "alpha_3")


@admin.register(Subdivision)
class SubdivisionAdmin(ModelAdmin):
    list_display = ("name", "code", "kind", "country", "parent")
    list_filter = ("country",)
    search_fields = ("name", "code", "country.name")


@admin.register(Currency)
class CurrencyAdmin(ModelAdmin):
    list_display = ("name", "code", "numeric", "country")
    search_fields = ("name", "code")


@admin.register(Language)
class LanguageAdmin(ModelAdmin):
    list_display = ("name", "code", "alpha_2", "scope", "vitality")
    list_filter = ("scope", "vitality")
    search_fields = ("name", "code", "alpha_2")
