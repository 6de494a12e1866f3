"""Ways of drawing a meaning for somebody who knows certain names: about places and what is theirs, time, and sizes."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from random import Random
from typing import NamedTuple, TypeVar

from langsamp.cldr.meanings import Meaning
from langsamp.cldr.world_facts import Facts

Thing = TypeVar("Thing")

_SIZES = {
    "length-centimeter": 0.01, "length-inch": 0.0254, "length-foot": 0.3048, "length-yard": 0.9144, "length-meter": 1,
    "length-kilometer": 1000, "length-mile": 1609.344, "length-nautical-mile": 1852,
    "mass-gram": 0.001, "mass-ounce": 0.0283495, "mass-pound": 0.453592, "mass-kilogram": 1, "mass-tonne": 1000,
    "volume-milliliter": 0.001, "volume-pint": 0.473176, "volume-liter": 1, "volume-gallon": 3.78541,
    "area-square-foot": 0.092903, "area-square-meter": 1, "area-acre": 4046.86, "area-hectare": 1e4,
    "area-square-kilometer": 1e6, "area-square-mile": 2589988,
    "speed-kilometer-per-hour": 1, "speed-mile-per-hour": 1.609344, "speed-knot": 1.852, "speed-meter-per-second": 3.6,
}  # fmt: skip
"""Sizes in a common unit of the dimension, so that one quantity can be said in several units."""

_SPANS = {"year": 30, "month": 11, "week": 3, "day": 6, "hour": 23, "minute": 59, "second": 59}
"""Units of time, longest first, with the highest number that is said in them."""

_ROUND = (*range(1, 21), *range(25, 100, 5), *range(100, 1000, 50), *range(1000, 10001, 500))
_FIRST_DAY, _LAST_DAY = date(1950, 1, 1).toordinal(), date(2047, 12, 31).toordinal()
_DAYS_APART = (1, 7, 31, 366)
_FEW = 5
"""No more names of a kind than these would be said all the time."""

_STYLES = ("standard", "standard", "or")


class Known:
    """What somebody can say: concepts by name, and the ways of saying numbers that `cldr.phrases` lists."""

    def __init__(self, known: Collection[str]) -> None:
        """Sort it by kind."""
        self.facts = Facts(known)
        self._by_kind: dict[str, list[str]] = {}
        for concept in known:
            self._by_kind.setdefault(concept.partition(":")[0], []).append(concept)
        self.places = tuple(self.facts.own)
        self.spans = tuple(span for span in _SPANS if f"count:duration-{span}" in known)
        self.units = _by_dimension(self["unit"])
        counted = [concept for concept in self["count"] if not concept.startswith("count:duration-")]
        self.counted = _by_dimension(counted)
        self.sized = _by_dimension(concept for concept in counted if _code(concept) in _SIZES)

    def a_place(self, rng: Random) -> str:
        """A place at random, the first ones more often: half of the time one of the first quarter."""
        return self.places[int(rng.random() ** 2 * len(self.places))]

    def __getitem__(self, kind: str) -> Sequence[str]:
        """All known concepts of a kind, none if there are none."""
        return self._by_kind.get(kind, ())


class Template(NamedTuple):
    """A way of drawing a meaning."""

    theme: str
    needs: Callable[[Known], Sequence[object]]
    """What must not be empty."""
    draw: Callable[[Known, Random, str], Meaning | None]
    """Gives a meaning, about the place if it is about places at all; None where there is nothing to say about it."""


def _neighbours(known: Known, rng: Random, territory: str) -> Meaning | None:
    belongings = known.facts.own[territory]
    return _list(
        rng,
        "places",
        known.facts.near[territory].places,
        heads=(None, None, *belongings.regions, *belongings.zones[:1]),
    )


def _users(known: Known, rng: Random, territory: str) -> Meaning | None:
    belongings = known.facts.own[territory]
    head = one(rng, belongings.languages + belongings.currencies or (None,))
    return _list(rng, "places", known.facts.places_of[head], heads=(head,)) if head else None


def _cities(known: Known, rng: Random, territory: str) -> Meaning | None:
    return _list(rng, "places", known.facts.near[territory].cities)


def _own_cities(known: Known, rng: Random, territory: str) -> Meaning | None:
    return _list(rng, "places", known.facts.own[territory].cities, heads=(territory,))


def _zones(known: Known, rng: Random, territory: str) -> Meaning | None:
    return _list(rng, "zones", known.facts.near[territory].zones)


def _languages(known: Known, rng: Random, territory: str) -> Meaning | None:
    return _list(rng, "languages", known.facts.near[territory].languages)


def _own_languages(known: Known, rng: Random, territory: str) -> Meaning | None:
    return _list(rng, "languages", known.facts.own[territory].languages, heads=(territory,))


def _written(known: Known, rng: Random, _: str) -> Meaning | None:
    script = one(rng, known["script"])
    return _list(rng, "languages", known.facts.languages_in.get(script, ()), heads=(None, script))


def _currencies(known: Known, rng: Random, territory: str) -> Meaning | None:
    return _list(rng, "money", known.facts.near[territory].currencies)


def _money(known: Known, rng: Random, territory: str) -> Meaning | None:
    currencies = _some(rng, known.facts.near[territory].currencies, at_most=3)
    items = tuple((f"money:{_code(currency)}", one(rng, _ROUND)) for currency in currencies)
    return Meaning("money", items) if items else None


def _prices(known: Known, rng: Random, territory: str) -> Meaning | None:
    currencies = known.facts.near[territory].currencies
    per = _some(rng, known["price"], at_most=2)
    items = tuple((unit, f"money:{_code(one(rng, currencies))}", one(rng, _ROUND)) for unit in per if currencies)
    return Meaning("money", items, style="or") if items else None


def _profile(known: Known, rng: Random, territory: str) -> Meaning | None:
    belongings = known.facts.own[territory]
    parts = (belongings.cities, belongings.languages, belongings.currencies, belongings.regions)
    items = (territory, *(one(rng, part) for part in parts if part))
    return Meaning("mixed", items) if len(items) > 2 else None


def _mixed(known: Known, rng: Random, territory: str) -> Meaning | None:
    one_more, yet_one = (known.facts.own[known.a_place(rng)] for _ in range(2))
    kinds = ("weekday", "month", "period", "unit")
    things = [one(rng, known[kind]) for kind in kinds if known[kind]]
    return _list(rng, "mixed", [territory, *things, *one_more.languages[:1], *yet_one.currencies[:1]])


def _dates(known: Known, rng: Random, _: str) -> Meaning | None:
    pattern, first, apart = one(rng, known["date"]), rng.randrange(_FIRST_DAY, _LAST_DAY), one(rng, _DAYS_APART)
    days = range(first, first + apart * (1 + int(rng.random() * 3)), apart)
    return Meaning("dates", tuple((pattern, day) for day in days), style=one(rng, _STYLES))


def _weekdays(known: Known, rng: Random, _: str) -> Meaning | None:
    return _in_order(rng, known["weekday"])


def _months(known: Known, rng: Random, _: str) -> Meaning | None:
    return _in_order(rng, known["month"])


def _durations(known: Known, rng: Random, _: str) -> Meaning | None:
    first = int(rng.random() * (len(known.spans) - 1))
    spans = known.spans[first : first + 2 + int(rng.random() * 2)]
    items = tuple((f"count:duration-{span}", 1 + int(rng.random() * _SPANS[span])) for span in spans)
    return Meaning("durations", items, style="unit")


def _relative(known: Known, rng: Random, _: str) -> Meaning | None:
    items = []
    for unit in _some(rng, known["relative"], at_most=3):
        number = 1 + int(rng.random() * _SPANS[_code(unit)])
        items.append((unit, number if rng.random() < 0.5 else -number))
    return Meaning("relative", tuple(items))


def _units(known: Known, rng: Random, _: str) -> Meaning | None:
    return _list(rng, "measures", one(rng, known.units))


def _measures(known: Known, rng: Random, _: str) -> Meaning | None:
    ways = _some(rng, one(rng, known.counted), at_most=3)
    return Meaning("measures", tuple((unit, one(rng, _ROUND)) for unit in ways), style=one(rng, _STYLES))


def _comparison(known: Known, rng: Random, _: str) -> Meaning | None:
    ways = _some(rng, one(rng, known.sized), at_most=4)
    quantity = one(rng, _ROUND) * _SIZES[_code(ways[0])]
    numbers = [(unit, _rounded(quantity / _SIZES[_code(unit)])) for unit in ways]
    items = tuple((unit, number) for unit, number in numbers if 0.5 <= number < 10_000)
    return Meaning("measures", items, style="unit") if len(items) > 1 else None


TEMPLATES = {
    "neighbours": Template("world", lambda known: known.places, _neighbours),
    "users": Template("world", lambda known: known.places, _users),
    "cities": Template("world", lambda known: known["city"][_FEW:], _cities),
    "own cities": Template("world", lambda known: known["city"][_FEW:], _own_cities),
    "zones": Template("world", lambda known: known["zone"][_FEW:], _zones),
    "languages": Template("world", lambda known: known["language"], _languages),
    "own languages": Template("world", lambda known: known["language"], _own_languages),
    "written": Template("world", lambda known: known["script"][_FEW:], _written),
    "currencies": Template("world", lambda known: known["currency"][_FEW:], _currencies),
    "money": Template("world", lambda known: known["money"][_FEW:], _money),
    "prices": Template("world", lambda known: known["price"][_FEW:], _prices),
    "profile": Template("world", lambda known: known.places, _profile),
    "mixed": Template("mixed", lambda known: known.places, _mixed),
    "dates": Template("time", lambda known: known["date"], _dates),
    "weekdays": Template("time", lambda known: known["weekday"], _weekdays),
    "months": Template("time", lambda known: known["month"], _months),
    "durations": Template("time", lambda known: known.spans[1:], _durations),
    "relative": Template("time", lambda known: known["relative"], _relative),
    "units": Template("size", lambda known: known.units, _units),
    "measures": Template("size", lambda known: known.counted, _measures),
    "comparison": Template("size", lambda known: known.sized, _comparison),
}


def _in_order(rng: Random, days_or_months: Sequence[str]) -> Meaning:
    # In a random order nothing would tell one name from another; in theirs, the first ones stand first.
    items = sorted(_some(rng, days_or_months, at_most=5), key=lambda concept: int(_code(concept)))
    return Meaning("dates", tuple(items), style=one(rng, _STYLES))


def _list(rng: Random, kind: str, pool: Sequence[str], *, heads: Sequence[str | None] = (None,)) -> Meaning | None:
    head = one(rng, heads)
    if len(pool) < (1 if head else 2):
        return None
    return Meaning(kind, _some(rng, pool, at_most=5), head, one(rng, _STYLES))


def one(rng: Random, things: Sequence[Thing]) -> Thing:
    """One of `things`, each as likely."""
    return things[int(rng.random() * len(things))]


def _some(rng: Random, things: Sequence[Thing], *, at_most: int) -> tuple[Thing, ...]:
    """Different things, two at least if there are so many."""
    number = min(len(things), 2 + int(rng.random() * (at_most - 1)))
    return tuple(rng.sample(things, number))


def _by_dimension(concepts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Units of one dimension together, where there are two or more of them."""
    dimensions: dict[str, list[str]] = {}
    for concept in concepts:
        dimensions.setdefault(_code(concept).split("-")[0], []).append(concept)
    return tuple(tuple(units) for units in dimensions.values() if len(units) > 1)


def _code(concept: str) -> str:
    return concept.partition(":")[2]


def _rounded(number: float) -> int | float:
    """Two digits at least, and no decimals from 20 on."""
    return round(number) if number >= 20 or number == round(number) else round(number, 1)
