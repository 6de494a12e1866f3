"""Words and their labels from text in which names are marked: how the tagging task gets its gold labels."""

import re
import unicodedata
from collections.abc import Iterator

_LABELS = {
    "place": "PLACE", "city": "PLACE", "language": "LANG", "currency": "CUR", "date": "DATE", "weekday": "DATE",
    "month": "DATE",
}  # fmt: skip
LABELS = tuple(dict.fromkeys(_LABELS.values()))
"""What a name can be."""

_OPEN = {label: chr(0xE000 + index) for index, label in enumerate(LABELS)}
_CLOSE = "\ue00f"
"""Marks are characters of the private use area, which no name of CLDR has."""

_CHUNK = re.compile("(?:([\ue000-\ue00e])([^\ue00f]*)\ue00f)|([^\ue000-\ue00f]+)")


def mark(kind: str, text: str) -> str:
    """`text` between marks that tell its label, if things of its kind have one."""
    return f"{_OPEN[_LABELS[kind]]}{text}{_CLOSE}" if kind in _LABELS else text


def words(marked: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a marked text and their BIO labels (`B-PLACE`, `I-PLACE`, `O`).

    Words end at white space, at punctuation around them and at marks; in a script without spaces a whole name, or all
    that stands between two names, is one word.
    """
    tokens: list[str] = []
    labels: list[str] = []
    for opening, name, other in _CHUNK.findall(marked):
        parts = list(_split(name or other))
        tokens += parts
        if opening:
            label = LABELS[ord(opening) - 0xE000]
            labels += [f"B-{label}", *[f"I-{label}"] * (len(parts) - 1)]
        else:
            labels += ["O"] * len(parts)
    return tuple(tokens), tuple(labels)


def _split(text: str) -> Iterator[str]:
    for word in text.split():
        start, end = 0, len(word)
        while start < end and _is_punctuation(word[start]):
            start += 1
        while end > start and _is_punctuation(word[end - 1]):
            end -= 1
        yield from word[:start]
        if start < end:
            yield word[start:end]
        yield from word[end:]


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character).startswith("P")
