"""What a model answered that makes its score mean something else, in words for the notes of its scores.

A classifier that gives everything one label has learned nothing, as fine-tuning on little data may end (Devlin et al.
2019; Mosbach et al. 2021); an encoder whose vectors are all alike finds the same sentence for every other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langsamp.evaluation.tasks.examples import TaggedSentences
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.readers.formats.split_files import FEWEST
from langsamp.scores.cells import LanguageResult

_NEAREST = "nearest"
"""Column of retrieval's predictions."""
MANY_FOUND = 0.5
"""Share of a test set's sentences from which it is told that one sentence is the nearest of all of these."""

FEW_SENTENCES = 50
"""Below so many, one translation in five or more is among the 10 nearest by chance; of labels, one is two per cent."""

_FARTHEST, _FEWEST_SHIFTED, _MANY_SHIFTED = 10, 5, 0.1
"""Lines, times and share from which sentences that are nearest to one so many lines off tell of a lost line."""


def answer_findings(text: Any, result: LanguageResult) -> tuple[str, ...]:
    """What a reader of a score should know of the answers behind it, a clause each."""
    if isinstance(text, ParallelText):
        items, number = len(text.target), max(Counter(result.predictions[_NEAREST].tolist()).values(), default=0)
        said = []
        if items < FEW_SENTENCES:
            said.append(f"there are only {items} sentences: by chance {1000 / items:.0f} % stand among the 10 nearest")
        if number >= MANY_FOUND * items:
            said.append(f"the nearest sentence of {number} of {items} is one and the same: the vectors are much alike")
        return (*said, *_shifted(np.asarray(result.predictions[_NEAREST])))
    if not {"gold", "predicted"} <= result.predictions.keys():
        return ()
    is_tagged = isinstance(text, TaggedSentences)
    items = max(map(len, result.predictions.values()))
    said = []
    if FEWEST <= items < FEW_SENTENCES:  # fewer still is told where the test set is read
        said.append(f"only {items} {'sentences' if is_tagged else 'texts'} are tested: one or two move the score")
    gold, predicted = (
        [label for item in result.predictions[side] for label in (item.split() if is_tagged else (item,))]
        for side in ("gold", "predicted")
    )
    if len(set(predicted)) == 1 and len(set(gold)) > 1:
        said.append(f"all {len(predicted)} {'words' if is_tagged else 'texts'} were given the label {predicted[0]}")
    return tuple(said)


def _shifted(nearest_E: NDArray[np.integer]) -> tuple[str, ...]:
    """Whether many sentences are nearest to the one so many lines from theirs, as where one side lacks a line."""
    off_E = nearest_E - np.arange(len(nearest_E))
    shifts, times = np.unique(off_E[(off_E != 0) & (np.abs(off_E) <= _FARTHEST)], return_counts=True)
    if not len(times) or times.max() < max(_FEWEST_SHIFTED, _MANY_SHIFTED * len(off_E)):
        return ()
    shift, number = int(shifts[times.argmax()]), int(times.max())
    lines = f"{abs(shift)} {'line' if abs(shift) == 1 else 'lines'} {'below' if shift > 0 else 'above'}"
    return (
        f"the nearest sentence of {number} of {len(off_E)} is the one {lines} theirs: one side may lack a line, look "
        "whether the lines of both files belong together",
    )


def dev_findings(curve: Sequence[Mapping[str, float]], metric: str) -> tuple[str, ...]:
    """What there is to say of the looks at a dev set, of each its scores in per cent by metric."""
    scores = {look[metric] for look in curve}
    if len(curve) < 2 or len(scores) > 1:
        return ()
    return (
        f"dev: the score is {scores.pop():.1f} at each of the {len(curve)} looks, so that it chose nothing and the "
        "first weights were kept",
    )
