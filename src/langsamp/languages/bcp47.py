"""BCP 47: what a code as browsers, CLDR and operating systems write it (`pt-BR`, `zh_Hant_TW`, `iw`) is as a tag.

Regions are no part of a tag; where no script is written they decide it, as CLDR's likely subtags say (`zh-TW` is
written in Hant). Codes that were registered whole before there were subtags (`i-lux`, `zh-min-nan`) are read as the
registry replaces them. Source: RFC 5646 (section 2.2.8) and its registry, CLDR through Babel.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from langsamp.languages import codes

_VARIANTS = (
    "akuapem|arevela|arevmda|asante|baku1926|biske|ekavsk|fonipa|fonupa|hepburn|ijekavsk|jyutping|monoton|nedis|oxendict|pinyin|polyton|"
    "rozaj|scotland|solba|tarask|tongyong|uccor|ulster|unifon|valencia|wadegile"
)
"""Those that occur; any word of their length would take `mon-khmer` for Mongolian."""
_SHAPE = re.compile(
    r"(?P<language>[a-z]{2,3})"
    r"(?:[-_](?P<extended>[a-z]{3}))?"  # zh-yue
    r"(?:[-_](?P<script>[a-z]{4}))?"
    r"(?:[-_](?P<region>[a-z]{2}|\d{3}))?"
    rf"(?:[-_](?:{_VARIANTS}|\d[a-z0-9]{{3}}|[a-z0-9][-_][a-z0-9-_]+))*"  # variants and extensions
    r"(?:\.[a-z0-9-]+)?(?:@(?P<modifier>[a-z]+))?",  # sr_RS.UTF-8@latin, as POSIX writes it
    re.IGNORECASE,
)
_WHOLE: dict[str, str] = {
    "art-lojban": "jbo", "cel-gaulish": "xtg", "en-gb-oed": "eng", "i-ami": "ami", "i-bnn": "bnn", "i-hak": "hak",
    "i-klingon": "tlh", "i-lux": "ltz", "i-navajo": "nav", "i-pwn": "pwn", "i-tao": "tao", "i-tay": "tay",
    "i-tsu": "tsu", "no-bok": "nob", "no-nyn": "nno", "zh-guoyu": "cmn", "zh-hakka": "hak", "zh-min": "nan",
    "zh-min-nan": "nan", "zh-xiang": "hsn",
    "sgn-be-fr": "sfb", "sgn-be-nl": "vgt", "sgn-br": "bzs", "sgn-ch-de": "sgg", "sgn-co": "csn", "sgn-de": "gsg",
    "sgn-dk": "dsl", "sgn-es": "ssp", "sgn-fr": "fsl", "sgn-gb": "bfi", "sgn-gr": "gss", "sgn-ie": "isg",
    "sgn-it": "ise", "sgn-jp": "jsl", "sgn-mx": "mfs", "sgn-ni": "ncs", "sgn-nl": "dse", "sgn-no": "nsl",
    "sgn-pt": "psr", "sgn-se": "swl", "sgn-us": "ase", "sgn-za": "sfs",
}  # fmt: skip
"""Codes registered whole, and what replaces them. Two of them the registry replaces by nothing: `zh-min` is mostly
used for Min Nan, and Gaulish is `xtg` north of the Alps, where most of it is from."""
WIKIPEDIA: dict[str, str] = {
    "bat-smg": "sgs", "cbk-zam": "cbk", "fiu-vro": "vro", "roa-rup": "rup", "zh-classical": "lzh"
}  # fmt: skip
"""Names of Wikipedias that look like codes and are none: what follows the first part is no part of BCP 47."""
_SECOND_WIKIPEDIA: dict[str, str] = {
    "be-x-old": "bel", "map-bms": "jav", "nds-nl": "nds", "roa-tara": "nap", "simple": "eng"
}  # fmt: skip
"""The same of Wikipedias in a variety of a language that has another one, or none of its own code."""
_MODIFIERS = {"latin": "Latn", "cyrillic": "Cyrl", "devanagari": "Deva"}


class Subtags(NamedTuple):
    """What such a code says of a tag."""

    language: str
    """ISO 639-3."""
    script: str | None
    """ISO 15924, written or, by CLDR, usual for language and region; None where CLDR does not know the language."""


def read(code: str) -> Subtags | None:
    """Language and script of a BCP 47 code; None for any other string, and for a language that does not exist."""
    plain = code.replace("_", "-").casefold()
    if whole := (_WHOLE | WIKIPEDIA | _SECOND_WIKIPEDIA).get(plain):
        return Subtags(whole, _usual_script(whole, whole, None))
    match = _SHAPE.fullmatch(code)
    if match is None:
        return None
    whole, extended = ((subtag or "").casefold() for subtag in match.group("language", "extended"))
    if extended and not _is_within(extended, whole):
        return None
    short = extended or whole
    language = codes.three_letter(short) or (short if codes.look_up(short) else None)
    if language is None:
        return None
    script = match["script"] or _MODIFIERS.get((match["modifier"] or "").casefold())
    return Subtags(language, script.capitalize() if script else _usual_script(language, short, match["region"]))


def _is_within(extended: str, language: str) -> bool:
    """Whether a language may follow its macrolanguage (`zh-yue`) or the sign languages (`sgn-ase`); no other may."""
    entry = codes.look_up(extended)
    return language == "sgn" or (entry is not None and entry.macrolanguage in (language, codes.three_letter(language)))


def _usual_script(language: str, short: str, region: str | None) -> str | None:
    """The script in which a language is usually written, in a region or anywhere."""
    from babel.core import get_global

    likely: Mapping[str, str] = get_global("likely_subtags")
    names = (codes.two_letter(language), short, language)
    at = [f"_{region.upper()}", ""] if region else [""]
    for name in (f"{name}{end}" for end in at for name in names if name):
        parts = [part for part in likely.get(name, "").split("_")[1:] if len(part) == 4 and part.isalpha()]
        if parts:
            return "Hang" if parts[0] == "Kore" else parts[0]  # Korean's tag in all data
    return None
