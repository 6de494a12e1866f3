"""Find languages by what people call them: name, code, script, family or area; and by the exact name in selectors."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from langsamp.languages import bcp47, codes
from langsamp.languages.aliases import aliases
from langsamp.languages.everyday import SUBGROUPS, all_everyday_names, everyday_names
from langsamp.languages.table import LanguageInfo, describe, lineage, scripts, tags
from langsamp.languages.tags import LangScript

_REMARK = re.compile(r"\s*\([^)]*\)")
_CLOSE = 0.8
"""Similarity from which a misspelt name counts as found."""


def search(query: str, *, among: Iterable[LangScript] | None = None) -> list[LanguageInfo]:
    """The tags that `query` may mean, best first; small letters, accents and punctuation do not matter.

    In this order: the tag, its code (`pt`, BCP 47's `pt-BR` and withdrawn ones like `iw` too) or a whole name;
    its macrolanguage or another code for it (`aliases`), both by code or name, script, family (code or name), a group
    within one, or area;
    the beginning of a name; a part of a name. Misspelt names are tried only if nothing else fits. A BCP 47 code gives
    its tag also where the table has none of the language.

    Args:
        query: what the user typed.
        among: the tags to search; the whole table by default.
    """
    wanted = fold(query)
    if not wanted:
        return []
    known = [describe(tag) for tag in (tags() if among is None else among)]
    code = bcp47.read(query.strip())
    ranks = {info: rank for info in known if (rank := _rank(wanted, info, code)) is not None}
    if not ranks and among is None and code is not None and code.script in scripts():
        return [describe(LangScript(code.language, code.script))]
    entry = codes.look_up(wanted)
    if entry is not None and entry.scope == "special" and all(rank > 1 for rank in ranks.values()):
        return []  # `und` is no part of a name
    if not ranks and _called(query) is None:  # a language that the table lacks is no other one misspelt
        ranks = _misspelt(wanted, known)
    return sorted(ranks, key=lambda info: (ranks[info], not info.is_head, info.tag))


def hint(query: str) -> str:
    """What to do where `search` gives nothing: what ISO 639 knows of the code or name `query`, else how to search."""
    coded = bcp47.read(query.strip())
    code = coded.language if coded is not None else query.strip().casefold()
    language = codes.look_up(code) or _called(query)
    if language is None:
        return "try a part of its name, a code, a script or a family"
    name = f"ISO 639-3 has {language.code!r}, {language.name}"
    if language.retired:
        return f"{name}, which was retired {language.retired}"
    if language.scope in ("group", "special"):
        return f"{name}, which is not one language: look for the one that is meant"
    return f"{name}, but the table has no tag of it: write one with the script of your text, like {language.code}_Latn"


def named(name: str, among: Iterable[LangScript]) -> list[LangScript]:
    """The tags of the languages that are called exactly `name`, apart from small letters, accents and punctuation.

    A name with its remark, `Swahili (individual language)`, is tried before the bare one and other names of ISO 639.
    """
    wanted = fold(name)
    known = [describe(tag) for tag in among]
    whole = [info.tag for info in known if fold(info.name) == wanted]
    return whole or [info.tag for info in known if wanted in _names(info)]


def fold(text: str) -> str:
    """`text` for comparison: no accents, no punctuation, small letters, single spaces."""
    letters = (c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] in "LNZ" or c in "-_")
    return " ".join(re.split(r"[-_\s]+", "".join(letters).casefold())).strip()


def _called(name: str) -> codes.LanguageCode | None:
    """The language of ISO 639-3 that is called exactly so, there or by people; the table may lack it."""
    wanted = fold(name)
    everyday = (code for code, names in all_everyday_names().items() if wanted in map(fold, names))
    return codes.called(name) or next((entry for code in everyday if (entry := codes.look_up(code))), None)


def _rank(wanted: str, info: LanguageInfo, code: bcp47.Subtags | None) -> int | None:
    names = _names(info)
    if wanted in {fold(str(info.tag)), info.tag.language, info.two_letter} | names or _is_coded(info.tag, code):
        return 0
    if wanted in _names_of_relatives(info.tag) or any(_is_coded(other, code) for other in aliases(info.tag)):
        return 1
    if wanted in {info.macrolanguage, info.tag.script.casefold(), fold(info.script_name), info.family}:
        return 1
    if wanted in _names_of_groups(info):
        return 1
    if any(name.startswith(wanted) for name in names):
        return 2
    return 3 if len(wanted) > 2 and any(wanted in name for name in names) else None


def _misspelt(wanted: str, known: list[LanguageInfo]) -> dict[LanguageInfo, int]:
    close = get_close_matches(wanted, {name for info in known for name in _names(info)}, n=10, cutoff=_CLOSE)
    ranks_of = {info: [rank for rank, name in enumerate(close) if name in _names(info)] for info in known}
    return {info: min(ranks) for info, ranks in ranks_of.items() if ranks}


def _is_coded(tag: LangScript, code: bcp47.Subtags | None) -> bool:
    """Whether `tag` is what a BCP 47 code says, in any script where it says none."""
    return code is not None and tag.language == code.language and code.script in (None, tag.script)


@cache
def _names(info: LanguageInfo) -> frozenset[str]:
    return _folded(info.name, *info.other_names, *everyday_names(info.tag.language))


@cache
def _names_of_relatives(tag: LangScript) -> frozenset[str]:
    """Names of the macrolanguage, and of other codes that data use for the same language."""
    others = {other.language for other in aliases(tag)} | {describe(tag).macrolanguage} - {tag.language}
    relatives = [entry for code in others if code is not None and (entry := codes.look_up(code))]
    return _folded(*(n for e in relatives for n in (e.name, *e.other_names, *everyday_names(e.code))))


@cache
def _names_of_groups(info: LanguageInfo) -> frozenset[str]:
    """Of the area, the family and the groups within it, also with the word `languages`."""
    nodes = lineage(info.tag.language)
    groups = [name for name, node in SUBGROUPS.items() if node in nodes]
    names = {fold(home) for home in (info.family_name, info.area, *groups) if home}
    return frozenset(names | {f"{name} languages" for name in names})


def _folded(*names: str) -> frozenset[str]:
    """Names for comparison, with their remarks and without."""
    return frozenset(fold(name) for full in names for name in (full, _REMARK.sub("", full)))
