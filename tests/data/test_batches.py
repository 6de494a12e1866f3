"""Batches: masks are a function of (data, seed, draw); ranks and batch sizes only cut them differently."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from langsamp.data.batches import Batches, MaskedBatch
from langsamp.data.masking import IGNORED, MaskingConfig
from langsamp.data.packing import segments
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import PreparedRows, RowsConfig
from langsamp.data.sampler import RowOrder, sampling_shares
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.languages.ids import LanguageIds
from langsamp.training.held_out import tensors
from langsamp.world import World
from tests.tiny_parts import make_unknown


def batches(rows: PreparedRows, *, seed: int = 0, shuffles_ids: bool = False, **masking: float) -> Batches:
    ids = LanguageIds.of(rows.tags)
    return Batches(rows, ids=ids, masking=MaskingConfig(**masking), seed=seed, shuffles_ids=shuffles_ids)


@cache
def order(rows: PreparedRows, seed: int = 0) -> RowOrder:
    return RowOrder(rows.sizes, sampling_shares(rows.sizes, alpha=0.3), fingerprint=rows.fingerprint, seed=seed)


def step(
    rows: PreparedRows, number: int, *, size: int = 1, rows_per_batch: int = 64, seed: int = 0, shuffled: bool = False
) -> MaskedBatch:
    """All of one step, put together from the batches of `size` ranks."""
    parts = [
        batch
        for rank in range(size)
        for batch in batches(rows, seed=seed, shuffles_ids=shuffled).training_step(
            number, order=order(rows, seed), rows_per_step=50, rows_per_batch=rows_per_batch, world=World(rank, size)
        )
    ]
    return MaskedBatch(
        input_ids=np.concatenate([part.input_ids for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        language_ids=np.concatenate([part.language_ids for part in parts]),
        script_ids=np.concatenate([part.script_ids for part in parts]),
        num_masked=sum(part.num_masked for part in parts),
        masked_by_tag=np.sum([part.masked_by_tag for part in parts], axis=0),
        tags=np.concatenate([part.tags for part in parts]),
    )


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(("size", "rows_per_batch"), [(1, 7), (2, 64), (3, 5), (50, 1)])
def test_ranks_and_batch_sizes_see_the_same_rows_and_masks(
    rows: PreparedRows, size: int, rows_per_batch: int, shuffled: bool
) -> None:
    whole = step(rows, 3, shuffled=shuffled)
    parts = step(rows, 3, size=size, rows_per_batch=rows_per_batch, shuffled=shuffled)
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


def pairs(batch: MaskedBatch) -> list[tuple[int, int]]:
    return list(zip(batch.language_ids.tolist(), batch.script_ids.tolist(), strict=True))


def test_shuffled_ids_are_those_of_the_step_on_the_same_rows_under_the_same_masks(rows: PreparedRows) -> None:
    for number in range(5):
        own, lent = step(rows, number), step(rows, number, shuffled=True)
        assert np.array_equal(own.input_ids, lent.input_ids) and np.array_equal(own.labels, lent.labels)
        assert pairs(own) != pairs(lent)
        assert sorted(pairs(own)) == sorted(pairs(lent))


@pytest.mark.parametrize("shuffled", [False, True])
def test_masked_tokens_are_counted_by_the_ids_that_their_rows_bear(rows: PreparedRows, shuffled: bool) -> None:
    whole, ids = step(make_unknown(rows, "kmr_Cyrl"), 3, shuffled=shuffled), LanguageIds.of(rows.tags)
    masked = (whole.labels != IGNORED).sum(axis=1)
    assert whole.masked_by_tag.sum() == whole.num_masked == masked.sum()
    for number, tag in enumerate(rows.tags):
        bears = [pair == ids.pair(tag) for pair in pairs(whole)]
        assert whole.masked_by_tag[number] == masked[bears].sum()
    assert (whole.masked_by_tag[1] == 0) != shuffled, "rows of unknown tokens have nothing to predict"


def test_shuffled_ids_are_a_function_of_seed_and_step(rows: PreparedRows) -> None:
    again = [batches(rows, shuffles_ids=True).training_step(
        3, order=order(rows), rows_per_step=50, rows_per_batch=50, world=World())[0] for _ in range(2)]  # fmt: skip
    assert pairs(again[0]) == pairs(again[1]) == pairs(step(rows, 3, shuffled=True))
    moved = [np.array(pairs(step(rows, 3, seed=seed, shuffled=True)))[:, 0] for seed in (0, 1)]
    assert not np.array_equal(*moved)


def test_shuffled_ids_tell_nothing_of_the_text(rows: PreparedRows) -> None:
    """A row's lent id agrees with its own as often as two independent draws do."""
    steps = [(pairs(step(rows, number)), pairs(step(rows, number, shuffled=True))) for number in range(60)]
    own, lent = ([pair for each in part for pair in each] for part in zip(*steps, strict=True))
    shares = np.array([own.count(pair) for pair in set(own)]) / len(own)
    agreeing = np.mean([one == other for one, other in zip(own, lent, strict=True)])
    assert agreeing == pytest.approx((shares**2).sum(), abs=0.03)


def test_held_out_rows_keep_their_own_ids(rows: PreparedRows) -> None:
    for tag in range(3):
        own, lent = (batches(rows, shuffles_ids=flag).held_out(tag, rows_per_batch=8) for flag in (False, True))
        assert [pairs(batch) for batch in own] == [pairs(batch) for batch in lent]


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


def test_rows_of_whole_documents_come_with_their_numbers_which_masking_leaves_alone(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    lines = ["".join(f"w{'abcdefgh'[(7 * n + k) % 8]} " for k in range(2 + n % 9)) + f"n{n}" for n in range(300)]
    (tmp_path / "text" / "deu_Latn.txt").write_text("\n".join(lines), encoding="utf-8")
    config = RowsConfig(row_tokens=32, held_out_rows=2, packing="best-fit")
    made = prepare_rows(
        CorpusConfig(source=str(tmp_path / "text")), TokenizerConfig(vocab_size=300), config, out=tmp_path / "rows"
    )
    assert made.frame is not None
    (batch,) = batches(made, rate=1.0).training_step(
        0, order=order(made), rows_per_step=8, rows_per_batch=8, world=World()
    )
    assert batch.documents is not None and batch.documents.max() > 1
    whole = np.where(batch.labels == IGNORED, batch.input_ids, batch.labels)
    assert np.array_equal(batch.documents, segments(whole, made.frame))
    assert (batch.labels[batch.documents == 0] == IGNORED).all()
    assert tensors(batch, torch.device("cpu"))["documents_BL"].shape == (8, 32)
