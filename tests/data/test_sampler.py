"""Order is arithmetic: the laws of draws, shares and shuffles."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langsamp.data.sampler import RowOrder, SamplerConfig, sampling_shares, shares_of, shuffled
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript

SIZES = [500, 40, 3, 0]


def order(seed: int = 0, fingerprint: str = "ab12") -> RowOrder:
    return RowOrder(SIZES, sampling_shares(SIZES, alpha=0.3), fingerprint=fingerprint, seed=seed)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 700), st.integers(0, 5))
def test_shuffled_is_a_permutation(size: int, key: int) -> None:
    keys = np.full(size, key, dtype=np.uint64)
    assert sorted(shuffled(np.arange(size), size=size, keys=keys)) == list(range(size))


def test_shuffles_with_other_keys_differ() -> None:
    first, second = (shuffled(np.arange(200), size=200, keys=np.full(200, key, np.uint64)) for key in (1, 2))
    agree = (first == second).mean()
    assert agree < 0.05


@pytest.mark.parametrize(
    ("first", "skip", "count"), [(0, 0, 0), (10, 3, 40), (65_500, 30, 30), (65_536, 0, 7), (99_999, 400, 1)]
)
def test_draws_do_not_depend_on_where_one_starts(first: int, skip: int, count: int) -> None:
    whole, part = order().draws(first, first + skip + count), order().draws(first + skip, first + skip + count)
    assert np.array_equal(whole.tag[skip:], part.tag)
    assert np.array_equal(whole.row[skip:], part.row)


def test_no_row_comes_again_before_all_have_been_read() -> None:
    draws = order().draws(0, 150_000)  # crosses blocks
    for tag, size in enumerate(SIZES):
        rows = draws.row[draws.tag == tag]
        for first in range(0, len(rows) - size, max(size, 1)):
            assert sorted(rows[first : first + size]) == list(range(size))


def test_tags_come_with_their_shares() -> None:
    shares = sampling_shares(SIZES, alpha=0.3)
    counts = np.bincount(order().draws(0, 100_000).tag, minlength=4)
    expected = shares * counts.sum()
    chi_square = ((counts - expected)[:3] ** 2 / expected[:3]).sum()
    assert chi_square < 20
    assert counts[3] == 0


def test_seed_and_data_change_the_order() -> None:
    assert not np.array_equal(order(0).draws(0, 500).tag, order(1).draws(0, 500).tag)
    assert not np.array_equal(order(0, "ab").draws(0, 500).tag, order(0, "ac").draws(0, 500).tag)


def test_rows_seen_counts_draws() -> None:
    seen = order().rows_seen(70_000)
    assert seen.tolist() == np.bincount(order().draws(0, 70_000).tag, minlength=4).tolist()


def test_shares_follow_the_exponent() -> None:
    assert sampling_shares([100, 100, 800], alpha=1).tolist() == pytest.approx([0.1, 0.1, 0.8])
    assert sampling_shares([1, 50, 900], alpha=0).tolist() == pytest.approx([1 / 3] * 3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=30), st.floats(0, 1), st.floats(1.01, 5))
def test_repetition_cap_holds(sizes: list[int], alpha: float, factor: float) -> None:
    draws = sum(sizes)
    shares = sampling_shares(sizes, alpha=alpha, max_repetition=factor, draws=draws)
    assert shares.sum() == pytest.approx(1)
    assert (shares * draws <= factor * np.array(sizes) * (1 + 1e-9)).all()


def test_repetition_cap_that_cannot_hold_is_an_error() -> None:
    with pytest.raises(UserError, match="max_repetition 2 allows 20 rows, but the run reads 100"):
        sampling_shares([10], alpha=0.3, max_repetition=2, draws=100)


def test_no_rows_is_an_error() -> None:
    with pytest.raises(UserError, match="no tag has a full row"):
        sampling_shares([0, 0], alpha=0.3)


REPLAYED = {"eng_Latn": 4000, "kab_Latn": 300, "deu_Latn": 90, "cha_Latn": 20, "ewe_Latn": 0}
IS_HEAD = np.array([True, False, True, False, False])


def replayed(**settings: Any) -> np.ndarray:
    rows = {LangScript.parse(tag): number for tag, number in REPLAYED.items()}
    return shares_of(SamplerConfig(rows_per_step=8, **settings), rows, steps=100)


@pytest.mark.parametrize("replay", [0.1, 0.5, 0.75])
def test_replay_is_the_share_of_head_languages_and_alpha_holds_within(replay: float) -> None:
    shares, sizes = replayed(replay=replay), np.array(list(REPLAYED.values()))
    assert shares[IS_HEAD].sum() == pytest.approx(replay)
    assert shares[~IS_HEAD].sum() == pytest.approx(1 - replay)
    assert shares[0] / shares[2] == pytest.approx((sizes[0] / sizes[2]) ** 0.3)
    assert shares[1] / shares[3] == pytest.approx((sizes[1] / sizes[3]) ** 0.3)
    assert shares[4] == 0
    order = RowOrder(sizes.tolist(), shares, fingerprint="a1", seed=0)
    drawn = IS_HEAD[order.draws(0, 20_000).tag].mean()
    assert drawn == pytest.approx(replay, abs=0.02)


def test_a_cap_holds_with_replay_too_and_without_it_nothing_changes() -> None:
    shares = replayed(replay=0.5, max_repetition=4.0)
    assert shares.sum() == pytest.approx(1)
    assert (shares * 800 <= 4.0 * np.array(list(REPLAYED.values())) + 1e-6).all()
    plain = sampling_shares(list(REPLAYED.values()), alpha=0.3)
    assert (replayed() == plain).all()


def test_replay_needs_both_kinds_of_languages() -> None:
    rows = {LangScript.parse("kab_Latn"): 10, LangScript.parse("eng_Latn"): 0}
    with pytest.raises(UserError, match="no head language"):
        shares_of(SamplerConfig(replay=0.3), rows, steps=1)
