"""The names of a tag's concepts in a locale's own data: whatever might be a code or another language is left out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from langsamp.cldr import world_facts

_LATIN = re.compile("[A-Za-zÀ-ɏ]")
_NO_PLACE = re.compile("EU|EZ|QO|UN|XA|XB|ZZ")
_NO_LANGUAGE = re.compile("mis|mul|root|und|zxx")
_NO_SCRIPT = re.compile("Z.*|Qaa.")
_RARE = re.compile(
    "(acceleration|concentr|consumption|electric|force|frequency|graphics|light|pressure|torque)-.*|temperature-generic|"
    ".*(arc-|astronom|barrel|beaufort|british|bushel|carat|dalton|dessert|dram|drop|dunam|earth|electronvolt|fathom|fluid|"
    "furlong|grain|imperial|jigger|kelvin|light-|metric|micro|nano|parsec|pico|pinch|point|radian|revolution|scandinavian|"
    "solar|therm|troy).*"
)
"""Units that daily life does without, by CLDR's ids for them."""

_SIGNS = re.compile(r"[\d²³/·]")
_BROKEN = re.compile("[∅↑_<>{}]")
_NAMESPACES = {"city": "place", "period": "time of day"}
_PERIODS = ("midnight", "noon", "morning1", "afternoon1", "evening1", "night1")


def names_in(locale_data: Mapping[str, Any], script: str) -> dict[str, str]:
    """Names by concept, in a fixed order, from a locale's own data in Babel's layout."""
    names: dict[str, str] = {}
    taken = set()
    for concept, name in _all_names(locale_data):
        kind, _, code = concept.partition(":")
        if name == code or not is_text(name, script):
            continue
        meant = (_NAMESPACES.get(kind, kind), name)  # one name for two things would make two meanings sound alike
        if meant not in taken:
            taken.add(meant)
            names[concept] = name
    return names


def is_text(name: str, script: str) -> bool:
    """Whether `name` has letters enough for a word of `script` in it, and no Latin ones in another script."""
    letters = 0 if _BROKEN.search(name) else sum(map(str.isalpha, name))
    return letters >= 2 if script == "Latn" else letters > 0 and not _LATIN.search(name)


def is_common(unit: str) -> bool:
    """Whether a unit of measurement is one of daily life, like `length-mile`."""
    return not _RARE.fullmatch(unit)


def _all_names(locale_data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _section(locale_data, "territories", "place", without=_NO_PLACE)
    yield from _section(locale_data, "languages", "language", without=_NO_LANGUAGE)
    yield from _section(locale_data, "scripts", "script", without=_NO_SCRIPT)
    yield from (
        pair for pair in _section(locale_data, "currency_names", "currency") if pair[0] in world_facts.currencies()
    )
    for zone, forms in locale_data.get("time_zones", {}).items():
        if "city" in forms and not zone.startswith("Etc/"):
            yield f"city:{zone}", forms["city"]
    for zone, forms in locale_data.get("meta_zones", {}).items():
        if name := forms.get("long", {}).get("generic") or forms.get("long", {}).get("standard"):
            yield f"zone:{zone}", name
    for unit, forms in locale_data.get("unit_display_names", {}).items():
        name = forms.get("long") or forms.get("short")  # without a long form CLDR takes the short one
        if name and is_common(unit) and not _SIGNS.search(name):
            yield f"unit:{unit}", name
    for section, kind in (("months", "month"), ("days", "weekday"), ("day_periods", "period")):
        for key, name in _alone(locale_data, section).items():
            if kind != "period" or key in _PERIODS:
                yield f"{kind}:{key}", name


def _section(
    locale_data: Mapping[str, Any], section: str, kind: str, *, without: re.Pattern[str] | None = None
) -> Iterator[tuple[str, str]]:
    for code, name in locale_data.get(section, {}).items():
        if without is None or not without.fullmatch(code):
            yield f"{kind}:{code}", name


def _alone(locale_data: Mapping[str, Any], section: str) -> Mapping[Any, str]:
    """Wide names as they stand outside of a date; where a locale makes no difference, those of dates."""
    contexts = locale_data.get(section, {})
    within = contexts.get("format", {}).get("wide", {})
    return {**within, **contexts.get("stand-alone", {}).get("wide", {})}
