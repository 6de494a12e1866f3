"""Readers of parallel text: files in two layouts, and the embedded data. Nothing is skipped silently.

A reader lists its tags without opening a file, then reads one tag at a time, so that a damaged file costs one language.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

from langsamp.artifacts import fingerprint
from langsamp.errors import DataMissingError, UserError
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
        return (f"{blanks} of {len(self.target)} items have a blank side and count all the same",) if blanks else ()


class ParallelReader(Protocol):
    """Where a retrieval task's text comes from."""

    @property
    def tags(self) -> Sequence[LangScript]:
        """The target languages that are there, sorted, English left out."""

    def read(self, tag: LangScript) -> ParallelText:
        """The text of one of `tags`.

        Raises:
            UserError: where it cannot be used, saying why.
        """


class PairFiles:
    """Parallel lines in pairs of files, one pair a tag."""

    def __init__(self, pairs: Mapping[LangScript, Path]) -> None:
        """Take `pairs`: for each tag the common path of its two files, to which `.eng_Latn` or `.<tag>` is added."""
        self._pairs = dict(sorted(pairs.items()))

    @classmethod
    def find(cls, prefix: str, data: Path | None) -> "PairFiles":
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


class CldrPairs:
    """Parallel sentences of the embedded corpus, none of them in its training text."""

    def __init__(self, *, seed: int) -> None:
        """Take the seed that chooses the sentences."""
        self._seed = seed

    @property
    def tags(self) -> Sequence[LangScript]:
        """Every tag of the embedded corpus but English."""
        from langsamp.data.cldr.corpus import CldrCorpus

        return sorted(tag for tag in CldrCorpus().tags if tag != ENGLISH)

    def read(self, tag: LangScript) -> ParallelText:
        """The sentences of `tag` beside the English ones."""
        return _cldr_pair(tag, self._seed)


@cache
def _cldr_pair(tag: LangScript, seed: int) -> ParallelText:
    """Sentences chosen for one tag: from names least like the English ones, which differ between languages.

    Names that all tags have are mostly places that all of Latin script write alike: letters alone would find them.
    """
    from langsamp.data.cldr.tasks import retrieval_items

    items = retrieval_items([ENGLISH, tag], seed=seed)
    return ParallelText(tag=tag, english=tuple(items[ENGLISH]), target=tuple(items[tag]))


def _folders(data: Path | None) -> list[Path]:
    if data is None or not data.is_dir():
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
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path} is missing, though the other file of its pair is there; put it back") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: byte {error.object[error.start]:#04x} at offset {error.start} is no UTF-8; convert "
            "the file"
        ) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(line.strip() for line in (lines[:-1] if lines[-1] == "" else lines))


def _missing(prefix: str, data: Path | None) -> str:
    looked = "no data folder was given" if data is None else f"0 languages were found in {data} and the folders in it"
    pair = f"<tag>-{ENGLISH}"
    return (
        f"sr-{prefix} needs pairs of files of parallel lines, but {looked}. {_ORIGIN[prefix]} Name each pair "
        f"{prefix}.{pair}.<tag> and {prefix}.{pair}.{ENGLISH}, or put it as {pair}.<tag> and {pair}.{ENGLISH} into a "
        f"folder sr_{prefix}; then give the folder above as `data`"
    )
