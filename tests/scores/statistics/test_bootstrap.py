"""Intervals over families and seeds: they cover what they should, and say when they cannot be made."""

import numpy as np
import pytest
from scipy import stats

from langsamp.scores.statistics.bootstrap import Interval, difference_interval, draws, seed_noise


def interval(a, b, clusters, *, paired=False, resamples=2000, seed=0):
    noise = seed_noise(a, b, paired=paired)
    return difference_interval(a, b, np.asarray(clusters), noise=noise, resamples=resamples, seed=seed)


def coverage(*, seeds: int, seed_deviation: float, family_deviation: float, paired: bool = False) -> float:
    """Of 200 experiments without any true difference, the share whose interval holds zero."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        family = np.repeat(np.arange(30), rng.integers(1, 8, 30))
        a = rng.normal(0, seed_deviation, seeds)[None] + rng.normal(0, 0.5, (len(family), seeds))
        b = rng.normal(0, seed_deviation, seeds)[None] + rng.normal(0, 0.5, (len(family), seeds))
        b = b + rng.normal(0, family_deviation, 30)[family][:, None]
        found = interval(a, b, family, paired=paired, resamples=400)
        held += found.low <= 0 <= found.high
    return held / 200


@pytest.mark.parametrize("paired", [False, True])
def test_the_interval_covers_zero_as_often_as_it_says_when_seeds_are_few_and_wild(paired: bool):
    assert coverage(seeds=3, seed_deviation=1.0, family_deviation=0.3, paired=paired) >= 0.91


def test_the_interval_covers_zero_as_often_as_it_says_when_families_differ():
    assert coverage(seeds=1, seed_deviation=0.0, family_deviation=1.0) >= 0.90


def test_relatives_make_the_interval_wider():
    rng = np.random.default_rng(1)
    family = np.repeat(np.arange(12), 10)
    change = rng.normal(0, 1, 12)[family] + rng.normal(0, 0.2, 120)
    a, b = np.zeros((120, 1)), change[:, None]
    by_family, by_language = interval(a, b, family), interval(a, b, np.arange(120))
    assert (by_family.high - by_family.low) > 2 * (by_language.high - by_language.low)


def test_seeds_shared_by_both_sides_cancel_only_where_they_are_pairs():
    luck = np.array([[-3.0, 0.0, 3.0, 1.0]])
    a, b = np.repeat(luck, 20, axis=0), np.repeat(luck, 20, axis=0) + np.linspace(0.9, 1.1, 20)[:, None]
    own = interval(a, b, np.arange(20))
    pairs = interval(a, b, np.arange(20), paired=True)
    assert not own.excludes_zero
    assert 0.9 < pairs.low < 1.0 < pairs.high < 1.1


def test_the_same_seed_gives_the_same_interval_and_one_cluster_gives_none():
    a, b = np.zeros((9, 2)), np.random.default_rng(0).normal(1, 1, (9, 2))
    clusters = np.arange(9)
    assert interval(a, b, clusters, seed=5) == interval(a, b, clusters, seed=5) != interval(a, b, clusters, seed=6)
    assert interval(a, b, np.zeros(9, dtype=int)) is None
    assert interval(a[:1], b[:1], [0]) is None


def test_the_smallest_visible_difference_is_that_of_the_t_test():
    rng = np.random.default_rng(2)
    a, b = np.repeat(rng.normal(50, 2, (1, 5)), 7, axis=0), np.repeat(rng.normal(50, 2, (1, 5)), 7, axis=0)
    noise = seed_noise(a, b, paired=False)
    assert noise.error == pytest.approx(np.sqrt(a[0].var(ddof=1) / 5 + b[0].var(ddof=1) / 5))
    welch = stats.ttest_ind(a[0], b[0], equal_var=False)
    assert noise.freedom == pytest.approx(welch.df)
    assert noise.detectable == pytest.approx((stats.t.ppf(0.975, welch.df) + stats.t.ppf(0.8, welch.df)) * noise.error)


def test_one_seed_says_nothing_of_seeds_and_equal_seeds_say_that_they_move_nothing():
    one, two = np.full((4, 1), 50.0), np.full((4, 2), 50.0)
    assert seed_noise(one, two, paired=False).detectable is None
    assert seed_noise(one, two, paired=False).spread_b == 0.0
    assert seed_noise(two, two, paired=False).detectable == 0.0
    assert interval(two, two + 1, np.arange(4)) == Interval(1.0, 1.0)


def test_draws_are_with_replacement_and_as_many_as_there_are():
    drawn = draws(50, 200, np.random.default_rng(0))
    assert drawn.shape == (200, 50)
    assert (drawn.sum(axis=1) == 50).all()
    assert drawn.max() > 1
    assert drawn.mean(axis=0) == pytest.approx(np.ones(50), abs=0.35)
