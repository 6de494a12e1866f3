"""How far the languages of a table are from one another in genealogy, on the globe, and in the text they have seen."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from langsamp.languages.distances import kilometres, shared_nodes, tree_distance
from langsamp.languages.tags import LangScript

Floats = NDArray[np.floating]


def tree_distances(tags: Sequence[LangScript]) -> Floats:
    """Edges between each two languages in Glottolog's tree, shape (tags, tags).

    Languages of different families have no way between them; they are put one edge farther apart than any two of one
    family are. Tags without a place in the tree (an empty `table.lineage`) do not belong here.
    """
    distances = _pairwise(tags, tree_distance)
    apart = float(np.nanmax(distances, initial=0)) + 1
    return np.where(np.isnan(distances), apart, distances)


def ancestry_distances(tags: Sequence[LangScript]) -> Floats:
    """How few nodes of Glottolog's tree each two languages share, shape (tags, tags): minus their number.

    Ranks of it need no guess at how far apart families are, and do not depend on how finely a branch is divided.
    """
    return -_pairwise(tags, shared_nodes)


def kilometre_distances(tags: Sequence[LangScript]) -> Floats:
    """Kilometres between the homes of each two languages, shape (tags, tags); every tag has a home."""
    return _pairwise(tags, kilometres)


def row_distances(rows: Sequence[int]) -> Floats:
    """How differently much text each two have seen: the absolute difference of the logarithms of their rows."""
    logarithms = np.log(np.asarray(rows, dtype=np.float64))
    return np.asarray(np.abs(logarithms[:, None] - logarithms[None]))


def _pairwise(tags: Sequence[LangScript], distance: Callable[[LangScript, LangScript], float | None]) -> Floats:
    table = np.zeros((len(tags), len(tags)))
    for (row, first), (column, second) in combinations(enumerate(tags), 2):
        apart = distance(first, second)
        table[row, column] = table[column, row] = np.nan if apart is None else apart
    return table
