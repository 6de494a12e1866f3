"""The vectors as a tree: which join first, which last."""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from langsamp.analysis.vectors.neighbours import cosine

Floats = NDArray[np.floating]


def cluster(vectors: Floats) -> Floats:
    """Average linkage (UPGMA, Sokal and Michener 1958) over cosine distance, 1 - cosine.

    A row a join, shape (vectors - 1, 4), as scipy has it: the two parts joined (below the number of vectors a vector,
    above it the join of an earlier row), their mean distance, and the number of vectors in both. Branches are turned
    so that neighbouring leaves are as near as the tree allows (Bar-Joseph et al. 2001).
    """
    distances = np.clip(1 - cosine(vectors), 0, 2)
    np.fill_diagonal(distances, 0)
    return np.asarray(hierarchy.linkage(squareform(distances, checks=False), method="average", optimal_ordering=True))
