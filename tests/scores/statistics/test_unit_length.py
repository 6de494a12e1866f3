"""Directions are kept, lengths are one; nothing stays nothing, and what is no number stays none."""

import numpy as np
import pytest

from langsamp.scores.statistics.unit_length import unit_length


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_of_any_shape_are_of_length_one(dtype: type[np.floating]) -> None:
    vectors_LND = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(dtype)
    vectors_LND[0, 0] = 0
    vectors_LND[1, 1] = np.nan
    units_LND = unit_length(vectors_LND)
    assert units_LND.dtype == dtype and not units_LND[0, 0].any() and np.isnan(units_LND[1, 1]).all()
    lengths_LN = np.delete(np.linalg.norm(units_LND, axis=-1).ravel(), [0, 4])
    np.testing.assert_allclose(lengths_LN, 1, rtol=1e-6)
    np.testing.assert_allclose(units_LND[0, 1] * np.linalg.norm(vectors_LND[0, 1]), vectors_LND[0, 1], rtol=1e-5)
