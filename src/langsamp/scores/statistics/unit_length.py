"""Vectors made comparable by their direction alone, as cosines need them."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floating = TypeVar("Floating", np.float32, np.float64, np.floating)


def unit_length(vectors: NDArray[Floating]) -> NDArray[Floating]:
    """Vectors (..., D) of length 1, in the precision that they come in; one of length 0 stays, and is like nothing."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1))
