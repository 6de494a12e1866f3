"""Wilcoxon's signed-rank test: whether differences over languages lean to one side."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

_EXACT = 50
"""Languages up to which the test counts all ways of signs; beyond, the normal distribution is as good."""
_EQUAL = 9
"""Decimals to which differences are rounded before they are ranked: equal ones must tie although floats differ."""


def wilcoxon(change_L: NDArray[np.float64]) -> float:
    """Two-sided p of the differences, zeros left out; 1 where nothing differs.

    Exact for up to 50 differences, also where some tie.
    """
    change_L = change_L.round(_EQUAL)
    change_L = change_L[change_L != 0]
    if len(change_L) > _EXACT:
        return float(stats.wilcoxon(change_L, method="asymptotic").pvalue)
    return _exact(change_L) if len(change_L) else 1.0


def _exact(change_L: NDArray[np.float64]) -> float:
    """Twice the smaller tail of the rank sum over all 2**L ways to sign the differences, counted rank by rank."""
    ranks_L = (2 * stats.rankdata(np.abs(change_L))).astype(int)  # doubled: the mean rank of two that tie is a half
    ways = np.ones(1)
    for rank in ranks_L:
        ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
    positive = int(ranks_L[change_L > 0].sum())
    tails = ways[: positive + 1].sum(), ways[positive:].sum()
    return float(min(1.0, 2 * min(tails) / ways.sum()))
