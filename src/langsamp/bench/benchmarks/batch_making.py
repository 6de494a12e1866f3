"""Rows on disk to masked batches, against Hugging Face's collator: how fast one thread feeds a training."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from transformers import DataCollatorForLanguageModeling

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Target
from langsamp.bench.timing import alternate, compared
from langsamp.data.batches import Batches
from langsamp.data.masking import MaskingConfig
from langsamp.data.rows import TOKENIZER, PreparedRows
from langsamp.data.sampler import RowOrder, SamplerConfig
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.languages.ids import LanguageIds
from langsamp.training.job import row_order
from langsamp.world import World

OURS, COLLATOR = "drawn and masked by `Batches`", "the same rows by Hugging Face's collator"
_GPU_TOKENS = 470_000
"""Tokens a second that one H200 should train at XLM-R base's size and 401k vocabulary: 40 % of its peak in bf16."""
_LEAST_SURPLUS = 2.0
_ROWS_PER_BATCH = 64
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class DataSize:
    """How much is measured."""

    documents: int
    vocab_size: int
    row_tokens: int
    rows_per_step: int
    steps: int
    rounds: int


QUICK = DataSize(documents=500, vocab_size=8000, row_tokens=512, rows_per_step=256, steps=2, rounds=5)
NORMAL = DataSize(documents=1500, vocab_size=16_000, row_tokens=512, rows_per_step=1024, steps=4, rounds=7)


def measure_data(material: Fixtures, size: DataSize) -> Record:
    """Tokens a second of both ways, each in one thread of torch.

    Ours also draws the rows and puts down their ids; the collator gets the rows of the same steps ready in memory, and
    its random numbers depend on what it did before.
    """
    rows = material.rows(documents=size.documents, vocab_size=size.vocab_size, row_tokens=size.row_tokens)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ways = {COLLATOR: _collator(rows, size), OURS: _ours(rows, size)}
        taken = alternate(ways, rounds=size.rounds, title="batches")
    finally:
        torch.set_num_threads(threads)
    tokens = size.steps * size.rows_per_step * size.row_tokens
    rows_of_record = compared(taken, amount=tokens)
    assert rows_of_record[1].rate is not None
    return Record(
        name="data",
        measures="Masked batches of prepared rows in one thread, while nothing trains.",
        unit="tokens",
        rows=rows_of_record,
        targets=(
            Target(
                name=f"threads for {_LEAST_SURPLUS:g} times the {_GPU_TOKENS:,} tokens/s of one H200",
                measured=_LEAST_SURPLUS * _GPU_TOKENS / rows_of_record[1].rate, limit=1.0, at_most=True,
            ),
        ),
        settings={**asdict(size), "tags": len(rows.tags)},
    )  # fmt: skip


def _ours(rows: PreparedRows, size: DataSize) -> Callable[[], None]:
    batches, order = _batches(rows), _order(rows, size)

    def make() -> None:
        for step in range(size.steps):
            batches.training_step(
                step, order=order, rows_per_step=size.rows_per_step, rows_per_batch=_ROWS_PER_BATCH, world=World()
            )

    return make


def _collator(rows: PreparedRows, size: DataSize) -> Callable[[], None]:
    draws = _order(rows, size).draws(0, size.steps * size.rows_per_step)
    examples = [
        {"input_ids": torch.from_numpy(rows.training(tag)[row].astype("int64"))}
        for tag, row in zip(draws.tag, draws.row, strict=True)
    ]
    collator = DataCollatorForLanguageModeling(load_tokenizer(str(rows.folder / TOKENIZER)), mlm_probability=0.15)

    def make() -> None:
        for first in range(0, len(examples), _ROWS_PER_BATCH):
            collator(examples[first : first + _ROWS_PER_BATCH])

    return make


def _batches(rows: PreparedRows) -> Batches:
    return Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(), seed=_SEED)


def _order(rows: PreparedRows, size: DataSize) -> RowOrder:
    sampler = SamplerConfig(rows_per_step=size.rows_per_step)
    return row_order(_batches(rows), sampler, steps=size.steps, seed=_SEED)
