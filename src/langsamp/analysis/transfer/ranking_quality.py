"""How good a ranking of source languages is, once every source has been tried.

NDCG (Järvelin and Kekäläinen 2002) over all candidates: a source's gain is its score less that of the worst candidate,
in points, and counts the less the further down it stands, by 1 / log2(rank + 1). 1 is the order of hindsight; the order
that says nothing gets what a random one gets on average, which stands beside it: it is far from 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ndcg(order: Sequence[str], scores: Mapping[str, float]) -> float:
    """Of an order of sources, best first, that holds each key of `scores` once; 1 where all score alike."""
    gains = _gains(np.array([scores[source] for source in order], dtype=float))
    return _share(float(gains @ _discounts(len(gains))), gains)


def chance_ndcg(scores: Mapping[str, float]) -> float:
    """The mean over all orders."""
    gains = _gains(np.array([*scores.values()], dtype=float))
    return _share(float(gains.mean() * _discounts(len(gains)).sum()), gains)


def _share(gained: float, gains: Floats) -> float:
    most = float(np.sort(gains)[::-1] @ _discounts(len(gains)))
    return gained / most if most > 0 else 1.0


def _gains(scores: Floats) -> Floats:
    return np.asarray(scores - scores.min())


def _discounts(number: int) -> Floats:
    return np.asarray(1 / np.log2(np.arange(number) + 2))
