"""Laws of masking: rates that change are a function of the step, and a fixed count is fixed and as random."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from langsamp.data.batches import Batches, MaskedBatch
from langsamp.data.masking import IGNORED, MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import RowOrder, sampling_shares
from langsamp.languages.ids import LanguageIds
from langsamp.world import World
from tests.tiny_parts import write_rows

CHANGING: dict[str, Any] = {"rate": 0.4, "final_rate": 0.1, "rate_steps": 20}


def step(rows: PreparedRows, number: int, *, size: int = 1, rows_per_batch: int = 50, **masking: Any) -> MaskedBatch:
    """All of one step, put together from the batches of `size` ranks."""
    order = RowOrder(rows.sizes, sampling_shares(rows.sizes, alpha=0.3), fingerprint=rows.fingerprint, seed=0)
    made = Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(**masking), seed=0)
    parts = [
        batch
        for rank in range(size)
        for batch in made.training_step(
            number, order=order, rows_per_step=50, rows_per_batch=rows_per_batch, world=World(rank, size)
        )
    ]
    names = ("input_ids", "labels", "language_ids", "script_ids", "tags")
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    by_tag = np.sum([part.masked_by_tag for part in parts], axis=0)
    return MaskedBatch(**whole, num_masked=sum(part.num_masked for part in parts), masked_by_tag=by_tag)


def chosen(batch: MaskedBatch) -> NDArray[np.bool_]:
    made: NDArray[np.bool_] = batch.labels != IGNORED
    return made


def test_the_rate_goes_evenly_from_one_to_the_other_and_stays() -> None:
    config = MaskingConfig(**CHANGING)
    assert [config.rate_at(number) for number in (0, 10, 20, 1000, None)] == pytest.approx([0.4, 0.25, 0.1, 0.1, 0.1])
    assert [MaskingConfig().rate_at(number) for number in (0, 1000, None)] == [0.15] * 3


@pytest.mark.parametrize("count", ["bernoulli", "fixed"])
def test_steps_are_masked_at_the_rate_of_their_number(rows: PreparedRows, count: str) -> None:
    for number, rate in ((0, 0.4), (10, 0.25), (20, 0.1), (500, 0.1)):
        share = np.mean([chosen(step(rows, number, count=count, **CHANGING)).sum() / (50 * 22)])
        assert share == pytest.approx(rate, abs=0.03)


def test_ranks_and_batch_sizes_see_the_same_masks_at_changing_rates(rows: PreparedRows) -> None:
    whole = step(rows, 7, count="fixed", **CHANGING)
    parts = step(rows, 7, count="fixed", size=3, rows_per_batch=5, **CHANGING)
    assert np.array_equal(whole.labels, parts.labels) and np.array_equal(whole.input_ids, parts.input_ids)


def test_a_higher_rate_hides_what_a_lower_one_does_and_more(rows: PreparedRows) -> None:
    for count in ("bernoulli", "fixed"):
        low, high = (chosen(step(rows, 3, rate=rate, count=count)) for rate in (0.1, 0.4))
        assert (low <= high).all() and low.sum() < high.sum()


def test_held_out_rows_are_masked_at_the_final_rate(rows: PreparedRows) -> None:
    ids = LanguageIds.of(rows.tags)
    one, other = (
        Batches(rows, ids=ids, masking=MaskingConfig(**masking), seed=0) for masking in (CHANGING, {"rate": 0.1})
    )
    for tag in range(3):
        pairs = zip(one.held_out(tag, rows_per_batch=8), other.held_out(tag, rows_per_batch=8), strict=True)
        assert all(np.array_equal(a.labels, b.labels) and np.array_equal(a.input_ids, b.input_ids) for a, b in pairs)


def test_a_fixed_count_is_the_same_in_each_row_and_falls_on_all_ordinary_tokens_alike(rows: PreparedRows) -> None:
    made = [chosen(step(rows, number, count="fixed")) for number in range(60)]
    counts = {int(count) for each in made for count in each.sum(axis=1)}
    assert counts == {round(0.15 * 22)}
    by_column = np.concatenate(made).mean(axis=0)
    assert by_column[0] == by_column[-1] == 0
    # 3,000 rows: the share of a column is within 4.5 standard errors of 3/22
    share = 3 / 22
    assert np.abs(by_column[1:-1] - share).max() < 4.5 * np.sqrt(share * (1 - share) / 3000)


def test_a_fixed_count_takes_no_more_than_there_is_and_one_at_least(rows: PreparedRows) -> None:
    assert (chosen(step(rows, 0, count="fixed", rate=1)).sum(axis=1) == 22).all()
    assert (chosen(step(rows, 0, count="fixed", rate=1e-9)).sum(axis=1) == 1).all()


def test_every_setting_decides_what_a_model_reads() -> None:
    assert MaskingConfig(unit="word").deciding.keys() == MaskingConfig.model_fields.keys()
    assert MaskingConfig().deciding.keys() == MaskingConfig.model_fields.keys() - {"unit"}, "as before there were words"
    assert MaskingConfig(**CHANGING).deciding == MaskingConfig().deciding | CHANGING


def test_half_a_schedule_is_refused() -> None:
    for masking in ({"final_rate": 0.1}, {"rate_steps": 10}):
        with pytest.raises(ValueError, match="final_rate and rate_steps go together"):
            MaskingConfig(**masking)


def test_phases_mask_at_their_rates_and_held_out_rows_at_the_last(rows: PreparedRows) -> None:
    rates = {2: 0.4, 5: None, 7: 0.05}
    ids = LanguageIds.of(rows.tags)
    phased = Batches(rows, ids=ids, masking=MaskingConfig(rate=0.2), seed=0, mask_rates=rates)
    order = RowOrder(rows.sizes, sampling_shares(rows.sizes, alpha=0.3), fingerprint=rows.fingerprint, seed=0)
    for number, rate in ((0, 0.2), (1, 0.2), (2, 0.4), (4, 0.4), (5, 0.2), (7, 0.05), (90, 0.05)):
        (batch,) = phased.training_step(number, order=order, rows_per_step=50, rows_per_batch=50, world=World(0, 1))
        assert np.array_equal(batch.labels, step(rows, number, rate=rate).labels)
    last = Batches(rows, ids=ids, masking=MaskingConfig(rate=0.05), seed=0)
    for one, other in zip(phased.held_out(0, rows_per_batch=8), last.held_out(0, rows_per_batch=8), strict=True):
        assert np.array_equal(one.labels, other.labels)


STARTS = np.array([number % 3 == 0 for number in range(60)])
"""Every third token begins a word."""


def words(rows: PreparedRows, *, rate: float = 0.15, seed: int = 0) -> Batches:
    masking = MaskingConfig(unit="word", rate=rate)
    return Batches(rows, ids=LanguageIds.of(rows.tags), masking=masking, seed=seed, word_starts=STARTS)


def test_words_are_chosen_whole_and_at_the_rate(rows: PreparedRows) -> None:
    shares = []
    for batch in words(rows).held_out(0, rows_per_batch=100):
        originals = np.where(batch.labels == IGNORED, batch.input_ids, batch.labels)
        for row, is_chosen in zip(originals, chosen(batch), strict=True):
            assert not is_chosen[row < 5].any()
            for column in range(1, len(row)):
                goes_on = row[column] >= 5 and not STARTS[row[column]] and row[column - 1] >= 5
                assert not goes_on or is_chosen[column] == is_chosen[column - 1]
            assert is_chosen.any()
            shares.append(is_chosen[row >= 5].mean())
    many = [chosen(batch)[:, 1:-1].mean() for tag in range(3) for batch in words(rows).held_out(tag, rows_per_batch=9)]
    assert np.mean(many) == pytest.approx(0.15, abs=0.06)


def test_scripts_without_spaces_are_masked_token_by_token(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows", {"tha_Thai": 200})
    plain = Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(), seed=0)
    for one, other in zip(words(rows).held_out(0, rows_per_batch=9), plain.held_out(0, rows_per_batch=9), strict=True):
        assert np.array_equal(one.labels, other.labels) and np.array_equal(one.input_ids, other.input_ids)


def test_where_every_token_is_a_word_nothing_changes(rows: PreparedRows) -> None:
    alone = Batches(
        rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(unit="word"), seed=0, word_starts=np.full(60, True)
    )
    plain = Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(), seed=0)
    for one, other in zip(alone.held_out(1, rows_per_batch=9), plain.held_out(1, rows_per_batch=9), strict=True):
        assert np.array_equal(one.input_ids, other.input_ids) and np.array_equal(one.labels, other.labels)


def test_words_have_no_fixed_count() -> None:
    with pytest.raises(ValueError, match="needs count bernoulli"):
        MaskingConfig(unit="word", count="fixed")
