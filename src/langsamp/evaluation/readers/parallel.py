"""Reader of parallel text: files in two layouts. Nothing is skipped silently.

A reader lists its tags without opening a file, then reads one tag at a time, so that a damaged file costs one language.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from langsamp.artifacts import fingerprint
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.readers.layouts import Data
from langsamp.evaluation.readers.lines import read_lines
from langsamp.languages.tags import LangScript

ENGLISH = LangScript("eng", "Latn")

FEWEST = 10
"""Sentences below which top-10 accuracy says nothing."""

_TAG = "[a-z]{3}_[A-Z][a-z]{3}"
_STEM = re.compile(rf"(?:(?P<prefix>[a-z]+)\.)?(?:{ENGLISH}-(?P<after>{_TAG})|(?P<before>{_TAG})-{ENGLISH})")

_ORIGIN = {
    "bible": "They hold Bible verses; many translations may not be passed on, free ones are on eBible.org.",
    "tatoeba": "They hold Tatoeba sentences, as in the folder data/tatoeba/v1 of the LASER repository.",
}


@dataclass(frozen=True, kw_only=True)
class ParallelText:
    """English sentences and their translations into one tag: item i of both sides says the same."""

    tag: LangScript
    english: tuple[str, ...]
    target: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    """What was left out of it, and what else a reader of the scores should know."""

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
        blank = f"{blanks} of {len(self.target)} items have a blank side and count all the same"
        return (*self.remarks, *([blank] if blanks else []))


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

    notes: Sequence[str] = ()

    def __init__(self, pairs: Mapping[LangScript, Path]) -> None:
        """Take `pairs`: for each tag the common path of its two files, to which `.eng_Latn` or `.<tag>` is added."""
        self._pairs = dict(sorted(pairs.items()))

    @classmethod
    def find(cls, prefix: str, data: Data) -> "PairFiles":
        """The pairs of task `sr-<prefix>` in `data` or a folder directly below it.

        Two layouts are known: `sr_<prefix>/<a>-<b>.<side>` with English as a or b, and the original evaluation's
        `<prefix>.<tag>-eng_Latn.<side>` in a folder of any name.

        Raises:
            DataMissingError: where there is none, telling where the text comes from and how to lay it out.
            UserError: where one tag has two pairs.
        """
        pairs: dict[LangScript, Path] = {}
        for folder in _folders(data):
            for path in sorted(folder.iterdir()):
                tag = _target(path, prefix)
                if tag is None:
                    continue
                pair = path.with_name(path.stem)
                if pairs.setdefault(tag, pair) != pair:
                    raise UserError(f"{tag} has two texts for sr-{prefix}: {pairs[tag]}.* and {pair}.*; keep one")
        if not pairs:
            raise DataMissingError(_missing(prefix, data))
        return cls(pairs)

    @property
    def tags(self) -> Sequence[LangScript]:
        """The target languages with at least one file of their pair."""
        return list(self._pairs)

    def read(self, tag: LangScript) -> ParallelText:
        """The two files of `tag`.

        Raises:
            UserError: where one is absent or no UTF-8, where they differ in length or hold too few lines.
        """
        pair = self._pairs[tag]
        english, target = (_lines(pair.with_name(f"{pair.name}.{side}")) for side in (ENGLISH, tag))
        return ParallelText(tag=tag, english=english, target=target)


def open_parallel(prefix: str, data: Data) -> ParallelReader:
    """The reader of task `sr-<prefix>`: files in `data`, or for `tatoeba` its copy on the hub.

    Raises:
        DataMissingError: where there is none, telling where the text comes from and how to lay it out.
        UserError: where one tag has two pairs.
    """
    if data == "hub" and prefix == "tatoeba":
        from langsamp.evaluation.readers.hub_tasks import hub_tatoeba

        return hub_tatoeba()
    return PairFiles.find(prefix, data)


def _folders(data: Data) -> list[Path]:
    if not isinstance(data, Path) or not data.is_dir():
        return []
    return [data, *sorted(path for path in data.iterdir() if path.is_dir())]


def _target(path: Path, prefix: str) -> LangScript | None:
    """The target tag of a file of task `sr-<prefix>`, None for any other file."""
    found = _STEM.fullmatch(path.stem)
    if found is None or not path.is_file() or found["prefix"] not in (None, prefix):
        return None
    if found["prefix"] is None and path.parent.name != f"sr_{prefix}":
        return None
    tag = found["after"] or found["before"]
    return LangScript.parse(tag) if path.suffix in (f".{tag}", f".{ENGLISH}") and tag != str(ENGLISH) else None


def _lines(path: Path) -> tuple[str, ...]:
    """The lines of a file without surrounding white space; blank ones are kept."""
    if not path.exists():
        raise UserError(f"{path} is missing, though the other file of its pair is there; put it back")
    return tuple(line.strip() for line in read_lines(path))


def _missing(prefix: str, data: Data) -> str:
    if isinstance(data, Path):
        looked = f"0 languages were found in {data} and the folders in it"
    else:
        looked = "the hub has no copy of it" if data else "no data folder was given"
    pair = f"<tag>-{ENGLISH}"
    return (
        f"sr-{prefix} needs pairs of files of parallel lines, but {looked}. {_ORIGIN[prefix]} Name each pair "
        f"{prefix}.{pair}.<tag> and {prefix}.{pair}.{ENGLISH}, or put it as {pair}.<tag> and {pair}.{ENGLISH} into a "
        f"folder sr_{prefix}; then give the folder above as `data`"
    )
