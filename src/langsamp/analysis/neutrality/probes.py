"""How well a straight line tells from a sentence's vector which language, or which script, it is in.

The lower, the more neutral: a probe at chance finds nothing (Alain and Bengio 2016). It is scikit-learn's logistic
regression, C = 1, on standardised vectors, scored on sentences that it was not fitted on. Folds are split by sentence:
translations of one sentence stand on the same side, so that no probe recognises what a sentence says.

Shape suffixes: L languages, N sentences, D width.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS = 5
"""Parts into which sentences are split; each is told by a probe fitted on the others."""

_TOLERANCE, _ITERATIONS = 1e-3, 1000


def probe(vectors_LND: NDArray[np.floating], labels: Sequence[str], *, seed: int = 0) -> NDArray[np.bool_]:
    """Whether the label of each sentence was told right, shape (L, N); `labels[l]` is that of all sentences of l.

    At least two different labels, and two sentences of each language. The mean over all is the accuracy, to be seen
    beside `chance`. Equal arguments give equal answers.
    """
    number = vectors_LND.shape[1]
    fold_N = np.random.default_rng(seed).permutation(number) % min(FOLDS, number)
    label_LN = np.repeat(np.unique(labels, return_inverse=True)[1][:, None], number, axis=1)
    right_LN = np.zeros(label_LN.shape, dtype=bool)
    for fold in range(int(fold_N.max()) + 1):
        kept, held = fold_N != fold, fold_N == fold
        reader = make_pipeline(StandardScaler(), LogisticRegression(tol=_TOLERANCE, max_iter=_ITERATIONS))
        reader.fit(_flat(vectors_LND[:, kept]), label_LN[:, kept].ravel())
        predicted = reader.predict(_flat(vectors_LND[:, held]))
        right_LN[:, held] = (predicted == label_LN[:, held].ravel()).reshape(len(labels), -1)
    return right_LN


def chance(labels: Sequence[str]) -> float:
    """The accuracy of always telling the most frequent label."""
    return max(labels.count(label) for label in labels) / len(labels)


def _flat(vectors_LND: NDArray[np.floating]) -> NDArray[np.floating]:
    return vectors_LND.reshape(-1, vectors_LND.shape[2])
