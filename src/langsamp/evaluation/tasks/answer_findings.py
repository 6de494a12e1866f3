"""What a model answered that makes its score mean something else, in words for the notes of its scores.

A classifier that gives everything one label has learned nothing, as fine-tuning on little data may end (Devlin et al.
2019; Mosbach et al. 2021); an encoder whose vectors are all alike finds the same sentence for every other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langsamp.evaluation.tasks.examples import TaggedSentences
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.scores.cells import LanguageResult

_NEAREST = "nearest"
"""Column of retrieval's predictions."""
MANY_FOUND = 0.5
"""Share of a test set's sentences from which it is told that one sentence is the nearest of all of these."""

FEW_SENTENCES = 50
"""Below so many, one translation in five or more is among the 10 nearest by chance."""


def answer_findings(text: Any, result: LanguageResult) -> tuple[str, ...]:
    """What a reader of a score should know of the answers behind it, a clause each."""
    if isinstance(text, ParallelText):
        items, number = len(text.target), max(Counter(result.predictions[_NEAREST].tolist()).values(), default=0)
        said = []
        if items < FEW_SENTENCES:
            said.append(f"there are only {items} sentences: by chance {1000 / items:.0f} % stand among the 10 nearest")
        if number >= MANY_FOUND * items:
            said.append(f"the nearest sentence of {number} of {items} is one and the same: the vectors are much alike")
        return tuple(said)
    if not {"gold", "predicted"} <= result.predictions.keys():
        return ()
    is_tagged = isinstance(text, TaggedSentences)
    gold, predicted = (
        [label for item in result.predictions[side] for label in (item.split() if is_tagged else (item,))]
        for side in ("gold", "predicted")
    )
    if len(set(predicted)) == 1 and len(set(gold)) > 1:
        return (f"all {len(predicted)} {'words' if is_tagged else 'texts'} were given the label {predicted[0]}",)
    return ()


def dev_findings(curve: Sequence[Mapping[str, float]], metric: str) -> tuple[str, ...]:
    """What there is to say of the looks at a dev set, of each its scores in per cent by metric."""
    scores = {look[metric] for look in curve}
    if len(curve) < 2 or len(scores) > 1:
        return ()
    return (
        f"dev: the score is {scores.pop():.1f} at each of the {len(curve)} looks, so that it chose nothing and the "
        "first weights were kept",
    )
