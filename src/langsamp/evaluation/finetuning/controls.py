"""Controls for tasks that fine-tune: what letters alone carry from the source to a target, and what guessing gives.

Names, loanwords, digits and capitals are copied between languages, so some labels are found by their looks. The
classifier is trained and applied on the same examples as the encoder's.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from langsamp.evaluation import metrics
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences

_LONGEST = 4
"""Characters of the longest n-gram, as in the control of retrieval."""
_GUESSES = 20
"""Draws whose scores are averaged."""


_KEPT: dict[tuple[str, str], Mapping[str, float]] = {}
"""What was found, by the revisions of both texts: all models and seeds have the same. No text is held by it."""


def controls(train: Any, test: Any) -> Mapping[str, float]:
    """`ngram_` and each metric of `test`, in per cent, of a classifier by character n-grams fitted on `train`.

    For texts also `chance_`: labels drawn in the shares that `train` has them, a mean of 20 draws. A word's n-grams are
    joined by its shape, its neighbours and theirs. Empty where `train` has one label only, of which nothing can be
    learned.
    """
    key = train.revision, test.revision
    if key not in _KEPT:
        _KEPT[key] = _controls(train, test)
    return _KEPT[key]


def _controls(train: Any, test: Any) -> Mapping[str, float]:
    classifier = _fitted(train)
    if classifier is None:
        return {}
    if isinstance(test, LabelledTexts):
        scores = metrics.text_scores(test.labels, list(classifier.predict(list(test.texts))))
        chance = _guessed(train.labels, test.labels)
    else:
        predicted = iter(classifier.predict([features for words in test.words for features in _features(words)]))
        scores = metrics.tag_scores(test.labels, [[next(predicted) for _ in words] for words in test.words])
        chance = {}
    return {**{f"ngram_{name}": value for name, value in scores.items()}, **chance}


@lru_cache(maxsize=8)
def _fitted(train: LabelledTexts | TaggedSentences) -> Pipeline | None:
    if isinstance(train, LabelledTexts):
        if len(set(train.labels)) < 2:
            return None
        grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, _LONGEST), sublinear_tf=True)
        return make_pipeline(grams, LogisticRegression(C=10, max_iter=1000)).fit(list(train.texts), train.labels)
    labels = [label for sentence in train.labels for label in sentence]
    if len(set(labels)) < 2:
        return None
    hashed = FeatureHasher(n_features=2**18, input_type="string", alternate_sign=False)
    linear = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=20, tol=None, random_state=0)
    return make_pipeline(hashed, linear).fit([each for words in train.words for each in _features(words)], labels)


def _features(words: Sequence[str]) -> list[list[str]]:
    """What the control sees of each word of a sentence."""
    around = ["", *words, ""]
    near = [[f"{kind}{value}" for kind, value in (("w", word.casefold()), ("s", _shape(word)))] for word in around]
    return [
        [*(f"{offset}{value}" for offset in range(3) for value in near[at + offset]), *_grams(f"<{word.casefold()}>")]
        for at, word in enumerate(words)
    ]


def _shape(word: str) -> str:
    first = word[:1]
    return "X" if first.isupper() else "x" if first.isalpha() else "9" if first.isdigit() else first


def _grams(word: str) -> list[str]:
    return [
        word[start : start + length] for length in range(1, _LONGEST + 1) for start in range(len(word) - length + 1)
    ]


def _guessed(train: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    rng = np.random.default_rng(0)
    drawn = [metrics.text_scores(gold, list(rng.choice(np.array(train), len(gold)))) for _ in range(_GUESSES)]
    return {f"chance_{name}": float(np.mean([scores[name] for scores in drawn])) for name in drawn[0]}
