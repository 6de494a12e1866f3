"""Training steps of `training.trainer` against a bare PyTorch loop over the same model and batches, on the CPU.

Both compute as Hugging Face does, without fast paths: what is measured is what the trainer adds.
"""

import math
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from torch import nn

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Target
from langsamp.bench.timing import Times, compared, silence
from langsamp.data.batches import Batches, MaskedBatch
from langsamp.data.masking import MaskingConfig
from langsamp.data.rows import TOKENIZER, PreparedRows
from langsamp.data.sampler import RowOrder, SamplerConfig
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.languages.ids import LanguageIds
from langsamp.model.build import ModelConfig, build_model
from langsamp.training.config import TrainingConfig
from langsamp.training.held_out import tensors
from langsamp.training.job import TrainingJob, row_order
from langsamp.training.reading_log import read_lines
from langsamp.training.trainer import train
from langsamp.world import World

_MOST_LONGER = 1.05
_MOST_WAIT = 0.02
_EQUAL = 1e-5
_NEVER = 1 << 30
_LOG_EVERY = 10
_STEPS_FOR_LOSSES = 10
_STEPS_FOR_MEMORY = 3
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class TrainerSize:
    """How much is measured: the model, the step, and how often the loops take turns.

    What our trainer adds to a step is 2 or 3 ms on the processor measured in `docs/performance.md`, so the smaller the
    step, the harder the target.
    """

    layers: int
    hidden: int
    heads: int
    vocab_size: int
    documents: int
    row_tokens: int
    rows_per_step: int
    steps_per_turn: int
    turns: int


QUICK = TrainerSize(
    layers=4, hidden=128, heads=4, vocab_size=8000, documents=500, row_tokens=64, rows_per_step=64, steps_per_turn=2,
    turns=16,
)  # fmt: skip
NORMAL = TrainerSize(
    layers=4, hidden=256, heads=4, vocab_size=16_000, documents=1500, row_tokens=512, rows_per_step=8, steps_per_turn=3,
    turns=10,
)  # fmt: skip


def measure_trainer(material: Fixtures, size: TrainerSize) -> Record:
    """Seconds of a step in both loops, which take turns of a few steps, and how long training waits for data.

    Raises:
        AssertionError: where the losses of the loops differ: then the times say nothing.
    """
    rows = material.rows(documents=size.documents, vocab_size=size.vocab_size, row_tokens=size.row_tokens)
    waits = _compare_losses(rows, size, material.folder / "trainer-losses")
    taken = _take_turns(rows, size, material.folder / "trainer-turns")
    loops = {"bare PyTorch loop": _bare_alone, "training.trainer.train": _train_alone}
    peaks = {
        name: material.alone.peak_mib(loop, rows.folder, size, material.folder / "trainer-alone")
        for name, loop in loops.items()
    }
    bare, ours = compared(
        dict(zip(loops, taken, strict=True)), amount=size.rows_per_step * size.row_tokens, peaks=peaks
    )
    assert ours.ratio is not None
    return Record(
        name="trainer",
        measures=(
            "One optimizer step (forward, backward, clipping, fused AdamW, fp32) of our trainer, with its drawing and "
            "masking of rows, log and checks, against the same without them: a loop over ready batches. Losses equal."
        ),
        unit="tokens",
        rows=(bare, ours),
        targets=(
            Target(
                name="time of a step against the bare loop", measured=1 / ours.ratio, limit=_MOST_LONGER, at_most=True
            ),
            Target(name="share of the time spent waiting for data", measured=waits, limit=_MOST_WAIT, at_most=True),
        ),
        settings={**asdict(size), "threads": torch.get_num_threads(), "device": "cpu", "precision": "fp32"},
    )


def _compare_losses(rows: PreparedRows, size: TrainerSize, out: Path) -> float:
    """Check that both loops see the same losses; return the trainer's share of waiting after its first step."""
    task = _task(rows, size, out, steps=_STEPS_FOR_LOSSES, log_every=1)
    with silence():
        train(task, cpu=True)
    ours = read_lines(out / "log.jsonl").train
    loop = _Bare(rows, size, steps=_STEPS_FOR_LOSSES)
    for line in ours:
        loss = loop.step()
        assert abs(loss - line.loss) <= _EQUAL, f"step {line.step}: loss {line.loss} of train, {loss} bare"
    busy = [1 / (line.tokens_per_second or math.nan) for line in ours[1:]]
    return sum((line.data_wait or 0.0) * part for line, part in zip(ours[1:], busy, strict=True)) / sum(busy)


def _take_turns(rows: PreparedRows, size: TrainerSize, out: Path) -> tuple[list[Times], list[Times]]:
    """What a step of the bare loop and of `train` took in each turn, both in this process.

    `train` is the real one, seen from outside: every few steps a hook of its model holds it up while the bare loop
    goes as many, and no batch is made meanwhile. All that passes between two halts is its turn. Start and first turn
    of both are left out.
    """
    steps = size.steps_per_turn * (size.turns + 1) + 1
    task = _task(rows, size, out, steps=steps, log_every=_LOG_EVERY)
    batches = _HeldBatches(rows, ids=task.ids, masking=MaskingConfig(), seed=_SEED)
    loop = _Bare(rows, size, steps=steps + size.steps_per_turn)
    passes, held_until = count(), Times.now()
    bare: list[Times] = []
    ours: list[Times] = []

    def hold(*_inputs: object) -> None:
        nonlocal held_until
        if next(passes) % size.steps_per_turn:
            return
        with batches.gate:
            halted = Times.now()
            for _ in range(size.steps_per_turn):
                loop.step()
            ours.append(halted.since(held_until).shared(size.steps_per_turn))
            held_until = Times.now()
            bare.append(held_until.since(halted).shared(size.steps_per_turn))

    task.model.register_forward_pre_hook(hold)
    with silence():
        train(replace(task, batches=batches), cpu=True)
    return bare[1:-1], ours[2:]


class _HeldBatches(Batches):
    """Batches that are made only while nobody holds `gate`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate = Lock()

    def training_step(self, *args: Any, **kwargs: Any) -> list[MaskedBatch]:
        with self.gate:
            return super().training_step(*args, **kwargs)


class _Bare:
    """The loop that anyone would write, over batches that are there already."""

    def __init__(self, rows: PreparedRows, size: TrainerSize, *, steps: int) -> None:
        task = _task(rows, size, Path(), steps=steps, log_every=1)
        order = row_order(task.batches, task.sampler, steps=steps, seed=_SEED)
        self._batches = iter([_batch(task.batches, order, size, step) for step in range(steps)])
        self._model = task.model.train()
        self._trained = [each for each in self._model.parameters() if each.requires_grad]
        config = task.config
        self._optimizer = torch.optim.AdamW(
            self._trained, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, weight_decay=0.0, fused=True
        )

    def step(self) -> float:
        """Go one step; its loss."""
        batch = next(self._batches)
        loss = self._model(**tensors(batch, torch.device("cpu"))) / batch.num_masked
        loss.backward()
        nn.utils.clip_grad_norm_(self._trained, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return float(loss.detach())


def _batch(batches: Batches, order: RowOrder, size: TrainerSize, step: int) -> MaskedBatch:
    whole = size.rows_per_step
    (batch,) = batches.training_step(step, order=order, rows_per_step=whole, rows_per_batch=whole, world=World())
    return batch


def _task(rows: PreparedRows, size: TrainerSize, out: Path, *, steps: int, log_every: int) -> TrainingJob:
    tokenizer, ids = load_tokenizer(str(rows.folder / TOKENIZER)), LanguageIds.of(rows.tags)
    settings = {
        "num_hidden_layers": size.layers,
        "hidden_size": size.hidden,
        "num_attention_heads": size.heads,
        "intermediate_size": 4 * size.hidden,
        "max_position_embeddings": size.row_tokens + 2,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    model = ModelConfig(init=None, model_type="xlm-roberta", settings=settings)
    return TrainingJob(
        name="bench",
        model=build_model(model, tokenizer=tokenizer, ids=ids, variant="both", row_tokens=size.row_tokens, seed=_SEED),
        batches=Batches(rows, ids=ids, masking=MaskingConfig(), seed=_SEED),
        tokenizer=tokenizer,
        ids=ids,
        sampler=SamplerConfig(rows_per_step=size.rows_per_step),
        config=TrainingConfig(
            steps=steps,
            learning_rate=1e-3,
            schedule="constant",
            rows_per_batch=size.rows_per_step,
            fast=False,
            log_every=log_every,
            held_out_every=_NEVER,
            checkpoint_every=_NEVER,
        ),
        seed=_SEED,
        out=out,
        identity={},
    )


def _bare_alone(rows: Path, size: TrainerSize, _: Path) -> None:
    loop = _Bare(PreparedRows(rows), size, steps=_STEPS_FOR_MEMORY)
    for _step in range(_STEPS_FOR_MEMORY):
        loop.step()


def _train_alone(rows: Path, size: TrainerSize, out: Path) -> None:
    """The steps without the checkpoint at their end, which takes memory of its own."""
    task = _task(PreparedRows(rows), size, out, steps=_STEPS_FOR_MEMORY + 1, log_every=1)
    passes = count()

    def end(*_inputs: object) -> None:
        if next(passes) == _STEPS_FOR_MEMORY:
            raise _EnoughError

    task.model.register_forward_pre_hook(end)
    with suppress(_EnoughError):
        train(task, cpu=True)


class _EnoughError(Exception):
    """Leaves `train` after the steps that count."""
