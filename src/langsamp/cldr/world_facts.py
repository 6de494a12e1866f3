"""What goes with what in the world, for every tag alike: places with their languages, money, cities and time zones.

Text drawn along these facts gives words that stand for the same thing the same neighbours in every language, as real
text does; without such structure an encoder could learn nothing of meaning. All of it is CLDR's supplemental data.

A concept is written `kind:code`, e.g. `place:KE`, `language:sw`, `currency:KES`, `unit:length-mile`.
"""

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from typing import NamedTuple, TypeVar

from babel.core import get_global
from babel.languages import get_territory_language_info
from babel.numbers import get_territory_currencies

Key = TypeVar("Key")

_REGIONS = {"Africa": "002", "America": "019", "Asia": "142", "Europe": "150", "Pacific": "009", "Australia": "009"}
"""UN M.49 codes, the ones CLDR names continents by, for the first part of a time zone's name."""

_LEAST_SPEAKERS = 10
"""Percent of a place's people that speak a language there, if it has no official status."""

_FEWEST_NEAR = 4
_MOST_NEAR = 12
"""Places that share a time zone's name count as neighbours; with fewer of them, the continent does. Of many, the first
ones do, so that the names of large places are common, as in other text."""

_TODAY = date(2025, 1, 1)
"""The day whose currencies are in use: a fixed one, because text must not depend on the clock."""


class Belongings(NamedTuple):
    """What belongs to a place or to its neighbourhood, as concepts; empty where CLDR does not tell."""

    places: tuple[str, ...]
    regions: tuple[str, ...]
    languages: tuple[str, ...]
    currencies: tuple[str, ...]
    cities: tuple[str, ...]
    zones: tuple[str, ...]

    def among(self, known: Collection[str]) -> "Belongings":
        """Only what is in `known`."""
        return Belongings(*(tuple(concept for concept in field if concept in known) for field in self))


class Facts:
    """The part of the world that somebody can talk about who has names for the concepts in `known`."""

    def __init__(self, known: Collection[str]) -> None:
        """Leave out of the facts what is not known."""
        self.own = {
            territory: belongings.among(known) for territory, belongings in _belongings().items() if territory in known
        }
        """What belongs to each known place; the places that there is most to say about come first."""
        near = {group: _together(group).among(known) for group in set(_neighbours().values())}
        self.near = {territory: near[_neighbours()[territory]] for territory in self.own}
        """What belongs to each known place's neighbours, itself among them."""
        self.places_of = _grouped(
            (concept, territory)
            for territory, belongings in self.own.items()
            for concept in (*belongings.languages, *belongings.currencies)
        )
        """Where each language is spoken and each currency is used."""
        self.languages_in = _grouped((script, language) for language, script in _scripts().items() if language in known)
        """The languages most likely written in each script."""


@cache
def currencies() -> frozenset[str]:
    """The currencies in use today."""
    return frozenset(currency for belongings in _belongings().values() for currency in belongings.currencies)


@cache
def _belongings() -> dict[str, Belongings]:
    """What belongs to each place that has a time zone; places where more languages are spoken come first."""
    zone_names = get_global("meta_zones")
    belongings = {}
    territories = sorted(get_global("territory_zones").items())
    for territory, zones in sorted(territories, key=lambda item: -len(get_territory_language_info(item[0]))):
        region = _REGIONS.get(zones[0].split("/")[0])
        belongings[f"place:{territory}"] = Belongings(
            places=(f"place:{territory}",),
            regions=_concepts("place", [region] if region else []),
            languages=_concepts("language", _spoken_in(territory)),
            currencies=_concepts("currency", get_territory_currencies(territory, start_date=_TODAY)),
            cities=_concepts("city", zones),
            zones=_concepts("zone", sorted({zone_names[zone] for zone in zones if zone in zone_names})),
        )
    return belongings


@cache
def _neighbours() -> dict[str, tuple[str, ...]]:
    """For each place those around it, itself among them."""
    zones = _grouped(
        (zone, territory) for territory, belongings in _belongings().items() for zone in belongings.zones[:1]
    )
    regions = _grouped((belongings.regions, territory) for territory, belongings in _belongings().items())
    near = {}
    for territory, belongings in _belongings().items():
        group = zones[belongings.zones[0]] if belongings.zones else ()
        group = group if len(group) >= _FEWEST_NEAR else regions[belongings.regions]
        near[territory] = tuple(dict.fromkeys((territory, *group)))[:_MOST_NEAR]
    return near


@cache
def _together(group: tuple[str, ...]) -> Belongings:
    """What belongs to any place of `group`, each once."""
    fields = zip(*(_belongings()[territory] for territory in group), strict=True)
    return Belongings(*(tuple(dict.fromkeys(concept for part in field for concept in part)) for field in fields))


@cache
def _scripts() -> dict[str, str]:
    likely = get_global("likely_subtags")
    return {f"language:{tag}": f"script:{full.split('_')[1]}" for tag, full in sorted(likely.items()) if tag.isalpha()}


def _spoken_in(territory: str) -> list[str]:
    return [
        language
        for language, facts in get_territory_language_info(territory).items()
        if facts["official_status"] or facts["population_percent"] >= _LEAST_SPEAKERS
    ]


def _concepts(kind: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{kind}:{name}" for name in names)


def _grouped(pairs: Iterable[tuple[Key, str]]) -> dict[Key, tuple[str, ...]]:
    groups: dict[Key, list[str]] = {}
    for key, member in pairs:
        groups.setdefault(key, []).append(member)
    return {key: tuple(members) for key, members in groups.items()}
