"""Laws of the correlation of distances, and of statistics beside their nulls."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from langsamp.analysis.vectors.language_distances import kilometre_distances, row_distances, tree_distances
from langsamp.errors import DataMissingError
from langsamp.languages.tags import LangScript
from langsamp.scores.statistics.mantel import mantel
from langsamp.scores.statistics.permutation import Strata, beside_null

TAGS = [LangScript.parse(tag) for tag in ("deu_Latn", "nld_Latn", "rus_Cyrl", "fin_Latn", "swh_Latn")]


def distances(places: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


@pytest.fixture
def places() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(24, 3))


def test_it_is_the_rank_correlation_over_pairs(places):
    first, second = distances(places), distances(places[:, :1])
    above = np.triu_indices(24, k=1)
    found = mantel(first, second, shuffles=100)
    assert found.observed == pytest.approx(spearmanr(first[above], second[above]).statistic, abs=1e-5)
    assert found.number == 24


def test_a_distance_goes_with_itself_and_with_its_powers(places):
    for second in (distances(places), distances(places) ** 3, -1 / (1 + distances(places))):
        found = mantel(distances(places), second, shuffles=200)
        assert found.observed == pytest.approx(1, abs=1e-5)
        assert found.p_value == pytest.approx(1 / 201)


def test_the_null_rejects_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    pairs = [(distances(rng.normal(size=(10, 2))), distances(rng.normal(size=(10, 2)))) for _ in range(200)]
    p_values = np.array([mantel(*pair, shuffles=99).p_value for pair in pairs])
    assert 0.005 < (p_values <= 0.05).mean() < 0.11
    assert 0.4 < (p_values <= 0.5).mean() < 0.6


def test_inside_groups_what_differs_between_them_plays_no_part():
    rng = np.random.default_rng(3)
    groups = ["a"] * 12 + ["b"] * 12
    far = np.repeat([[0.0], [50.0]], 12, axis=0)
    first = distances(far + rng.normal(size=(24, 1)))
    second = distances(far + rng.normal(size=(24, 1)))
    assert mantel(first, second, shuffles=100).p_value < 0.02
    inside = mantel(first, second, groups=groups, shuffles=100)
    assert abs(inside.observed) < 0.3 and inside.p_value > 0.05


def test_small_or_flat_groups_are_left_out(places):
    first = distances(places)
    flat = first.copy()
    flat[4:10, 4:10] = 1 - np.eye(6)
    groups = ["small"] * 3 + ["big"] + ["flat"] * 6 + ["big"] * 14
    found = mantel(first, flat, groups=groups, shuffles=100)
    assert found.number == 15
    assert found.observed == pytest.approx(1, abs=1e-5)
    with pytest.raises(DataMissingError, match="4 items in one group"):
        mantel(first[:6, :6], first[:6, :6], groups=list("aabbcc"))
    with pytest.raises(DataMissingError, match="4 items"):
        mantel(first[:3, :3], first[:3, :3])


def test_strata_move_items_only_within_their_group():
    labels = list("abcabcabca")
    order = Strata(labels, 10).shuffled(np.random.default_rng(0))
    assert sorted(order) == list(range(10))
    assert [labels[place] for place in order] == labels
    assert len(Strata(None, 10).members) == 1


def test_a_p_value_is_never_zero_and_counts_equal_ones():
    null = np.arange(100.0)
    assert beside_null(1000, null, 5).p_value == pytest.approx(1 / 101)
    assert beside_null(99, null, 5).p_value == pytest.approx(2 / 101)
    assert beside_null(-1, null, 5).p_value == 1
    assert (beside_null(0, null, 5).low, beside_null(0, null, 5).high) == pytest.approx((2.475, 96.525))


def test_languages_of_two_families_are_one_edge_farther_than_any_kin():
    found = tree_distances(TAGS)
    assert found[0, 1] < found[0, 2] == found.max() - 1
    assert found[0, 3] == found[0, 4] == found[3, 4] == found.max()
    assert np.array_equal(found, found.T) and not found.diagonal().any()


def test_kilometres_and_rows_are_symmetric():
    for found in (kilometre_distances(TAGS), row_distances([5, 50, 500, 5, 50])):
        assert np.array_equal(found, found.T) and not found.diagonal().any()
    assert row_distances([5, 50, 500])[0] == pytest.approx([0, np.log(10), np.log(100)])
