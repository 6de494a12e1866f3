"""Order is arithmetic: the laws of draws, shares and shuffles."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langsamp.data.phases import order_of, phases_of, shares_of
from langsamp.data.sampler import PhaseConfig, RowOrder, SamplerConfig, sampling_shares, shuffled
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


def test_flat_head_languages_come_as_often_as_the_smallest_of_the_others() -> None:
    shares, sizes = replayed(head="flat"), np.array(list(REPLAYED.values()))
    assert shares[0] == shares[2] == pytest.approx(shares[3])  # English, German: as the smallest tail language
    assert shares[1] / shares[3] == pytest.approx((sizes[1] / sizes[3]) ** 0.3)
    assert shares.sum() == pytest.approx(1) and shares[4] == 0
    capped = replayed(head="flat", max_repetition=4.0)
    assert (capped * 800 <= 4.0 * sizes + 1e-6).all(), "by the rows that there are"
    halves = replayed(head="flat", replay=0.5)
    assert halves[IS_HEAD].tolist() == pytest.approx([0.25, 0.25])
    assert SamplerConfig(head="flat").deciding["head"] == "flat"
    only_head = {LangScript.parse(tag): number for tag, number in {"eng_Latn": 900, "deu_Latn": 9}.items()}
    assert shares_of(SamplerConfig(head="flat"), only_head, steps=1).tolist() == pytest.approx([0.5, 0.5])


def test_head_languages_with_replacement_have_the_same_shares_and_any_row_at_any_time() -> None:
    rows = {LangScript.parse(tag): number for tag, number in REPLAYED.items()}

    def order(head: Any) -> RowOrder:
        return order_of(SamplerConfig(head=head, rows_per_step=8), rows, steps=9000, fingerprint="a1", seed=0)

    turns, replaced = order("flat").draws(0, 70_000), order("flat-with-replacement").draws(0, 70_000)
    assert (turns.tag == replaced.tag).all()
    for tag, size in enumerate(REPLAYED.values()):
        before, now = turns.row[turns.tag == tag], replaced.row[replaced.tag == tag]
        if not IS_HEAD[tag]:
            assert (before == now).all()
            continue
        first = now[:size]  # of so many draws from so many rows a share of 1 - 1/e are different
        assert len(np.unique(before[:size])) == len(before[:size])
        expected = size * (1 - (1 - 1 / size) ** len(first))
        assert len(np.unique(first)) == pytest.approx(expected, rel=0.1)
        counts = np.bincount(now, minlength=size)
        assert len(counts) == size and counts.var() == pytest.approx(counts.mean(), rel=0.4)  # Poisson's
    piece = order("flat-with-replacement").draws(66_000, 66_100)  # the same, wherever a run goes on
    assert (piece.row == replaced.row[66_000:66_100]).all()


def test_replay_needs_both_kinds_of_languages() -> None:
    rows = {LangScript.parse("kab_Latn"): 10, LangScript.parse("eng_Latn"): 0}
    with pytest.raises(UserError, match="no head language"):
        shares_of(SamplerConfig(replay=0.3), rows, steps=1)


ROWS = {LangScript.parse(tag): number for tag, number in {"eng_Latn": 900, "kab_Latn": 40, "deu_Latn": 90}.items()}
CURRICULUM = (
    PhaseConfig(from_step=0, languages="head", alpha=0.7, mask_rate=0.3),
    PhaseConfig(from_step=3, alpha=0.0),
    PhaseConfig(from_step=5, languages="!eng_Latn", mask_rate=0.05),
)


def curriculum(*phases: PhaseConfig, rows_per_step: int = 10, steps: int = 9, **settings: Any) -> RowOrder:
    config = SamplerConfig(rows_per_step=rows_per_step, phases=phases, **settings)
    return order_of(config, ROWS, steps=steps, fingerprint="ab12", seed=3)


def test_each_phase_draws_its_tags_with_its_exponent() -> None:
    config = SamplerConfig(phases=CURRICULUM, rows_per_step=10)
    first, second, third = phases_of(config, ROWS, steps=9)
    assert [(each.from_step, each.steps) for each in (first, second, third)] == [(0, 3), (3, 2), (5, 4)]
    assert first.shares[1] == 0 and first.shares[0] / first.shares[2] == pytest.approx(10**0.7)
    assert second.shares.tolist() == pytest.approx([1 / 3] * 3)
    assert third.shares[0] == 0 and third.shares[2] / third.shares[1] == pytest.approx((90 / 40) ** 0.3)
    order = curriculum(*CURRICULUM, rows_per_step=20_000)
    for (begin, end), phase in zip([(0, 3), (3, 5), (5, 9)], (first, second, third), strict=True):
        tags = order.draws(begin * 20_000, end * 20_000).tag
        assert np.bincount(tags, minlength=3) / len(tags) == pytest.approx(phase.shares, abs=0.01)


def test_a_run_without_phases_is_a_run_of_one() -> None:
    plain, one = curriculum(), curriculum(PhaseConfig(from_step=0))
    assert all(np.array_equal(a, b) for a, b in zip(plain.draws(0, 70_000), one.draws(0, 70_000), strict=True))


@pytest.mark.parametrize("rows_per_step", [10, 30_000])  # phases shorter and longer than a block of draws
def test_nothing_before_a_phase_depends_on_it(rows_per_step: int) -> None:
    begin = 5 * rows_per_step
    whole, cut = (
        curriculum(*CURRICULUM, rows_per_step=rows_per_step),
        curriculum(*CURRICULUM[:2], rows_per_step=rows_per_step),
    )
    pairs = list(zip(whole.draws(0, begin + 40), cut.draws(0, begin + 40), strict=True))
    assert all(np.array_equal(a[:begin], b[:begin]) for a, b in pairs)
    assert not np.array_equal(pairs[0][0][begin:], pairs[0][1][begin:])


@pytest.mark.parametrize("rows_per_step", [10, 30_000])
def test_draws_in_phases_do_not_depend_on_where_one_starts_and_are_counted(rows_per_step: int) -> None:
    whole = curriculum(*CURRICULUM, rows_per_step=rows_per_step).draws(0, 9 * rows_per_step)
    for begin, end in ((2, 4), (3, 5), (4, 9), (5, 6)):
        first, last = begin * rows_per_step - 1, end * rows_per_step
        part = curriculum(*CURRICULUM, rows_per_step=rows_per_step).draws(first, last)
        assert all(np.array_equal(a[first:last], b) for a, b in zip(whole, part, strict=True))
        seen = curriculum(*CURRICULUM, rows_per_step=rows_per_step).rows_seen(last)
        assert seen.tolist() == np.bincount(whole.tag[:last], minlength=3).tolist()


def test_no_row_comes_again_before_all_have_been_read_through_phases_too() -> None:
    draws = curriculum(*CURRICULUM, rows_per_step=30_000).draws(0, 250_000)
    for tag, size in enumerate(ROWS.values()):
        rows = draws.row[draws.tag == tag]
        for first in range(0, len(rows) - size, size * 40):
            assert sorted(rows[first : first + size]) == list(range(size))


def test_a_cap_holds_over_all_phases_together() -> None:
    config = SamplerConfig(phases=CURRICULUM, rows_per_step=20, max_repetition=1.5)
    read = sum(phase.shares * phase.steps * 20 for phase in phases_of(config, ROWS, steps=9))
    assert (read <= 1.5 * np.array(list(ROWS.values())) + 1e-6).all()
    with pytest.raises(UserError, match=r"sampler.phases, from step 5: sampler.max_repetition 1.5 allows"):
        phases_of(config, ROWS, steps=20)


def test_without_phases_a_run_has_the_name_that_it_had_before_there_were_any() -> None:
    assert SamplerConfig().deciding.keys() == SamplerConfig.model_fields.keys() - {"phases", "head"}
    assert SamplerConfig(phases=CURRICULUM).deciding["phases"][0]["languages"] == "head"


def test_phases_that_mean_nothing_are_refused() -> None:
    for wrong in ((CURRICULUM[1], CURRICULUM[0]), (CURRICULUM[1], CURRICULUM[1])):
        with pytest.raises(ValueError, match="in the order in which they begin"):
            SamplerConfig(phases=wrong)
    with pytest.raises(UserError, match=r"sampler.phases, from step 4: .*swh"):
        curriculum(PhaseConfig(from_step=4, languages="swh_Latn"))
    with pytest.raises(UserError, match=r"from step 4: sampler.replay .* no tail language"):
        curriculum(PhaseConfig(from_step=4, languages="head"), replay=0.3)
