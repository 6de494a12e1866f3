"""Continued pretraining on a CPU: tokens a second at encoder sizes that people continue, full and trimmed vocabulary.

Everything runs in this process; the ways take turns of a step. That they compute the same is asserted by `bench step`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import NamedTuple

import torch

from langsamp.bench.floor import floor_row, gflop_per_second
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.rivals import AUTHORS, OURS, PLAIN, StepSetting, StepSize, Workplace
from langsamp.bench.timing import TICK, Times, compared, cpu_ratios, in_turns
from langsamp.machine import bf16_instructions, keeping_freed_memory


@dataclass(frozen=True, kw_only=True)
class ContinueSize:
    """Encoders, vocabularies and batches that are measured."""

    encoders: tuple[StepSize, ...]
    """Each with the full vocabulary."""
    trimmed: int
    """Tokens of the trimmed vocabulary."""
    rounds: int
    precisions: tuple[str, ...] = ("fp32", "bf16")
    has_targets: bool = False


def _encoder(hidden: int, row_tokens: int) -> StepSize:
    """An encoder of 12 layers with XLM-R's vocabulary, and a step of 4,096 tokens."""
    return StepSize(
        layers=12, hidden=hidden, heads=12, vocab_size=250_002, rows=4096 // row_tokens, row_tokens=row_tokens, rounds=1
    )


QUICK = ContinueSize(
    encoders=(StepSize(layers=4, hidden=128, heads=4, vocab_size=32_000, rows=8, row_tokens=128, rounds=1),),
    trimmed=8_000,
    rounds=3,
)
NORMAL = ContinueSize(
    encoders=tuple(_encoder(hidden, row_tokens) for hidden in (384, 768) for row_tokens in (128, 512)),
    trimmed=70_601,
    rounds=3,
    has_targets=True,
)
"""The trimmed vocabulary is what 26 languages left of XLM-R's (docs/how-to/continue.md)."""
_PLAIN_IN_BF16, _FLOOR_IN_BF16, _AUTHORS_AT_FULL = 2.5, 0.45, 8.0
"""Least speed of ours at 12 x 384 and rows of 128: against the plain loop, the floor, the authors' way (issue 13)."""


class _Turn(NamedTuple):
    """What takes a turn: a way of a step at a vocabulary."""

    is_full: bool
    setting: StepSetting

    def __str__(self) -> str:
        return f"{self.setting}, {'full' if self.is_full else 'trimmed'} vocabulary"


def measure_continue(size: ContinueSize) -> Record:
    """Seconds and tokens a second of a step in each way, and what the products alone would take.

    bf16 is left out where the processor has no instructions for it (`settings["precisions"]`), for its figures would be
    those of a calculation that nobody should choose there.
    """
    precisions = [each for each in size.precisions if each != "bf16" or bf16_instructions() != ()]
    speeds = {precision: gflop_per_second(precision, size.encoders[0].floor) for precision in precisions}
    rows: list[Row] = []
    targets: list[Target] = []
    for encoder in size.encoders:
        group = f"{encoder.layers} x {encoder.hidden}, {encoder.rows} rows of {encoder.row_tokens}"
        taken, gflop = _measured(encoder, size, precisions, title=group)
        compared_rows = compared(
            {str(turn): times for turn, times in taken.items()}, amount=encoder.rows * encoder.row_tokens
        )
        reference = next(iter(taken.values()))
        floors = [floor_row(precision, gflop, speed, reference) for precision, speed in speeds.items()]
        rows += [row.model_copy(update={"group": group}) for row in (*compared_rows, *floors)]
        if size.has_targets and encoder == size.encoders[0]:
            targets += _targets(taken, precisions, {each: gflop / speeds[each] for each in precisions})
    return Record(
        name="continue",
        measures=(
            "One optimizer step of continued pretraining, both tables on: the authors' way and ours at the full "
            "vocabulary, a plain loop and ours at the trimmed one; ratios against the authors' way in fp32. The floor "
            "is our products at the trimmed vocabulary."
        ),
        unit="tokens",
        rows=tuple(rows),
        targets=tuple(targets),
        settings={
            "encoders": [asdict(encoder) for encoder in size.encoders],
            "trimmed": size.trimmed,
            "rounds": size.rounds,
            "precisions": precisions,
            "gflop_per_second": speeds,
            "threads": torch.get_num_threads(),
            "device": "cpu",
        },
    )


def _measured(
    encoder: StepSize, size: ContinueSize, precisions: Sequence[str], *, title: str
) -> tuple[Mapping[_Turn, list[Times]], float]:
    """What a step took in each round, the authors' way in fp32 first, and GFLOP of ours at the trimmed vocabulary."""
    workplaces = {True: Workplace(encoder), False: Workplace(replace(encoder, vocab_size=size.trimmed))}
    turns = list(_turns(precisions))
    taken: dict[_Turn, list[Times]] = {turn: [] for turn in turns}
    for _, turn in in_turns(turns, rounds=size.rounds, title=title):
        with keeping_freed_memory() if turn.setting.implementation == OURS else nullcontext():
            taken[turn] += workplaces[turn.is_full].steps(turn.setting, warm_up=1, number=1)
    trimmed = workplaces[False]
    return taken, trimmed.size.gflop(trimmed.masked)


def _turns(precisions: Sequence[str]) -> Iterator[_Turn]:
    for is_full, implementations in ((True, (AUTHORS, OURS)), (False, (PLAIN, OURS))):
        for implementation in implementations:
            for precision in precisions:
                yield _Turn(is_full, StepSetting(implementation, precision))


def _targets(
    taken: Mapping[_Turn, Sequence[Times]], precisions: Sequence[str], floors: Mapping[str, float]
) -> Iterator[Target]:
    best = precisions[-1]
    ours, plain = (_Turn(False, StepSetting(implementation, best)) for implementation in (OURS, PLAIN))
    authors = _Turn(True, StepSetting(AUTHORS))
    for reference, limit in ((plain, _PLAIN_IN_BF16), (authors, _AUTHORS_AT_FULL)):
        ratio = median(cpu_ratios(taken[reference], taken[ours]))
        yield Target(name=f"speed against {reference}", measured=ratio, limit=limit)
    share = floors[best] / median(max(each.cpu_seconds, TICK) for each in taken[ours])
    yield Target(name=f"share of the floor in {best}", measured=share, limit=_FLOOR_IN_BF16)
