"""Reader of labelled files: each split of each tag is one file, or several that are read one after the other.

Which files belong to which tag is found by the layouts (`layouts.py` and the tasks' own); here they are read, one tag
at a time, so that a damaged file costs one language.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Literal

from langsamp.errors import UserError, first_of
from langsamp.evaluation.tasks.examples import E, TrainAndDev
from langsamp.languages import table
from langsamp.languages.tags import LangScript

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")

FEWEST = 10
"""Items of a test set below which a score says little."""

_SHOWN = 12
"""At most this many tags are named in one message."""


@dataclass(frozen=True, kw_only=True)
class LabelledFiles(Generic[E]):
    """The files of one split of one tag, and how they are read."""

    tag: LangScript
    split: Split
    paths: tuple[Path, ...]
    parse: Callable[[LangScript, Sequence[Path]], E]
    """Raises UserError naming file and line."""


class SplitFiles(Generic[E]):
    """Labelled text in files, by tag and split."""

    def __init__(self, files: Iterable[LabelledFiles[E]], *, task: str, notes: Iterable[str] = ()) -> None:
        """Take the files, and the notes that finding them left."""
        self._task = task
        self._files: dict[tuple[LangScript, Split], list[LabelledFiles[E]]] = {}
        for each in files:
            self._files.setdefault((each.tag, each.split), []).append(each)
        self.notes = tuple(notes)
        """What lay there and was left out, with the reason."""

    @property
    def tags(self) -> Sequence[LangScript]:
        """The tags with a test set, sorted."""
        return sorted(tag for tag, split in self._files if split == "test")

    @property
    def sources(self) -> Sequence[LangScript]:
        """The tags with a train and a dev set, sorted."""
        return sorted(tag for tag, split in self._files if split == "train" and (tag, "dev") in self._files)

    def read(self, tag: LangScript) -> E:
        """The test set of one of `tags`.

        Raises:
            UserError: where it cannot be used, naming file and line.
        """
        if (tag, "test") not in self._files:
            raise UserError(f"{self._task} has no test set for {tag}; it has {named(self.tags)}")
        examples: E = self._read(tag, "test")
        few = f"only {len(examples)} items: the score says little"
        return examples if len(examples) >= FEWEST else replace(examples, notes=(*examples.notes, few))

    def training(self, source: LangScript) -> TrainAndDev[E]:
        """The train and dev set of one of `sources`.

        Raises:
            UserError: where one cannot be used or `source` has none, naming the tags that have both.
        """
        if source not in self.sources:
            raise UserError(self._no_source(source))
        return TrainAndDev(train=self._read(source, "train"), dev=self._read(source, "dev"))

    def _read(self, tag: LangScript, split: Split) -> E:
        first, *others = self._files[tag, split]
        if others:
            places = " and ".join(str(each.paths[0]) for each in (first, *others))
            raise UserError(f"{tag} has two {split} sets for {self._task}: {places}; keep one")
        try:
            table.check(tag)
        except UserError as error:
            raise UserError(f"{first.paths[0]}: {error}") from None
        examples = first.parse(tag, first.paths)
        if not len(examples):
            raise UserError(f"{_places(first.paths)}: expected at least one item, got an empty {split} set; fill it")
        return examples

    def _no_source(self, source: LangScript) -> str:
        has = [split for split in SPLITS if (source, split) in self._files]
        both = f"Tags with a train and a dev set: {named(self.sources)}"
        if "train" in has:
            path = self._files[source, "train"][0].paths[0]
            return (
                f"{source} has a train set for {self._task} ({path}) but no dev set, by which the best epoch is "
                f"chosen; put one beside it. {both}"
            )
        return f"{self._task} has no train set for {source}" + (
            f", only {' and '.join(has)}. {both}" if has else f". {both}"
        )


def named(tags: Sequence[LangScript]) -> str:
    """The tags in one line, the first twelve of them; `none` where there is none."""
    return first_of(tags, _SHOWN) or "none"


def _places(paths: Sequence[Path]) -> str:
    return str(paths[0]) + (f" and {len(paths) - 1} more files" if len(paths) > 1 else "")
