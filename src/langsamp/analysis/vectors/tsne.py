"""A picture of vectors that keeps neighbours together, where the principal components show only the largest spread."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_USUAL_PERPLEXITY = 30.0  # the default of scikit-learn; van der Maaten and Hinton (2008) take 5 to 50


class Embedding(NamedTuple):
    """Vectors in two dimensions whose distances mean something only between neighbours."""

    coordinates: Floats
    """Shape (vectors, 2)."""
    perplexity: float
    """About how many neighbours of each vector count."""
    divergence: float
    """Kullback-Leibler divergence that remains: what the picture does not show. 0 would be a perfect one."""


def embed(vectors: Floats, *, seed: int, perplexity: float | None = None) -> Embedding:
    """t-SNE (van der Maaten and Hinton 2008) over cosine distance, started from the principal components.

    Gaps and sizes of clusters mean nothing in it. The perplexity is 30 where none is given, and never more than a third
    of the other vectors. The same seed gives the same picture on the same machine.
    """
    from sklearn.manifold import TSNE

    chosen = min(perplexity or _USUAL_PERPLEXITY, (len(vectors) - 1) / 3)
    model = TSNE(perplexity=chosen, metric="cosine", init="pca", random_state=seed, n_jobs=1)
    coordinates = model.fit_transform(vectors)
    return Embedding(np.asarray(coordinates, dtype=np.float64), float(chosen), float(model.kl_divergence_))
