"""A statistic beside its null: what it would be if labels were dealt out at random."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Statistic(NamedTuple):
    """An observed statistic and its values under shuffled labels."""

    observed: float
    expected: float
    """Mean over the shuffles."""
    low: float
    """With `high`, the interval that holds 95 % of the shuffles."""
    high: float
    p_value: float
    """One-sided, (1 + shuffles at least as large) / (1 + shuffles) (Davison and Hinkley 1997, section 4.2)."""
    number: int
    """Vectors that took part."""


def beside_null(observed: float, null: NDArray[np.floating], number: int) -> Statistic:
    """`observed` beside `null`, its values over the shuffles."""
    low, high = np.quantile(null, [0.025, 0.975])
    at_least = int((null >= observed - 1e-9).sum())  # equal up to rounding is at least as large
    return Statistic(observed, float(null.mean()), float(low), float(high), (1 + at_least) / (1 + len(null)), number)


class Strata:
    """Groups inside which items may change places; a single group where all may."""

    def __init__(self, labels: Sequence[str] | None, size: int) -> None:
        group_numbers = (
            np.unique(labels, return_inverse=True)[1] if labels is not None else np.zeros(size, dtype=np.int64)
        )
        self.members = [np.flatnonzero(group_numbers == group) for group in range(group_numbers.max(initial=-1) + 1)]
        self._size = size

    def shuffled(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """A random order of the items that moves each only within its group."""
        order = np.arange(self._size)
        for members in self.members:
            order[members] = rng.permutation(members)
        return order
