"""What `script:`, `family:` and `area:` of a selector mean: a test of tags by what the language table knows."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from langsamp.errors import UserError, did_you_mean
from langsamp.languages.everyday import SUBGROUPS
from langsamp.languages.search import fold, named
from langsamp.languages.table import AREAS, FAMILY_GROUPS, describe, families, lineage, scripts, tags
from langsamp.languages.tags import LangScript

Test = Callable[[LangScript], bool]

_LISTED = 8
"""At most this many values are listed in one message."""


def has_property(kind: str, value: str, among: Collection[LangScript]) -> Test:
    """Whether a tag has the script, family or area (`kind`) that is called `value`, by code or name.

    A family may be a group within one, by Glottolog's id or a name of `SUBGROUPS`.

    Raises:
        UserError: where nothing is called so; names what is meant, or what the tags `among` have.
    """
    return PROPERTIES[kind](value, among)


def term_for(value: str) -> str | None:
    """The term for a script, family or area that is called `value`, `family:Bantu`; None where there is none."""
    for kind in PROPERTIES:
        try:
            has_property(kind, value, ())
        except UserError:
            continue
        return f"{kind}:{value}"
    return None


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
    node = SUBGROUPS[group] if group else value.casefold()
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
    """The code of what is called `value`, also with the word that says what it is (`Bantu languages`)."""
    wanted = {fold(value), fold(value).removesuffix(" languages"), fold(value).removesuffix(" script")}
    return next((code for code, name in names.items() if wanted & {fold(code), fold(name)}), None)


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
