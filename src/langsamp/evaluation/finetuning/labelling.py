"""Labels as numbers and back, with their scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from langsamp.errors import UserError
from langsamp.evaluation import metrics
from langsamp.evaluation.tasks.examples import Examples, LabelledTexts
from langsamp.scores.cells import LanguageResult


def label_numbers(examples: Examples, labels: Sequence[str]) -> NDArray[np.int64]:
    """The number of the label of each text or word (P,).

    Raises:
        UserError: where there is no example, or a label is none of `labels`.
    """
    if not len(examples):
        raise UserError(f"{examples.tag} has no example")
    number = {label: number for number, label in enumerate(labels)}
    if isinstance(examples, LabelledTexts):
        given: list[str] = list(examples.labels)
    else:
        given = [label for sentence in examples.labels for label in sentence]
    if unknown := set(given) - set(labels):
        raise UserError(f"{examples.tag} has label {min(unknown)!r}; expected one of {', '.join(labels)}")
    return np.array([number[label] for label in given], dtype=np.int64)


def scored(examples: Examples, numbers: NDArray[np.int64], labels: Sequence[str]) -> LanguageResult:
    """What predicted labels (P,), given by their numbers, are worth on `examples`."""
    predicted = [labels[number] for number in numbers]
    if isinstance(examples, LabelledTexts):
        scores, gold, predictions = metrics.text_scores(examples.labels, predicted), list(examples.labels), predicted
    else:
        borders = np.cumsum([len(sentence) for sentence in examples.labels])
        sentences = [
            predicted[end - len(sentence) : end] for end, sentence in zip(borders, examples.labels, strict=True)
        ]
        scores = metrics.tag_scores(examples.labels, sentences)
        gold, predictions = ([" ".join(sentence) for sentence in side] for side in (examples.labels, sentences))
    return LanguageResult(
        tag=examples.tag,
        metrics=scores,
        predictions={"gold": np.array(gold, dtype=object), "predicted": np.array(predictions, dtype=object)},
        num_items=len(examples),
    )
