"""What a run would do and cost, from a short measurement: rows and epochs per tag, steps, time, disk.

Nothing is written. Rows that are there already are taken if they are of the recipe's text; else a sample of each tag is
cleaned, encoded and scaled up, and the plan says so.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import PreTrainedTokenizerFast

from langsamp.checks import check_run
from langsamp.data.estimate import SAMPLE, estimate
from langsamp.data.findings import Figures, check_trainable, judge, listed, odd_sentences, overlap_sentences, sentences
from langsamp.data.overlap import OVERLAP, read_overlap
from langsamp.data.phases import MANY_EPOCHS, Phase, passes_of, phases_of
from langsamp.data.prepare import check_settings
from langsamp.data.rows import MANIFEST, TOKENIZER, read_manifest
from langsamp.data.text.corpus import open_corpus
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.disk.files import free_bytes
from langsamp.disk.layout import RunLayout
from langsamp.evaluation.sentences import sentences_of_tests
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.machine import cores_of_each
from langsamp.model.build import build_model
from langsamp.model.variants import parts_of
from langsamp.recipe import Recipe
from langsamp.training.config import LAST, TrainingConfig
from langsamp.training.processes import could_take_bf16, slow_arithmetic, training_device
from langsamp.training.throughput.step_time import StepShape, time_steps

_WORTH_BF16 = 300.0
"""Seconds of a training from which on it is worth asking whether bf16 is faster."""
_LEAST_GAIN = 1.2


@dataclass(frozen=True, kw_only=True)
class TagPlan:
    """One tag of the plan."""

    documents: int
    rows: int
    share: float
    """Probability that a row read in training is of this tag."""
    epochs: float
    """How often each of its rows is expected to be read in the whole training."""
    epochs_by_phase: tuple[float, ...]
    """The same in each phase of `sampler.phases`, one where there are none."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run would do."""

    name: str
    tags: Mapping[LangScript, TagPlan]
    is_estimate: bool
    """True where documents and rows were scaled up from a sample."""
    parts: int
    """In which workers can share what is left to prepare: one of each tag, more of large ones."""
    steps: int
    phases: tuple[int, ...]
    """The step that each phase begins at."""
    trainings: int
    tokens: int
    """Tokens read in one training."""
    parameters: int
    at_once: int
    """Trainings side by side."""
    seconds: float
    """All trainings on this machine's CPU or first GPU, as measured now, but for held-out text and scores."""
    disk_bytes: int
    free_bytes: int
    warnings: tuple[str, ...] = ()
    """What the figures of the text mean, in the words of `data.findings`."""

    @property
    def tokens_per_second(self) -> float:
        """Speed of all trainings side by side, from the first step to the last, that the time is reckoned from."""
        return self.tokens * self.trainings / self.seconds


class Speed(NamedTuple):
    """Of one training on this machine."""

    parameters: int
    seconds: float
    seconds_in_bf16: float | None
    """Where the recipe does not take bf16 and this processor has instructions for it."""
    doubts: tuple[str, ...] = ()
    """What is to be said of the model, where it is new."""


def make_plan(recipe: Recipe) -> Plan:
    """The plan of a recipe.

    Raises:
        UserError: as the run itself would, for text, tokenizer, model or the evaluation's data.
    """
    check_run(recipe)
    amounts = _amounts_there(recipe) or _amounts_estimated(recipe)
    figures = {str(tag): each for tag, each in amounts.figures.items()}
    check_trainable(figures, row_tokens=recipe.rows.row_tokens)
    steps, rows_per_step = recipe.training.steps, recipe.sampler.rows_per_step
    phases = phases_of(recipe.sampler, amounts.rows, steps=steps)
    speed = _measured(recipe, amounts)
    kept = min(_kept(recipe.training), math.ceil(steps / recipe.training.checkpoint_every))
    trainings = len(recipe.trainings)
    rounds = math.ceil(trainings / recipe.trainings_side_by_side)
    rows = sum(amounts.rows.values()) * recipe.rows.row_tokens * 4
    disk = rows + max(amounts.working_bytes, trainings * int(speed.parameters * 4 * (3 * kept + 1)))
    free = free_bytes(recipe.folder)
    tags = _by_tag(amounts, phases, rows_per_step=rows_per_step)
    return Plan(
        name=recipe.name,
        tags=tags,
        is_estimate=amounts.is_estimate,
        parts=amounts.parts,
        steps=steps,
        phases=tuple(phase.from_step for phase in phases),
        trainings=trainings,
        tokens=steps * rows_per_step * recipe.rows.row_tokens,
        parameters=speed.parameters,
        seconds=speed.seconds * rounds,
        at_once=recipe.trainings_side_by_side,
        disk_bytes=disk,
        free_bytes=free,
        warnings=(
            *sentences(judge(figures, row_tokens=recipe.rows.row_tokens)),
            *amounts.remarks,
            *_unread(tags),
            *(_worn(tags) if recipe.sampler.max_repetition is None else ()),
            *speed.doubts,
            *_no_space(disk, free),
            *slow_arithmetic(recipe.training, device=training_device().type),
            *faster_in_bf16(speed, rounds=rounds),
        ),
    )


def faster_in_bf16(speed: Speed, *, rounds: int) -> list[str]:
    """A sentence where bf16 is clearly faster, with the time of `rounds` trainings one after another; else nothing."""
    if speed.seconds_in_bf16 is None or speed.seconds < _LEAST_GAIN * speed.seconds_in_bf16:
        return []
    return [
        f"training.precision bf16 is {speed.seconds / speed.seconds_in_bf16:.1f} times as fast here (measured): all "
        f"trainings would take {_about(speed.seconds_in_bf16 * rounds)}. Weights and optimizer stay fp32 with it"
    ]


def _about(seconds: float) -> str:
    """A time as far as an estimate knows it: `2.4 h`, `8 min`."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _by_tag(amounts: "_Amounts", phases: Sequence[Phase], *, rows_per_step: int) -> dict[LangScript, TagPlan]:
    passes = passes_of(phases, amounts.rows, rows_per_step=rows_per_step)
    draws = rows_per_step * sum(phase.steps for phase in phases)
    tags = {}
    for (tag, rows), by_phase in zip(amounts.rows.items(), passes.T.tolist(), strict=True):
        epochs = sum(by_phase)
        tags[tag] = TagPlan(
            documents=amounts.documents[tag],
            rows=rows,
            share=epochs * max(rows, 1) / draws,
            epochs=epochs,
            epochs_by_phase=tuple(by_phase),
        )
    return tags


def _unread(tags: Mapping[LangScript, TagPlan]) -> list[str]:
    """What there is to say of tags that have rows and are hardly drawn."""
    few = [str(tag) for tag, entry in tags.items() if entry.rows and entry.epochs * entry.rows < 1]
    if not few:
        return []
    return [
        f"{listed(few)}: less than one row is expected to be read in a whole training, so that their vectors may stay "
        "random. Train longer (training.steps), or draw more evenly (sampler.alpha)"
    ]


def _worn(tags: Mapping[LangScript, TagPlan]) -> list[str]:
    """What there is to say of tags whose rows are read again and again."""
    often = [str(tag) for tag, entry in tags.items() if entry.epochs > MANY_EPOCHS]
    if not often:
        return []
    most = max(entry.epochs for entry in tags.values())
    return [
        f"{listed(often)}: each row is read more than {MANY_EPOCHS} times in a training, up to {most:,.0f} times, "
        "though text that is repeated so often teaches little more. Add text, train shorter (training.steps), or say "
        "how often at most (sampler.max_repetition)"
    ]


def _no_space(needed: int, free: int) -> list[str]:
    if needed <= free:
        return []
    return [
        f"the whole run takes about {needed / 2**30:.2f} GiB of disk and {free / 2**30:.2f} are free: give it another "
        "folder (out), or keep fewer checkpoints (training.keep_checkpoints)"
    ]


def _kept(config: TrainingConfig) -> float:
    """Checkpoints that stay, at most: the newest ones, milestones, and the best one where a choice is made."""
    if config.keep_checkpoints is None:
        return math.inf
    milestones = config.steps // config.milestone_every if config.milestone_every else 0
    return config.keep_checkpoints + milestones + (config.select != LAST)


def print_plan(plan: Plan) -> None:
    """The plan as a table and a few lines on stdout."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title=f"{plan.name}: rows by tag", title_justify="left", header_style="bold", box=None)
    by_phase = [f"from step {first:,}" for first in plan.phases] if len(plan.phases) > 1 else []
    for column in ("tag", "documents", "rows", "share", "epochs", *by_phase):
        table.add_column(column, justify="left" if column == "tag" else "right")
    for tag, entry in sorted(plan.tags.items(), key=lambda item: -item[1].rows):
        cells = [f"{entry.documents:,}", f"{entry.rows:,}", f"{entry.share:.2%}", f"{entry.epochs:.2f}"]
        table.add_row(str(tag), *cells, *(f"{epochs:.2f}" for epochs in entry.epochs_by_phase if by_phase))
    console.print(table)
    gib = 1 << 30
    documents, rows = (sum(getattr(entry, name) for entry in plan.tags.values()) for name in ("documents", "rows"))
    console.print(f"\n{len(plan.tags)} tags, {documents:,} documents, {rows:,} rows", end="")
    console.print(f", scaled up from up to {SAMPLE} documents of each tag" if plan.is_estimate else ", prepared")
    if plan.parts > len(plan.tags):
        console.print(f"to be prepared in {plan.parts:,} parts, which workers can share")
    console.print(f"{plan.trainings} trainings of {plan.steps:,} steps, {plan.tokens:,} tokens each")
    console.print(
        f"{plan.parameters / 1e6:.1f} M parameters, {plan.tokens_per_second:,.0f} tokens/s measured here", end=""
    )
    console.print(f", {plan.at_once} trainings side by side" if plan.at_once > 1 else "")
    console.print(f"time for all trainings: {_about(plan.seconds)}")
    console.print(f"disk: {plan.disk_bytes / gib:.2f} GiB, {plan.free_bytes / gib:.0f} GiB free")
    for line in plan.warnings:
        console.print(f"warning: {line}", markup=False)


class _Amounts(NamedTuple):
    """Documents and figures by tag, what they share with test sets, and the tokenizer that counted."""

    documents: Mapping[LangScript, int]
    figures: Mapping[LangScript, Figures]
    remarks: list[str]
    """What could not be read of the text, and what it shares with test sets, in words."""
    is_estimate: bool
    parts: int
    """Of text that is not prepared yet."""
    working_bytes: int
    """Disk that preparing it needs beside the rows, which trainings have afterwards."""
    tokenizer: PreTrainedTokenizerFast

    @property
    def rows(self) -> dict[LangScript, int]:
        return {tag: each.rows for tag, each in self.figures.items()}


def _amounts_there(recipe: Recipe) -> _Amounts | None:
    folder = RunLayout(recipe.folder).rows
    if not (folder / MANIFEST).is_file():
        return None
    text = open_corpus(recipe.corpus, base=Path()).fingerprint()
    check_settings(recipe.corpus, recipe.resolved_tokenizer, recipe.rows, out=folder, text=text)
    manifest = read_manifest(folder)
    entries = {LangScript.parse(tag): entry for tag, entry in manifest.tags.items()}
    overlap = read_overlap(recipe.folder / OVERLAP)
    shared = overlap_sentences(overlap.tags) if overlap is not None and not overlap.dropped else []
    return _Amounts(
        documents={tag: entry.documents for tag, entry in entries.items()},
        figures={tag: Figures.of(entry) for tag, entry in entries.items()},
        remarks=[*odd_sentences(manifest.notes, manifest.remarks), *shared],
        is_estimate=False,
        parts=0,
        working_bytes=0,
        tokenizer=load_tokenizer(str(folder / TOKENIZER)),
    )


def _amounts_estimated(recipe: Recipe) -> _Amounts:
    tests = None
    if recipe.evaluation.data != "hub":  # a plan downloads no test sets
        tags = () if recipe.corpus.source == "cldr" else open_corpus(recipe.corpus, base=Path()).tags
        tests = sentences_of_tests(recipe.evaluation, embedded_of=tags)
    estimated = estimate(recipe.corpus, recipe.resolved_tokenizer, recipe.rows, test_sentences=tests)
    sample = f" among the first {SAMPLE} of each"
    odd = odd_sentences({str(tag): notes for tag, notes in estimated.notes.items()}, estimated.remarks)
    shared = [] if recipe.corpus.decontaminate else overlap_sentences(estimated.overlap, sample=sample)
    return _Amounts(
        documents=estimated.documents,
        figures=estimated.figures,
        remarks=[*odd, *shared],
        is_estimate=True,
        parts=estimated.parts,
        working_bytes=estimated.working_bytes,
        tokenizer=estimated.tokenizer,
    )


def _measured(recipe: Recipe, amounts: _Amounts) -> Speed:
    """How fast the recipe's largest variant trains here, with as many threads as each of its trainings has."""
    config, device = recipe.model, training_device()
    if config.init is None:
        size = len(amounts.tokenizer) if not amounts.is_estimate else recipe.tokenizer.vocab_size
        config = config.model_copy(update={"settings": {"vocab_size": size, **config.settings}})
    model = build_model(
        config,
        tokenizer=amounts.tokenizer,
        ids=LanguageIds.of(amounts.rows),
        variant=max(recipe.variants, key=lambda variant: len(parts_of(variant).tables)),
        row_tokens=recipe.rows.row_tokens,
        seed=0,
    ).to(device)
    step = StepShape(
        rows=recipe.sampler.rows_per_step, row_tokens=recipe.rows.row_tokens, mask_rate=recipe.masking.rate
    )
    with _threads(recipe):
        seconds = time_steps(model, recipe.training, step, device=device).training(recipe.training)
        in_bf16 = None
        if seconds > _WORTH_BF16 and could_take_bf16(recipe.training, device=device.type):
            other = recipe.training.model_copy(update={"precision": "bf16"})
            in_bf16 = time_steps(model, other, step, device=device).training(other)
    doubts = model.start if config.init is None else ()
    return Speed(sum(parameter.numel() for parameter in model.parameters()), seconds, in_bf16, doubts)


@contextmanager
def _threads(recipe: Recipe) -> Iterator[None]:
    """As many threads as one of the trainings has where several run side by side, within the block."""
    before = torch.get_num_threads()
    if recipe.trainings_side_by_side > 1:
        torch.set_num_threads(min(before, cores_of_each(recipe.trainings_side_by_side)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
