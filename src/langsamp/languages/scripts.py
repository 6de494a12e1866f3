"""Which scripts a text is written in: counts of letters by script, for checking a corpus against its tags.

Scripts are those of the Unicode script property under their ISO 15924 codes. Some codes of ISO 15924 stand for several
of them or for a variant that Unicode does not tell apart (`COMPOSED`); such a code is compared as what it is made of.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache

COMPOSED: dict[str, frozenset[str]] = {
    "Aran": frozenset({"Arab"}),
    "Cyrs": frozenset({"Cyrl"}),
    "Geok": frozenset({"Geor"}),
    "Hanb": frozenset({"Hani", "Bopo"}),
    "Hang": frozenset({"Hang", "Hani"}),  # Korean text may carry hanja
    "Hani": frozenset({"Hani", "Bopo"}),
    "Hans": frozenset({"Hani", "Bopo"}),
    "Hant": frozenset({"Hani", "Bopo"}),
    "Hrkt": frozenset({"Hira", "Kana"}),
    "Jamo": frozenset({"Hang"}),
    "Jpan": frozenset({"Hira", "Kana", "Hani"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Latf": frozenset({"Latn"}),
    "Latg": frozenset({"Latn"}),
    "Syre": frozenset({"Syrc"}),
    "Syrj": frozenset({"Syrc"}),
    "Syrn": frozenset({"Syrc"}),
}
"""Codes of ISO 15924 and the Unicode scripts they are written in, where that is not the same code alone."""

WITHOUT_SPACES = frozenset({
    "Ahom", "Bopo", "Hanb", "Hani", "Hans", "Hant", "Hira", "Hrkt", "Jpan", "Kana", "Khmr", "Lana", "Laoo", "Mymr",
    "Tale", "Talu", "Tavt", "Thai", "Tibt", "Yiii",
})  # fmt: skip
"""Scripts that put no spaces between words: line-breaking classes ID and SA of Unicode (UAX #14), and Tibetan."""

_OF_SYMBOLS = frozenset({"Brai", "Sgnw"})
"""Scripts whose letters Unicode files under symbols: Braille and SignWriting."""
_BLANK_BRAILLE = "\u2800"

_JAPANESE_KANA = 0.1
"""Share of kana among kana and Han letters from which Han counts as Japanese; a few kana occur in Chinese text."""


def letters_by_script(text: str) -> Counter[str]:
    """Number of letters and combining marks of each Unicode script; characters shared by many scripts are left out.

    In Braille and SignWriting the patterns and signs are the letters.
    """
    counts: Counter[str] = Counter()
    for character, number in Counter(text).items():
        if script := _script_of(character):
            counts[script] += number
    return counts


def share_in_script(counts: Mapping[str, int], script: str) -> float:
    """Share of the counted letters that belong to an ISO 15924 script, in [0, 1]; 0 where no letter was counted."""
    parts = COMPOSED.get(script, frozenset({script}))
    return sum(counts.get(part, 0) for part in parts) / (sum(counts.values()) or 1)


def likely_script(counts: Mapping[str, int]) -> str | None:
    """ISO 15924 code of the script most letters are in; None where no letter was counted.

    Kana gives `Jpan`, together with the Han letters beside it; Han letters alone give `Hani`, since simplified and
    traditional characters are one script in Unicode.
    """
    totals = Counter(counts)
    kana = totals.pop("Hira", 0) + totals.pop("Kana", 0)
    if kana:
        is_japanese = kana >= _JAPANESE_KANA * (kana + totals["Hani"])
        totals["Jpan"] = kana + (totals.pop("Hani", 0) if is_japanese else 0)
    return min(totals, key=lambda script: (-totals[script], script)) if totals.total() else None


@cache
def _script_of(character: str) -> str | None:
    from fontTools import unicodedata

    script = str(unicodedata.script(character))
    if script in ("Zyyy", "Zinh", "Zzzz") or character == _BLANK_BRAILLE:
        return None
    return script if unicodedata.category(character)[0] in "LM" or script in _OF_SYMBOLS else None
