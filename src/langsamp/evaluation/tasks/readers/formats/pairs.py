"""Finding pairs of parallel files by their names: `[<task>.]<a>-<b>.<side>`, English being a or b.

Languages are named by tags in any spelling (`swh_Latn`, `swh-Latn`) or by codes (`swh`, `sw`), as in Tatoeba's files of
LASER (`tatoeba.swh-eng.eng`) and XTREME (`sw-en.en`); the script of a code is told by the text.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from langsamp.data.text.formats import plain_name
from langsamp.data.text.tag_names import language_named, tag_named
from langsamp.evaluation.tasks.readers.formats.layouts import tag_by_text
from langsamp.languages.tags import LangScript

_SIDE = "[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?"
_NAME = re.compile(rf"(?:(?P<prefix>[A-Za-z]+)\.)?(?P<first>{_SIDE})-(?P<second>{_SIDE})\.(?P<side>{_SIDE})")
_ENGLISH = LangScript("eng", "Latn")

Accepts = Callable[[Path, str | None], bool]
"""Whether a file is of the task, by its place and by what stands before the first dot of its name."""


class Pair(NamedTuple):
    """Two files of parallel lines; one of them may be absent."""

    english: Path
    target: Path


class _Side(NamedTuple):
    """A file with parallel lines, and what its name says of its pair."""

    path: Path
    is_english: bool
    language: str
    """What the name calls the language that is not English."""
    beside: Path
    """The other file of the pair."""


def find_pairs(folders: Iterable[Path], accepts: Accepts, notes: list[str]) -> dict[LangScript, list[Pair]]:
    """The pairs of each target tag, sorted; `notes` gets a line on each that has no tag."""
    pairs: dict[LangScript, list[Pair]] = {}
    for folder in folders:
        there: dict[Pair, str] = {}
        for path in sorted(each for each in folder.iterdir() if each.is_file()):
            if side := _side(path, accepts):
                pair = Pair(path, side.beside) if side.is_english else Pair(side.beside, path)
                there.setdefault(pair, side.language)
        for pair, language in there.items():
            if tag := _tag(language, pair, notes):
                pairs.setdefault(tag, []).append(pair)
    return dict(sorted(pairs.items()))


def _side(path: Path, accepts: Accepts) -> _Side | None:
    name = plain_name(path)
    match = _NAME.fullmatch(name)
    if match is None or not accepts(path, match["prefix"]):
        return None
    first, second, side = match["first"], match["second"], match["side"]
    if _is_english(first) == _is_english(second) or side.lower() not in (first.lower(), second.lower()):
        return None
    other = second if side.lower() == first.lower() else first
    beside = path.with_name(name[: -len(side)] + other + path.name[len(name) :])
    return _Side(path, _is_english(side), first if _is_english(second) else second, _there(beside))


def _there(path: Path) -> Path:
    """The file itself, or one of its name in another case or compressed otherwise, where that is there."""
    if path.is_file():
        return path
    same = [each for each in sorted(path.parent.iterdir()) if plain_name(each).lower() == plain_name(path).lower()]
    return same[0] if same else path


def _is_english(side: str) -> bool:
    return tag_named(side) == _ENGLISH or language_named(side) == _ENGLISH.language


def _tag(language: str, pair: Pair, notes: list[str]) -> LangScript | None:
    if tag := tag_named(language):
        return tag
    if not pair.target.is_file():
        notes.append(f"{pair.english} is left out: the other file of its pair, {pair.target.name}, is missing")
        return None
    return tag_by_text(language, [pair.target], lambda line: line, notes)
