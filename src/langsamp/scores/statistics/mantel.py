"""Do languages that are near in one sense tend to be near in another? Correlation of two tables of distances."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from langsamp.errors import DataMissingError
from langsamp.scores.statistics.permutation import Statistic, Strata, beside_null

Floats = NDArray[np.floating]

_FEWEST = 4
"""Items of a group; three have only three distances and six orders."""


def mantel(
    first: Floats, second: Floats, *, groups: Sequence[str] | None = None, shuffles: int = 1000, seed: int = 0
) -> Statistic:
    """Spearman correlation of two distances over all pairs, beside the same with the items of one table shuffled.

    Both tables are symmetric, shape (items, items). Pairs that share an item depend on one another, so the null is
    made by shuffling items, never pairs (Mantel 1967; with ranks, Dietz 1983). Ranks, because distances in a tree and
    on the globe have no common scale with cosines.

    With `groups` (a label for each item) only pairs within a group count: distances are ranked inside each group, the
    groups' correlations are averaged with their numbers of pairs as weights, and items are shuffled inside their group.
    What differs between groups then plays no part. Groups of fewer than four items, or in which all distances are
    equal, are left out. This is used in place of a partial Mantel test, whose error rates are wrong where both
    distances follow a third (Guillot and Rousset 2013).

    Raises:
        DataMissingError: where no group of four or more items remains.
    """
    parts = []
    for members in Strata(groups, len(first)).members:
        if len(members) >= _FEWEST:
            ranks = [_standard_ranks(distances[np.ix_(members, members)]) for distances in (first, second)]
            if all(each.any() for each in ranks):
                parts.append(ranks)
    if not parts:
        where = "items" if groups is None else "items in one group"
        raise DataMissingError(f"a Mantel correlation needs {_FEWEST} {where} or more whose distances differ")
    sizes = [len(mine) for mine, _ in parts]
    pairs = sum(size * (size - 1) / 2 for size in sizes)
    rng = np.random.default_rng(seed)
    null = np.empty(shuffles)
    for index in range(shuffles):
        orders = [rng.permutation(size) for size in sizes]
        null[index] = sum(
            np.vdot(mine, theirs[order][:, order]) for (mine, theirs), order in zip(parts, orders, strict=True)
        )
    observed = sum(float(np.vdot(mine, theirs)) for mine, theirs in parts)
    return beside_null(observed / (2 * pairs), null / (2 * pairs), sum(sizes))


def _standard_ranks(distances: Floats) -> Floats:
    """Ranks of the distances of all pairs, of mean 0 and variance 1, as a table with zeros on its diagonal."""
    above = np.triu_indices(len(distances), k=1)
    ranks = rankdata(distances[above])
    deviation = ranks.std()
    table = np.zeros(distances.shape, dtype=np.float32)  # half the memory to move, and moving it is the work
    if deviation > 0:
        table[above] = (ranks - ranks.mean()) / deviation
    return table + table.T
