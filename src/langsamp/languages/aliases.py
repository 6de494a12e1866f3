"""One language under two codes: which tags of different data mean the same text, and which of them to take.

Data sets disagree on codes: `ara_Arab` in WikiANN and Universal Dependencies is `arb_Arab` in SIB-200 and in Bibles.
A macrolanguage is an alias of the member that data mean by it: its standard variety, the one most written, or else the
one that CLDR replaces by it. So every macrolanguage is here for which there is one such member.

All but three are replacements that CLDR itself makes (`languageAlias`). The three: CLDR's `no` is Bokmål, as that of
Wikipedia and so of WikiANN is; FLORES-200 and with it SIB-200 write Pashto as `pbt` and Quechua as `quy`.

What is left out, since nothing says which member is meant, or both occur as different languages in one task: `ber` and
`kab`, `nah` and `nhe`, `hmn` and `hnj`, `ful` and `fuv`, `man` of which CLDR replaces two members, `hbs` and its four
standards, and retired codes such as `ajp`, merged into `apc`. An alias says nothing of vectors: `ara` and `arb` keep
their own rows in the conditioning tables.
"""

import re
from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from langsamp.languages.table import describe, scripts
from langsamp.languages.tags import LangScript

_STANDARD = "macrolanguage and its standard variety"
_MOST_WRITTEN = "macrolanguage and its most written member"
_OF_CLDR = "macrolanguage and the member that CLDR replaces by it"


class LanguageAlias(NamedTuple):
    """Two codes that data use for one language."""

    code: str
    other: str
    """For a macrolanguage `code`, the member."""
    relation: str
    scripts: frozenset[str] = frozenset()
    """The scripts in which it holds; all where empty."""


def _members(pairs: str, relation: str, *, written_in: str = "") -> list[LanguageAlias]:
    split = (pair.split("/") for pair in pairs.split())
    return [LanguageAlias(code, other, relation, frozenset(written_in.split())) for code, other in split]


ALIASES: tuple[LanguageAlias, ...] = (
    *_members("ara/arb bik/bcl est/ekk fas/pes lav/lvs mlg/plt msa/zsm nep/npi ori/ory", _STANDARD),
    *_members("sqi/als swa/swh yid/ydd zha/zyb zho/cmn", _STANDARD),
    *_members("aze/azj uzb/uzn", _STANDARD, written_in="Latn Cyrl"),  # in Arabic script: azb, uzs
    *_members("mon/khk", _STANDARD, written_in="Cyrl"),  # in Mongolian script: mvf
    *_members("aka/twi aym/ayr grn/gug kok/gom kon/kng nor/nob orm/gaz srd/src", _MOST_WRITTEN),
    *_members("iku/ike", _MOST_WRITTEN, written_in="Cans"),  # in Latin script: ikt
    *_members("kur/kmr", _MOST_WRITTEN, written_in="Latn Cyrl"),  # in Arabic script: ckb
    *_members("pus/pbu pus/pbt que/quz que/quy", "macrolanguage and a member that data use for it"),
    *_members("bal/bcc bnc/lbk bua/bxr chm/mhr cre/cwd del/umu den/xsl din/dik doi/dgo gba/gya", _OF_CLDR),
    *_members("gon/gno grb/gbo hai/hdn ipk/esk jrb/aju kau/knc kln/spy kom/kpv kpe/xpe lah/pnb", _OF_CLDR),
    *_members("luy/bxk mwr/dhd oji/ojg raj/mup rom/rmy syr/cld tmh/ttq zap/zai zza/diq", _OF_CLDR),
    LanguageAlias("tgl", "fil", "language and its standard form"),
)

_SCRIPT_FORMS = {"Hani": ("Hans", "Hant")}
"""Scripts that ISO 15924 gives one code for all forms; the forms themselves are not aliases of each other."""


def match(wanted: Collection[LangScript], among: Collection[LangScript]) -> dict[LangScript, LangScript]:
    """For each wanted tag the one of `among` that means the same: itself, else its alias.

    Tags that have neither are left out. An alias is taken where there is just one and it is not wanted itself: a tag
    with two of them in `among`, or one whose alias is that of two wanted tags, gets none. So the result is one to one,
    no order matters to it, and `match(b, a)` is its inverse. It is sorted as `wanted` is.
    """
    left, right = frozenset(wanted), frozenset(among)
    partner = {tag: tag if tag in right else _only(aliases(tag) & right) for tag in dict.fromkeys(wanted)}
    return {
        tag: other
        for tag, other in partner.items()
        if other is not None and (other == tag or (other not in left and _only(aliases(other) & left) == tag))
    }


def _only(candidates: frozenset[LangScript]) -> LangScript | None:
    return next(iter(candidates)) if len(candidates) == 1 else None


@cache
def aliases(tag: LangScript) -> frozenset[LangScript]:
    """Every other tag that data may use for the language and script of `tag`."""
    languages = {tag.language, *(code for code, _ in _language_aliases(tag))}
    written = {tag.script, *_script_aliases(tag.script)}
    return frozenset(LangScript(code, script) for code in languages for script in written) - {tag}


def describe_use(wanted: LangScript, taken: LangScript) -> str:
    """One sentence on an alias that was taken, for the record of a run: `ara_Arab is scored as arb_Arab (Arabic: ...)`.

    Says the same of a tag with another, which is either of `aliases`, whichever of the two was wanted.
    """
    assert taken in aliases(wanted), f"{wanted} and {taken} are no aliases"
    why = [relation for code, relation in _language_aliases(wanted) if code == taken.language]
    if wanted.script != taken.script:
        whole, form = sorted((wanted.script, taken.script), key=lambda script: script not in _SCRIPT_FORMS)
        why.append(f"script {scripts()[whole]} and its form {scripts()[form]}")
    broader = taken if describe(wanted).macrolanguage == taken.language else wanted
    name = re.sub(r" \([^)]*\)", "", describe(broader).name)
    return f"{wanted} is scored as {taken} ({name}: {'; '.join(why)})"


def _language_aliases(tag: LangScript) -> list[tuple[str, str]]:
    """Other codes for the language of `tag` in its script, with the relation between the two."""
    return [
        (alias.other if alias.code == tag.language else alias.code, alias.relation)
        for alias in ALIASES
        if tag.language in (alias.code, alias.other) and (not alias.scripts or tag.script in alias.scripts)
    ]


def _script_aliases(script: str) -> tuple[str, ...]:
    return _SCRIPT_FORMS.get(script, ()) + tuple(whole for whole, forms in _SCRIPT_FORMS.items() if script in forms)
