"""Labelled text of one tag, and the readers' contract: what tasks that fine-tune train and are scored on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint


@dataclass(frozen=True, kw_only=True)
class LabelledTexts:
    """One split of one tag for sequence classification: a label for each text."""

    tag: LangScript
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What a reader of the scores should know of this text, e.g. `3 texts are blank`."""

    def __post_init__(self) -> None:
        """Check the labels.

        Raises:
            UserError: where they are not as many as the texts.
        """
        _check_number(self.tag, len(self.labels), len(self.texts), "texts")

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def revision(self) -> str:
        """Name of the content: changes with any character or label, not with file names."""
        return fingerprint([self.texts, self.labels])


@dataclass(frozen=True, kw_only=True)
class TaggedSentences:
    """One split of one tag for token classification: a label for each word of each sentence."""

    tag: LangScript
    words: tuple[tuple[str, ...], ...]
    labels: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    """What a reader of the scores should know of this text, e.g. `2 sentences were split`."""

    def __post_init__(self) -> None:
        """Check the labels.

        Raises:
            UserError: where they are not as many as the words of each sentence.
        """
        _check_number(self.tag, len(self.labels), len(self.words), "sentences")
        for words, labels in zip(self.words, self.labels, strict=True):
            _check_number(self.tag, len(labels), len(words), "words")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def revision(self) -> str:
        """Name of the content: changes with any word or label, not with file names."""
        return fingerprint([self.words, self.labels])


def _check_number(tag: LangScript, number: int, of: int, called: str) -> None:
    if number != of:
        raise UserError(f"{tag}: expected a label for each of {of} {called}, got {number}")


Examples = LabelledTexts | TaggedSentences
E = TypeVar("E", LabelledTexts, TaggedSentences)


@dataclass(frozen=True, kw_only=True)
class TrainAndDev(Generic[E]):
    """What a source tag offers: text to fine-tune on, and text to choose the best epoch or step by."""

    train: E
    dev: E

    @cached_property
    def revision(self) -> str:
        """Name of both contents."""
        return fingerprint([self.train.revision, self.dev.revision])


class ExamplesReader(Protocol[E]):
    """Where a fine-tuned task's data come from; lists its tags without opening a file."""

    @property
    def tags(self) -> Sequence[LangScript]:
        """The tags with a test set, sorted."""

    @property
    def sources(self) -> Sequence[LangScript]:
        """The tags with a train and a dev set, sorted."""

    @property
    def notes(self) -> Sequence[str]:
        """What lies in the data and was left out, with the reason; often nothing."""

    def read(self, tag: LangScript) -> E:
        """The test set of one of `tags`.

        Raises:
            UserError: where it cannot be used, naming file and line.
        """

    def training(self, source: LangScript) -> TrainAndDev[E]:
        """The train and dev set of one of `sources`.

        Raises:
            UserError: where one cannot be used or `source` has none, naming the tags that have both.
        """
