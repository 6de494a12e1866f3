"""Batches: masks are a function of (data, seed, draw); ranks and batch sizes only cut them differently."""

from functools import cache

import numpy as np
import pytest

from langsamp.data.batches import IGNORED, Batches, MaskedBatch, MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import RowOrder, sampling_shares
from langsamp.languages.ids import LanguageIds
from langsamp.world import World


def batches(rows: PreparedRows, *, seed: int = 0, **masking: float) -> Batches:
    return Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(**masking), seed=seed)


@cache
def order(rows: PreparedRows, seed: int = 0) -> RowOrder:
    return RowOrder(rows.sizes, sampling_shares(rows.sizes, alpha=0.3), fingerprint=rows.fingerprint, seed=seed)


def step(rows: PreparedRows, number: int, *, size: int = 1, rows_per_batch: int = 64, seed: int = 0) -> MaskedBatch:
    """All of one step, put together from the batches of `size` ranks."""
    parts = [
        batch
        for rank in range(size)
        for batch in batches(rows, seed=seed).training_step(
            number, order=order(rows, seed), rows_per_step=50, rows_per_batch=rows_per_batch, world=World(rank, size)
        )
    ]
    return MaskedBatch(
        input_ids=np.concatenate([part.input_ids for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        language_ids=np.concatenate([part.language_ids for part in parts]),
        script_ids=np.concatenate([part.script_ids for part in parts]),
        num_masked=sum(part.num_masked for part in parts),
    )


@pytest.mark.parametrize(("size", "rows_per_batch"), [(1, 7), (2, 64), (3, 5), (50, 1)])
def test_ranks_and_batch_sizes_see_the_same_rows_and_masks(rows: PreparedRows, size: int, rows_per_batch: int) -> None:
    whole, parts = step(rows, 3), step(rows, 3, size=size, rows_per_batch=rows_per_batch)
    for name in ("input_ids", "labels", "language_ids", "script_ids"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    assert whole.num_masked == parts.num_masked


def test_steps_and_seeds_differ(rows: PreparedRows) -> None:
    assert not np.array_equal(step(rows, 0).input_ids, step(rows, 1).input_ids)
    assert not np.array_equal(step(rows, 0).input_ids, step(rows, 0, seed=1).input_ids)


def test_masking_follows_its_shares(rows: PreparedRows) -> None:
    whole = [step(rows, number) for number in range(60)]
    inputs, labels = (np.concatenate([getattr(batch, name) for batch in whole]) for name in ("input_ids", "labels"))
    chosen = labels != IGNORED
    original = np.where(chosen, labels, inputs)
    ordinary = original >= 5
    assert not (chosen & ~ordinary).any(), "a special token was chosen"
    assert chosen[ordinary].mean() == pytest.approx(0.15, abs=0.01)
    assert chosen.any(axis=1).all(), "a row has nothing to predict"
    assert (inputs[chosen] == rows.mask_id).mean() == pytest.approx(0.8, abs=0.02)
    replaced = inputs[chosen][(inputs[chosen] != rows.mask_id) & (inputs[chosen] != labels[chosen])]
    assert len(replaced) / chosen.sum() == pytest.approx(0.1, abs=0.02)
    assert replaced.min() >= 5, "a special token stands in as a random one"


def test_every_row_has_a_masked_token_at_any_rate(rows: PreparedRows) -> None:
    made = batches(rows, rate=1e-9).training_step(
        0, order=order(rows), rows_per_step=50, rows_per_batch=50, world=World()
    )
    assert ((made[0].labels != IGNORED).sum(axis=1) == 1).all()


def test_ids_belong_to_language_and_script(rows: PreparedRows) -> None:
    ids = LanguageIds.of(rows.tags)
    whole, draws = step(rows, 0), order(rows).draws(0, 50)
    for row, tag in enumerate(draws.tag):
        assert (whole.language_ids[row], whole.script_ids[row]) == ids.pair(rows.tags[tag])
    assert set(ids.languages) == {"deu", "kmr"}


def test_held_out_rows_are_not_trained_on_and_always_masked_alike(rows: PreparedRows) -> None:
    held_out = [batch for tag in range(3) for batch in batches(rows, seed=0).held_out(tag, rows_per_batch=8)]
    again = [batch for tag in range(3) for batch in batches(rows, seed=9).held_out(tag, rows_per_batch=3)]
    labels = [np.concatenate([batch.labels for batch in part]) for part in (held_out, again)]
    assert np.array_equal(*labels)
    assert len(labels[0]) == 20 + 3 + 6
    draws = order(rows).draws(0, 5000)
    assert all(draws.row[draws.tag == tag].max() < rows.sizes[tag] for tag in range(3))


def test_shares_over_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 1, got 1\.2"):
        MaskingConfig(mask_share=0.9, random_share=0.3)
