"""Find languages by what people call them: name, code, script, family or area; and by the exact name in selectors."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from langsamp.languages.table import LanguageInfo, describe, tags
from langsamp.languages.tags import LangScript

_REMARK = re.compile(r"\s*\([^)]*\)")
_CLOSE = 0.8
"""Similarity from which a misspelt name counts as found."""


def search(query: str, *, among: Iterable[LangScript] | None = None) -> list[LanguageInfo]:
    """The tags that `query` may mean, best first; small letters, accents and punctuation do not matter.

    In this order: the tag, its code (two letters too) or its whole name; its macrolanguage, script, family (code or
    name) or area; the beginning of a name; a part of a name. Misspelt names are tried only if nothing else fits.

    Args:
        query: what the user typed.
        among: the tags to search; the whole table by default.
    """
    wanted = fold(query)
    if not wanted:
        return []
    known = [describe(tag) for tag in (tags() if among is None else among)]
    ranks = {info: rank for info in known if (rank := _rank(wanted, info)) is not None} or _misspelt(wanted, known)
    return sorted(ranks, key=lambda info: (ranks[info], not info.is_head, info.tag))


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


def _rank(wanted: str, info: LanguageInfo) -> int | None:
    names = _names(info)
    if wanted in {fold(str(info.tag)), info.tag.language, info.two_letter} | names:
        return 0
    if wanted in {info.macrolanguage, info.tag.script.casefold(), fold(info.script_name), info.family}:
        return 1
    if wanted in {fold(home) for home in (info.family_name, info.area) if home}:
        return 1
    if any(name.startswith(wanted) for name in names):
        return 2
    return 3 if len(wanted) > 2 and any(wanted in name for name in names) else None


def _misspelt(wanted: str, known: list[LanguageInfo]) -> dict[LanguageInfo, int]:
    close = get_close_matches(wanted, {name for info in known for name in _names(info)}, n=10, cutoff=_CLOSE)
    found = {info: [rank for rank, name in enumerate(close) if name in _names(info)] for info in known}
    return {info: min(ranks) for info, ranks in found.items() if ranks}


@cache
def _names(info: LanguageInfo) -> frozenset[str]:
    return frozenset(fold(name) for full in (info.name, *info.other_names) for name in (full, _REMARK.sub("", full)))
