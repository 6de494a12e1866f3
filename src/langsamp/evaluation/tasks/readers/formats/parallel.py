"""Reader of parallel text in pairs of files. Nothing is skipped silently.

A reader lists its tags without opening a file, then reads one tag at a time, so that a damaged file costs one language.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.data.text.tag_names import tag_named
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.formats.layouts import Data
from langsamp.evaluation.tasks.readers.formats.lines import read_lines
from langsamp.evaluation.tasks.readers.formats.pairs import Accepts, Pair, find_pairs
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint

ENGLISH = LangScript("eng", "Latn")

FEWEST = 10
"""Sentences below which top-10 accuracy says nothing."""

_ORIGIN = {
    "bible": "The text is Bible verses; many translations may not be passed on, free ones are on eBible.org.",
    "tatoeba": "The text is Tatoeba sentences, as in the folder data/tatoeba/v1 of the LASER repository, whose names "
    "(tatoeba.<code>-eng.<code>) are read too, and in mteb/tatoeba-bitext-mining on the hub.",
}
_PAIR = f"<tag>-{ENGLISH}"


@dataclass(frozen=True, kw_only=True)
class ParallelText:
    """English sentences and their translations into one tag: item i of both sides says the same."""

    tag: LangScript
    english: tuple[str, ...]
    target: tuple[str, ...]
    remarks: tuple[str, ...] = field(default=(), compare=False)
    """What was left out of it, with file and line, and what else a reader of the scores should know."""

    def __post_init__(self) -> None:
        """Check the sides.

        Raises:
            UserError: where they differ in length or have fewer than ten sentences.
        """
        if len(self.english) != len(self.target):
            raise UserError(
                f"{self.tag}: expected as many English lines as {self.tag} lines, got {len(self.english)} and "
                f"{len(self.target)}; line i of one file must translate line i of the other"
            )
        if len(self.target) < FEWEST:
            raise UserError(f"{self.tag}: expected at least {FEWEST} sentences, got {len(self.target)}; add sentences")

    @cached_property
    def revision(self) -> str:
        """Name of the content: changes with any character of either side, not with file names."""
        return fingerprint([self.english, self.target])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores should know of this text: blank items stay, because line i answers to line i."""
        blanks = sum(not (english and target) for english, target in zip(self.english, self.target, strict=True))
        counted = f"{blanks} of {len(self.target)} items have a blank side and count all the same"
        return (*self.remarks, *([counted] if blanks else []))


class ParallelReader(Protocol):
    """Where a retrieval task's text comes from."""

    @property
    def tags(self) -> Sequence[LangScript]:
        """The target languages that are there, sorted, English left out."""

    @property
    def notes(self) -> Sequence[str]:
        """What lies there and was left out, with the reason."""

    def read(self, tag: LangScript) -> ParallelText:
        """The text of one of `tags`.

        Raises:
            UserError: where it cannot be used, saying why.
        """


class PairFiles:
    """Parallel lines in pairs of files, one pair a tag."""

    def __init__(self, pairs: Mapping[LangScript, Sequence[Pair]], *, notes: Iterable[str] = ()) -> None:
        """Take the pairs of each tag, of which there should be one, and the notes that finding them left."""
        self._pairs = dict(sorted(pairs.items()))
        self.notes: Sequence[str] = tuple(notes)

    @classmethod
    def find(cls, prefix: str, data: Data) -> "PairFiles":
        """The pairs of task `sr-<prefix>` in `data` or a folder directly below it.

        Known are `<prefix>.<a>-<b>.<side>` in a folder of any name, as in the original evaluation and in LASER, and
        `<a>-<b>.<side>` in a folder `sr_<prefix>` or `<prefix>`, as XTREME makes it; English is a or b.

        Raises:
            DataMissingError: where there is none, telling where the text comes from and how to lay it out.
        """
        homes = (f"sr_{prefix}", f"sr-{prefix}", prefix)

        def accepts(path: Path, named: str | None) -> bool:
            return path.parent.name.lower() in homes if named is None else named.lower() == prefix

        data_folders = cls.in_folders(_folders(data), accepts)
        if not data_folders.tags:
            raise DataMissingError(_missing(prefix, data))
        return data_folders

    @classmethod
    def in_folders(cls, folders: Iterable[Path], accepts: Accepts) -> "PairFiles":
        """The pairs of files in some folders, of those that `accepts` takes."""
        notes: list[str] = []
        return cls(find_pairs(folders, accepts, notes), notes=notes)

    @property
    def tags(self) -> Sequence[LangScript]:
        """The target languages with at least one file of their pair."""
        return list(self._pairs)

    def read(self, tag: LangScript) -> ParallelText:
        """The two files of `tag`; a pair of lines of which one is no UTF-8 is left out and noted.

        Raises:
            UserError: where one is absent, where they differ in length or hold too few lines, where more lines cannot
                be read than may be left out, and where the tag has two pairs.
        """
        pair, *others = self._pairs[tag]
        if others:
            raise UserError(f"{tag} has two texts: {pair.target} and {others[0].target}; keep one")
        english, target = (_lines(path) for path in pair)
        if len(english) != len(target):
            return ParallelText(tag=tag, english=tuple(english), target=tuple(target))  # which tells the lengths
        return paired(tag, english, target)


def paired(tag: LangScript, english: Sequence[str], target: Sequence[str]) -> ParallelText:
    """The text of two sides of one length; a pair of which one side is an `OddRow` is left out and noted.

    Pairs at the end that are blank on both sides are line ends, and no items.

    Raises:
        UserError: where more are odd than may be left out, and where too few are left.
    """
    odd = OddRows("pairs of lines")
    kept: list[tuple[str, str]] = []
    for sides in zip(english, target, strict=True):
        if wrong := [side for side in sides if isinstance(side, OddRow)]:
            odd.add(wrong[0])
        else:
            kept.append((sides[0].strip(), sides[1].strip()))
    while kept and kept[-1] == ("", ""):
        kept.pop()
    return ParallelText(
        tag=tag,
        english=tuple(side for side, _ in kept),
        target=tuple(side for _, side in kept),
        remarks=tuple(odd.notes(len(target))),
    )


def pairs_origin(prefix: str) -> str:
    """Where the text of task `sr-<prefix>` comes from, and how to lay it out."""
    return (
        f"Line i of one file of a pair translates line i of the other. {_ORIGIN[prefix]} Name each pair "
        f"{prefix}.{_PAIR}.<tag> and {prefix}.{_PAIR}.{ENGLISH}, or put it as "
        f"{_PAIR}.<tag> and {_PAIR}.{ENGLISH} into a folder sr_{prefix}; then give the folder above as `data`"
    )


def _folders(data: Data) -> list[Path]:
    if not isinstance(data, Path) or not data.is_dir():
        return []
    return [data, *sorted(path for path in data.iterdir() if path.is_dir())]


def _lines(path: Path) -> list[str]:
    """The lines of a file; blank ones are kept."""
    if not path.exists():
        raise UserError(f"{path} is missing, though the other file of its pair is there; put it back")
    return read_lines(path)


def _missing(prefix: str, data: Data) -> str:
    if isinstance(data, Path):
        looked = f"0 languages were found in {data} and the folders in it"
    else:
        looked = "the hub has no copy of it" if data else "no data folder was given"
    single = sorted(path for folder in _folders(data) for path in folder.iterdir() if _is_single(path))
    if single:
        looked += f"; {single[0].name} is one file for one language, which is no pair"
    return f"sr-{prefix} needs pairs of files of parallel lines, but {looked}. {pairs_origin(prefix)}"


def _is_single(path: Path) -> bool:
    """Whether a file is named by one tag, as in FLORES (`swh_Latn.dev`), which is another data set."""
    return path.is_file() and tag_named(path.name.partition(".")[0]) is not None
