"""What is measured of a test set and can make its scores mean something else, in words for the notes of its scores."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from langsamp.data.text.script_check import GARBLED, is_garbled
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH, ParallelText
from langsamp.languages.scripts import COMPOSED, letters_by_script, likely_script, share_in_script
from langsamp.languages.tags import LangScript

FEW_IN_SCRIPT = 0.8
"""Share of letters in the tag's script below which a text is named, as in text for training."""
MANY_COPIES = 0.05
"""Share of items from which copies are named: names and numbers alone are translated by themselves."""
MANY_REPEATED = 0.5
"""Share of items from which it is named that another one is equal."""


def findings_of(text: Any, training: TrainAndDev[Any] | None = None) -> tuple[str, ...]:
    """What a reader of a score should know of the test set's content, a clause each; nothing of text of other kinds.

    `training` is what was fine-tuned on.
    """
    if isinstance(text, ParallelText):
        return (*_of_characters(text, text.target), *_of_english(text), *_untranslated(text))
    if isinstance(text, LabelledTexts):
        return (*_of_characters(text, text.texts), *_one_label(text), *_of_items(text, training))
    if isinstance(text, TaggedSentences):
        words = tuple(word for sentence in text.words for word in sentence)
        return (*_of_characters(text, words), *_no_span(text), *_of_items(text, training))
    return ()


def findings_of_training(training: TrainAndDev[Any]) -> list[str]:
    """What a reader of a score should know of the text that was fine-tuned on, and of that which chose the weights."""
    parts = {"train": training.train, "dev": training.dev}
    said = [f"{name}: {finding}" for name, part in parts.items() for finding in findings_of(part)]
    known = set(_items(training.train))
    common = sum(item in known for item in _items(training.dev))
    if common:
        said.append(f"dev: {common} of {len(training.dev)} items stand in the training set, too")
    return said


def copies_of_others(texts: Mapping[LangScript, Any]) -> dict[LangScript, str]:
    """Of the test sets that are another tag's, item by item, what a reader of their scores should know."""
    first: dict[tuple[Any, ...], LangScript] = {}
    owners = {
        tag: first.setdefault(tuple(_items(text)), tag)
        for tag, text in texts.items()
        if isinstance(text, ParallelText | LabelledTexts | TaggedSentences)
    }
    return {tag: f"all items are those of {owner}" for tag, owner in owners.items() if owner != tag}


def _of_characters(text: Any, sentences: tuple[str, ...]) -> Iterator[str]:
    if others := _in_other_scripts(sentences, text.tag.script):
        yield f"{others[0]:.0%} of the letters are not {text.tag.script} but mostly {others[1]}"
    garbled = sum(map(is_garbled, sentences))
    if garbled >= MANY_COPIES * max(len(sentences), 1):
        yield f"{garbled} of {len(sentences)} items hold characters that nobody wrote ({GARBLED})"


def _in_other_scripts(sentences: tuple[str, ...], script: str) -> tuple[float, str | None] | None:
    """The share of letters that are of other scripts, and which they mostly are, where these are many."""
    letters = letters_by_script("\n".join(sentences))
    share, parts = share_in_script(letters, script), COMPOSED.get(script, {script})
    if not letters or share >= FEW_IN_SCRIPT:
        return None
    return 1 - share, likely_script({each: number for each, number in letters.items() if each not in parts})


def _of_english(text: ParallelText) -> Iterator[str]:
    if others := _in_other_scripts(text.english, ENGLISH.script):
        yield f"the English side is none: {others[0]:.0%} of its letters are mostly {others[1]}"


def _untranslated(text: ParallelText) -> Iterator[str]:
    copies = sum(english == target and english != "" for english, target in zip(text.english, text.target, strict=True))
    if copies >= MANY_COPIES * len(text.target):
        yield f"{copies} of {len(text.target)} sentences are equal to the English ones, as if not translated"


def _one_label(text: LabelledTexts) -> Iterator[str]:
    if len(text) > 1 and len(set(text.labels)) == 1:
        yield f"all {len(text)} texts have the label {text.labels[0]}"


def _no_span(text: TaggedSentences) -> Iterator[str]:
    labels = Counter(label for sentence in text.labels for label in sentence)
    if len(labels) == 1:
        yield f"all {labels.total()} words have the label {next(iter(labels))}"


def _of_items(text: LabelledTexts | TaggedSentences, training: TrainAndDev[Any] | None) -> Iterator[str]:
    """Items that are there more than once, that were seen before, or that nobody could get right."""
    items = _items(text)
    repeated = len(items) - len(set(items))
    if repeated >= MANY_REPEATED * max(len(items), 2):
        yield f"{repeated} of {len(items)} items are equal to an earlier one"
    if training is None:
        return
    for name, part in (("training", training.train), ("dev", training.dev)):
        known = set(_items(part))
        common = sum(item in known for item in items)
        if common:
            yield f"{common} of {len(items)} items stand in the {name} set, too"
    labels = _labels(text)
    unseen = set(labels) - set(_labels(training.train))
    number = sum(label in unseen for label in labels)
    if number >= MANY_COPIES * max(len(labels), 1):
        yield f"{number} of {len(labels)} labels ({', '.join(sorted(unseen)[:5])}) do not occur in the training set"


def _labels(text: LabelledTexts | TaggedSentences) -> list[str]:
    if isinstance(text, LabelledTexts):
        return list(text.labels)
    return [label for sentence in text.labels for label in sentence]


def _items(text: Any) -> tuple[Any, ...]:
    if isinstance(text, ParallelText):
        return text.target
    return text.texts if isinstance(text, LabelledTexts) else text.words
