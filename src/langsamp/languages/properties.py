"""What `script:`, `family:` and `area:` of a selector mean: a test of tags by what the language table knows."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from langsamp.errors import UserError, did_you_mean
from langsamp.languages.search import fold, named
from langsamp.languages.table import AREAS, FAMILY_GROUPS, describe, families, lineage, scripts, tags
from langsamp.languages.tags import LangScript

Test = Callable[[LangScript], bool]

SUBGROUPS: Mapping[str, str] = {
    "Baltic": "east2280", "Balto-Slavic": "balt1263", "Bantu": "narr1281", "Benue-Congo": "benu1247",
    "Berber": "berb1260", "Celtic": "celt1248", "Chadic": "chad1250", "Cushitic": "cush1243", "Finnic": "finn1317",
    "Germanic": "germ1287", "Indic": "indo1321", "Indo-Aryan": "indo1321", "Indo-Iranian": "indo1320",
    "Iranian": "iran1269", "Italic": "ital1284", "Kipchak": "kipc1239", "Malayo-Polynesian": "mala1545",
    "Munda": "mund1335", "Oceanic": "ocea1241", "Oghuz": "oghu1243", "Polynesian": "poly1242", "Romance": "roma1334",
    "Semitic": "semi1276", "Sinitic": "sini1245", "Slavic": "slav1255", "Volta-Congo": "volt1241",
}  # fmt: skip
"""Groups within a family by their usual names: Glottolog's nodes for them."""

_LISTED = 8
"""At most this many values are listed in one message."""


def has_property(kind: str, value: str, among: Collection[LangScript]) -> Test:
    """Whether a tag has the script, family or area (`kind`) that is called `value`, by code or name.

    A family may be a group within one, by Glottolog's id or a name of `SUBGROUPS`.

    Raises:
        UserError: where nothing is called so; names what is meant, or what the tags `among` have.
    """
    return PROPERTIES[kind](value, among)


def _script(value: str, among: Collection[LangScript]) -> Test:
    if code := _code(value, scripts()):
        return lambda tag: tag.script == code
    written_in = {tag.script for tag in named(value, tags())}
    raise _unknown("script", value, scripts(), written_in, [tag.script for tag in among])


def _family(value: str, among: Collection[LangScript]) -> Test:
    if value == FAMILY_GROUPS[-1]:
        return lambda tag: describe(tag).family_group == value
    if family := _code(value, families()):
        return lambda tag: describe(tag).family == family
    group = _code(value, {name: name for name in SUBGROUPS})
    node = SUBGROUPS[group] if group else value
    if any(node in lineage(tag.language) for tag in tags()):
        return lambda tag: node in lineage(tag.language)
    called = {describe(tag).family for tag in named(value, tags())} - {None}
    here = [family for tag in among if (family := describe(tag).family)]
    raise _unknown("family", value, families() | {name: name for name in SUBGROUPS}, called, here)


def _area(value: str, among: Collection[LangScript]) -> Test:
    names = {name: name for name in AREAS}
    if area := _code(value, names):
        return lambda tag: describe(tag).area == area
    raise _unknown("area", value, names, set(), AREAS)


PROPERTIES: Mapping[str, Callable[[str, Collection[LangScript]], Test]] = {
    "script": _script,
    "family": _family,
    "area": _area,
}


def _code(value: str, names: Mapping[str, str]) -> str | None:
    return next((code for code, name in names.items() if fold(value) in (fold(code), fold(name))), None)


def _unknown(
    kind: str, value: str, names: Mapping[str, str], of_language: Collection[str | None], here: Collection[str]
) -> UserError:
    """The error for a value that is none: what a language called so has, else one like it and the most frequent."""
    message = f"unknown {kind} {value!r} in a selector."
    if of_language:
        meant = " or ".join(f"{kind}:{names[code]}" for code in sorted(filter(None, of_language)))
        return UserError(f"{message} It is the name of a language: write {value} for that alone, or {meant}")
    near = did_you_mean(value, [*names.values(), *names])
    values = [names[code] for code, _ in Counter(here).most_common()]
    more = " and others" if len(values) > _LISTED else ""
    there = f" There are {', '.join(values[:_LISTED])}{more}." if values else ""
    groups = " A group within a family has its usual name or Glottolog's id, like Bantu or narr1281."
    return UserError(f"{message}{near}{there}{groups if kind == 'family' else ''}")
