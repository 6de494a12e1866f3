"""Readers of the embedded data: parallel sentences, topics and tagged names, none of them in the embedded corpus.

Everything is drawn from CLDR when it is asked for; nothing lies on disk and nothing is downloaded.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic

from langsamp.cldr.embedded_corpus import CldrCorpus
from langsamp.cldr.tasks import retrieval_items, tagging_items, topic_items
from langsamp.evaluation.tasks.examples import E, LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH, ParallelText
from langsamp.languages.tags import LangScript

TOPIC_CLDR_LABELS = ("places", "languages", "money", "dates", "durations", "relative times", "measures")
"""The topics of `cldr.tasks.TOPICS`, in its order."""
NER_CLDR_LABELS = (
    "B-CUR", "B-DATE", "B-LANG", "B-PLACE", "I-CUR", "I-DATE", "I-LANG", "I-PLACE", "O",
)  # fmt: skip
"""Begin and inside of the labels of `cldr.spans.LABELS`, and words that are none of these."""
CLDR_LICENCE = "Unicode License v3 (CLDR, through Babel)"
CLDR_ORIGIN = "Drawn from Unicode CLDR, which comes with Babel; there is nothing to lay out"

TRAIN_TEXTS, DEV_TEXTS, TEST_TEXTS = 350, 70, 140
"""Sentences of the topic task: 50, 10 and 20 for each of seven topics, where a tag has words for all."""
TRAIN_DOCUMENTS, DEV_DOCUMENTS, TEST_DOCUMENTS = 200, 50, 100
"""Documents of the tagging task, of about 20 words each."""


class CldrPairs:
    """Parallel sentences of the embedded corpus, none of them in its training text."""

    notes: Sequence[str] = ()

    def __init__(self, *, seed: int, split: str = "test") -> None:
        """Take the seed that chooses the sentences; `validation` has none in common with `test`, whatever the seed."""
        self._seed, self._split = seed, split

    @property
    def tags(self) -> Sequence[LangScript]:
        """Every tag of the embedded corpus but English."""
        return [tag for tag in _tags() if tag != ENGLISH]

    def read(self, tag: LangScript) -> ParallelText:
        """The sentences of `tag` beside the English ones."""
        return _pair(tag, self._split, self._seed)


@dataclass(frozen=True, kw_only=True)
class CldrExamples(Generic[E]):
    """Labelled text of the embedded data; every tag has a test set and can be fine-tuned on."""

    seed: int
    """Chooses the items of all splits."""
    draw: Callable[[LangScript, str, int], E]
    """From a tag, the name of a split and a seed."""

    @property
    def tags(self) -> Sequence[LangScript]:
        """Every tag of the embedded corpus."""
        return _tags()

    @property
    def sources(self) -> Sequence[LangScript]:
        """Every tag of the embedded corpus."""
        return _tags()

    @property
    def notes(self) -> Sequence[str]:
        """Nothing: all of the embedded data can be used."""
        return ()

    def read(self, tag: LangScript) -> E:
        """The test set of one of `tags`.

        Raises:
            UserError: where CLDR has too little for it.
        """
        return self.draw(tag, "test", self.seed)

    def training(self, source: LangScript) -> TrainAndDev[E]:
        """The train and dev set of one of `sources`.

        Raises:
            UserError: where CLDR has too little for it.
        """
        return TrainAndDev(train=self.draw(source, "train", self.seed), dev=self.draw(source, "validation", self.seed))


def open_topic_cldr(*, seed: int = 0) -> CldrExamples[LabelledTexts]:
    """The reader of sentences with their topics."""
    return CldrExamples(seed=seed, draw=_topics)


def open_ner_cldr(*, seed: int = 0) -> CldrExamples[TaggedSentences]:
    """The reader of documents in which names of places, languages and currencies and dates are tagged."""
    return CldrExamples(seed=seed, draw=_tagged)


def _tags() -> list[LangScript]:
    return sorted(CldrCorpus().tags)


@cache
def _pair(tag: LangScript, split: str, seed: int) -> ParallelText:
    """Sentences chosen for one tag: from names least like the English ones, which differ between languages.

    Names that all tags have are mostly places that all of Latin script write alike: letters alone would find them.
    """
    items = retrieval_items([ENGLISH, tag], split=split, seed=seed)  # type: ignore[arg-type]
    return ParallelText(tag=tag, english=tuple(items[ENGLISH]), target=tuple(items[tag]))


@cache
def _topics(tag: LangScript, split: str, seed: int) -> LabelledTexts:
    number = {"train": TRAIN_TEXTS, "validation": DEV_TEXTS, "test": TEST_TEXTS}[split]
    items = topic_items([tag], number=number, split=split, seed=seed)[tag]  # type: ignore[arg-type]
    counts = Counter(topic for _, topic in items)
    rare = [
        f"{label} ({counts[label]})"
        for label in TOPIC_CLDR_LABELS
        if counts[label] < number / len(TOPIC_CLDR_LABELS) / 2
    ]
    return LabelledTexts(
        tag=tag,
        texts=tuple(text for text, _ in items),
        labels=tuple(topic for _, topic in items),
        notes=(f"CLDR has few or no sentences about {', '.join(rare)}",) if rare else (),
    )


@cache
def _tagged(tag: LangScript, split: str, seed: int) -> TaggedSentences:
    number = {"train": TRAIN_DOCUMENTS, "validation": DEV_DOCUMENTS, "test": TEST_DOCUMENTS}[split]
    items = tagging_items([tag], number=number, split=split, seed=seed)[tag]  # type: ignore[arg-type]
    return TaggedSentences(
        tag=tag, words=tuple(words for words, _ in items), labels=tuple(labels for _, labels in items)
    )
