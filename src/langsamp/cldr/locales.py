"""Which locales of CLDR can speak for a tag: those with enough data of their own.

Babel fills what a locale lacks from a root of codes and English (`M01`, `+{0} d`, `{0} or {1}`), and an unknown unit it
formats as its id (`length-kilometer`). Nothing of that may become text, so only what a locale's own file says is used.
"""

import pickle
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from babel import localedata
from babel.core import get_global, parse_locale

from langsamp.errors import UserError, did_you_mean
from langsamp.languages import codes
from langsamp.languages.tags import LangScript

_LEAST_PLACES = 200
_LEAST_LANGUAGES = 50
_LEAST_NAMES = 350
"""Own names of places, languages, currencies, scripts, units and time zones together. Below, CLDR 47 has about 50
African locales with 223 places, 45 languages, 58 currencies and nothing to say them with."""

_NAMED = ("territories", "languages", "currency_names", "scripts", "unit_patterns", "meta_zones")
_ENGLISH_SHARE = 0.7
"""A larger share of names spelled as in English is English that was filled in (Cebuano, Igbo, Filipino); the largest
share of honest cognates in CLDR 47 is Malay's, 0.64."""

_PARENT = {"nb": "no", "nn": "no"}
"""Norwegian is one set of names for both standards; every other parent is another language or the root."""

_MEMBER = {
    "aka": "twi", "ara": "arb", "aze": "azj", "fas": "pes", "ful": "fuf", "kok": "gom", "kur": "kmr", "lav": "lvs",
    "mon": "khk", "msa": "zsm", "nep": "npi", "ori": "ory", "orm": "gaz", "pus": "pbt", "que": "quy", "sqi": "als",
    "swa": "swh", "uzb": "uzn", "yid": "ydd",
}  # fmt: skip
"""The language that CLDR means by a macrolanguage's code, coded as in SIB-200 and NLLB."""


@cache
def locales() -> dict[LangScript, str]:
    """The Babel locale that speaks for each tag, sorted by tag; about 160 of CLDR's languages have data enough."""
    return {tag: locale for tag in sorted(_by_tag()) if (locale := _speaker(tag)) is not None}


def locale_of(tag: LangScript) -> str:
    """The Babel locale of `tag`.

    Raises:
        UserError: where CLDR has too little data for it.
    """
    locale = _speaker(tag)
    if locale is None:
        others = [str(other) for other in locales() if other.language == tag.language]
        near = f" It has {', '.join(others)}." if others else did_you_mean(str(tag), map(str, locales()))
        raise UserError(
            f"CLDR has too little text for {tag}; expected one of the {len(locales())} tags of CldrCorpus().tags.{near}"
        )
    return locale


@cache
def _by_tag() -> dict[LangScript, list[str]]:
    """The candidates for each tag, whether they have data enough or not; no data is read."""
    by_tag: dict[LangScript, list[str]] = {}
    for locale in _candidates():
        by_tag.setdefault(tag_of(locale), []).append(locale)
    return by_tag


@cache
def _speaker(tag: LangScript) -> str | None:
    """The last candidate for a tag that has data enough; reads the data of that tag's candidates only."""
    return next((locale for locale in reversed(_by_tag().get(tag, [])) if _has_enough(own_data(locale))), None)


def tag_of(locale: str) -> LangScript:
    """The tag of a locale: ISO 639-3 by the conventions of SIB-200, and the script it is written in by default."""
    language, _, script = parse_locale(locale)[:3]
    code = (codes.three_letter(language) if len(language) == 2 else None) or language
    script = script or _likely_script(language)
    return LangScript(_MEMBER.get(code, code), {"Kore": "Hang"}.get(script, script))


def own_data(locale: str) -> dict[str, Any]:
    """What the locale's own file says, in Babel's layout: no English in disguise, no unit written as in the root."""
    data: dict[str, Any] = {}
    for name in (_PARENT.get(locale), locale):
        if name is not None:
            localedata.merge(data, _file(name))
    if parse_locale(locale)[0] != "en":
        english = _reference("en")
        for section in _NAMED:
            if _share_equal(data.get(section, {}), english[section]) > _ENGLISH_SHARE:
                data[section] = {}
    for section in ("unit_patterns", "unit_display_names"):
        data[section] = _without(data.get(section, {}), _reference("root")[section])
    return data


def _file(name: str) -> dict[str, Any]:
    # Babel's public loader would merge the parents in; the file is Babel's own, installed beside its code.
    data: dict[str, Any] = pickle.loads(Path(localedata.resolve_locale_filename(name)).read_bytes())
    return data


@cache
def _reference(name: Literal["en", "root"]) -> dict[str, Any]:
    return _file(name)


def _candidates() -> list[str]:
    """Locales of a language, or of a language in a script that is not its usual one, without territory or variant."""
    names = []
    for name in sorted(localedata.locale_identifiers()):
        language, territory, script, variant = parse_locale(name)[:4]
        if not territory and not variant and script != _likely_script(language) and name not in _PARENT.values():
            names.append(name)
    return names


def _likely_script(language: str) -> str:
    likely = get_global("likely_subtags").get(language)
    return (parse_locale(likely)[2] if likely else None) or "Latn"


def _has_enough(locale_data: Mapping[str, Any]) -> bool:
    names = {section: len(locale_data.get(section, {})) for section in _NAMED}
    return (
        names["territories"] >= _LEAST_PLACES
        and names["languages"] >= _LEAST_LANGUAGES
        and sum(names.values()) >= _LEAST_NAMES
        and len(locale_data.get("months", {}).get("format", {}).get("wide", {})) == 12
        and len(locale_data.get("days", {}).get("format", {}).get("wide", {})) == 7
    )


def _share_equal(names: Mapping[Any, Any], english: Mapping[Any, Any]) -> float:
    pairs = list(_pairs(names, english))
    return sum(name == other for name, other in pairs) / max(1, len(pairs))


def _pairs(names: Mapping[Any, Any], english: Mapping[Any, Any]) -> Iterator[tuple[str, str | None]]:
    for key, name in names.items():
        if isinstance(name, Mapping):
            yield from _pairs(name, english.get(key, {}))
        else:
            yield name, english.get(key)


def _without(locale_data: Mapping[Any, Any], root: Mapping[Any, Any]) -> dict[Any, Any]:
    """`locale_data` without the strings that `root` has in the same place."""
    left = {}
    for key, value in locale_data.items():
        if isinstance(value, Mapping):
            left[key] = _without(value, root.get(key, {}))
        elif value != root.get(key):
            left[key] = value
    return left
