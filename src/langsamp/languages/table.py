"""What is known about a tag: names, family, area, script direction, head or tail; and whether its codes exist.

The packaged `table.json` (made by `tools/make_language_table.py`, which says where each fact comes from) has the tags
of the paper, of Glot500 and of CLDR. Any other valid tag is described through ISO 639, without family and area where
the table does not have its language.
"""

import json
from collections.abc import Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, NamedTuple

from langsamp.errors import UserError, did_you_mean, first_of
from langsamp.languages import codes
from langsamp.languages.codes import LanguageCode
from langsamp.languages.tags import LangScript

FAMILY_GROUPS = ("indo1319", "atla1278", "aust1307", "turk1311", "sino1245", "maya1287", "afro1255", "other")
"""The family groups of the paper's Table 6, in its order: seven Glottolog families and all the rest."""

AREAS = ("Africa", "Eurasia", "Papunesia", "Australia", "North America", "South America")
"""The macro-areas of Glottolog."""

_OF_CODE = ("name", "scope", "two_letter", "macrolanguage", "retired")
"""The facts of a language that are fields of `LanguageCode` as they stand."""

_NAMED = 8
"""At most this many languages are named in one message."""


class LanguageInfo(NamedTuple):
    """One tag with the facts that tables, figures and messages show."""

    tag: LangScript
    name: str
    """Reference name of ISO 639-3, e.g. `Swahili (individual language)`."""
    other_names: tuple[str, ...]
    two_letter: str | None
    script_name: str
    direction: Literal["ltr", "rtl"]
    family: str | None
    """Glottolog id of the top-level family; None where it is not known."""
    family_name: str | None
    family_group: str
    """One of `FAMILY_GROUPS`; a language without a known family counts as `other`, like `bih` in the paper."""
    is_head: bool
    macrolanguage: str | None
    """Code of the macrolanguage that the language is a member of."""
    members: tuple[str, ...]
    """For a macrolanguage, the codes of its members that the table has."""
    area: str | None
    """One of `AREAS`: where the language is at home by Glottolog; None where it is not known."""
    coordinates: tuple[float, float] | None
    """Latitude and longitude of that home in degrees, to two decimals; None where it is not known."""


@cache
def tags() -> tuple[LangScript, ...]:
    """Every tag of the table, in alphabetical order."""
    return tuple(LangScript.parse(tag) for tag in _table().tags)


def families() -> dict[str, str]:
    """Names of the families in the table by Glottolog id."""
    return dict(_table().families)


def scripts() -> dict[str, str]:
    """Names of all scripts a tag may have by ISO 15924 code."""
    return {code: name for code, (name, _) in _table().scripts.items()}


def is_head(tag: LangScript) -> bool:
    """Whether XLM-R covers the tag, by the lists that reproduce the paper; False for a tag that the table lacks."""
    return _table().tags.get(str(tag)) == "head"


def is_latin(tag: LangScript) -> bool:
    """Whether the tag is written in Latin script."""
    return tag.script == "Latn"


@cache
def describe(tag: LangScript) -> LanguageInfo:
    """What is known about any valid tag.

    Raises:
        UserError: where a code of the tag does not exist or cannot be used, as `check` says.
    """
    check(tag)
    language, family = _language(tag.language)
    area, coordinates = _home(tag.language)
    script_name, direction = _table().scripts[tag.script]
    return LanguageInfo(
        tag=tag,
        name=language.name,
        other_names=language.other_names,
        two_letter=language.two_letter,
        script_name=script_name,
        direction=direction,
        family=family,
        family_name=_table().families[family] if family else None,
        family_group=family if family in FAMILY_GROUPS else "other",
        is_head=is_head(tag),
        macrolanguage=language.macrolanguage,
        members=_members().get(tag.language, ()),
        area=area,
        coordinates=coordinates,
    )


def check(tag: LangScript) -> None:
    """Accept a tag whose codes name a language and a script; codes that the table's sources use are accepted too.

    Macrolanguages are accepted, all alike: data sets write text under their codes (`zho`, `swa`, `rom`, `zap`), and
    whoever has such text cannot know the member. `notes` names the members, `aliases` those that mean the same.

    Raises:
        UserError: for an unknown script or language code, a two-letter or bibliographic one, a retired one, and one
            that stands for a group of languages, naming what to write instead.
    """
    if tag.script not in _table().scripts:
        raise UserError(
            f"{tag}: {tag.script!r} is no script code of ISO 15924 that text can be written in (like Latn, Cyrl, Arab)."
            f"{did_you_mean(tag.script, _table().scripts)}"
        )
    if tag.language in _table().languages:
        return
    language = codes.look_up(tag.language)
    if language is None:
        raise UserError(f"{tag}: {_unknown(tag)}")
    if language.retired:
        raise UserError(
            f"{tag}: the code {tag.language!r} ({language.name}) was retired from ISO 639-3 {language.retired}"
        )
    if language.scope in ("group", "special"):
        raise UserError(f"{tag}: {tag.language!r} ({language.name}) is not one language; write the language meant")


def notes(tag: LangScript) -> list[str]:
    """What a user should know about a valid tag beyond its description; often nothing.

    Raises:
        UserError: where the tag is not valid, as `check` says.
    """
    check(tag)
    language, family = _language(tag.language)
    remarks = []
    if language.retired:
        remarks.append(
            f"The code {tag.language} was retired from ISO 639-3 {language.retired}. Published data still use it."
        )
    if language.scope == "group":
        remarks.append(f"{tag.language} stands for a group of languages, not for one.")
    if language.scope == "macrolanguage":
        remarks.append(f"{tag.language} is a macrolanguage; where the member is known, write its code: {_some(tag)}.")
    if language.macrolanguage in _table().languages:
        remarks.append(
            f"{tag.language} is a member of the macrolanguage {language.macrolanguage}, which some data use."
        )
    if meant := codes.MEANT_BY_WIKIPEDIA.get(tag.language):
        remarks.append(f"Wikipedia means another language by {tag.language}, and so may data made of it: {meant}.")
    if str(tag) not in _table().tags:
        unknown = "" if family else " and its family is unknown"
        remarks.append(f"{tag} is not in the table of known tags: it counts as tail{unknown}.")
    return remarks


@cache
def lineage(language: str) -> tuple[str, ...]:
    """Glottolog's nodes from the family down to the language itself; empty where its genealogy is not known.

    A macrolanguage stands at the deepest node above its members. Constructed languages and pidgins have no genealogy.
    """
    if language not in _table().languages:
        lines = [lineage(member) for member in _members().get(language, ())]
        levels = takewhile(lambda nodes: len(set(nodes)) == 1, zip(*lines, strict=False))
        return tuple(nodes[0] for nodes in levels)
    node = _table().languages[language].get("node")
    line: list[str] = []
    while node:
        line.append(node)
        node = _parents().get(node)
    return tuple(reversed(line))


class _Table(NamedTuple):
    """What `table.json` holds."""

    sources: Mapping[str, str]
    families: Mapping[str, str]
    tree: Mapping[str, str]
    """Of each node of Glottolog's tree those right below it, joined by blanks."""
    scripts: Mapping[str, tuple[str, Literal["ltr", "rtl"]]]
    languages: Mapping[str, Mapping[str, Any]]
    tags: Mapping[str, Literal["head", "tail"]]


@cache
def _table() -> _Table:
    return _Table(**json.loads(Path(__file__).with_name("table.json").read_text(encoding="utf-8")))


@cache
def _parents() -> dict[str, str]:
    return {child: parent for parent, below in _table().tree.items() for child in below.split()}


@cache
def _members() -> dict[str, tuple[str, ...]]:
    members: dict[str, tuple[str, ...]] = {}
    for code, facts in _table().languages.items():
        if macrolanguage := facts.get("macrolanguage"):
            members[macrolanguage] = (*members.get(macrolanguage, ()), code)
    return members


def _language(code: str) -> tuple[LanguageCode, str | None]:
    """The language of a checked code, and its family."""
    facts = _table().languages.get(code)
    if facts is None:
        language = codes.look_up(code)
        assert language is not None, f"{code} was not checked"
        return language, _shared_family(code)
    facts_of_code = {key: value for key, value in facts.items() if key in _OF_CODE}
    return LanguageCode(code=code, other_names=tuple(facts.get("other_names", ())), **facts_of_code), facts.get(
        "family"
    )


def _shared_family(macrolanguage: str) -> str | None:
    """The family of all members that the table has, as for the macrolanguages in it."""
    families = {_table().languages[member].get("family") for member in _members().get(macrolanguage, ())}
    return families.pop() if len(families) == 1 else None


def _home(code: str) -> tuple[str | None, tuple[float, float] | None]:
    """Area and place of a language, as far as they are known."""
    facts = _table().languages.get(code, {})
    latitude, longitude = facts.get("at", (None, None))
    return facts.get("area"), None if latitude is None else (latitude, longitude)


def _unknown(tag: LangScript) -> str:
    if code := codes.three_letter(tag.language):
        length = {2: "two-letter", 3: "bibliographic"}[len(tag.language)]
        return f"{tag.language!r} is the {length} code of {code!r}. Did you mean '{code}_{tag.script}'?"
    near = [(code, facts) for code, facts in _table().languages.items() if _is_slip(tag.language, code)]
    near.sort(key=lambda entry: (not is_head(LangScript(entry[0], tag.script)), entry[0]))
    meant = ", ".join(f"{code}_{tag.script} ({facts['name']})" for code, facts in near[:3])
    return f"{tag.language!r} is no language code of ISO 639-3." + (f" Did you mean {meant}?" if meant else "")


def _is_slip(typed: str, code: str) -> bool:
    """Whether `typed` has the letters of `code` in another order, or one other letter."""
    if len(typed) != len(code):
        return False
    return sorted(typed) == sorted(code) or sum(a != b for a, b in zip(typed, code, strict=True)) == 1


def _some(macrolanguage: LangScript) -> str:
    """Members of a macrolanguage, those of the table first."""
    known = _members().get(macrolanguage.language, ())
    entry = codes.look_up(macrolanguage.language)
    others = [member for member in (entry.members if entry else ()) if member not in known]
    return first_of([*known, *others], _NAMED)
