"""Laws of masking: rates that change are a function of the step, and a fixed count is fixed and as random."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from langsamp.data.batches import IGNORED, Batches, MaskedBatch, MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import RowOrder, sampling_shares
from langsamp.languages.ids import LanguageIds
from langsamp.world import World

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
    assert MaskingConfig().deciding.keys() == MaskingConfig.model_fields.keys()
    assert MaskingConfig(**CHANGING).deciding == MaskingConfig().deciding | CHANGING


def test_half_a_schedule_is_refused() -> None:
    for masking in ({"final_rate": 0.1}, {"rate_steps": 10}):
        with pytest.raises(ValueError, match="final_rate and rate_steps go together"):
            MaskingConfig(**masking)
