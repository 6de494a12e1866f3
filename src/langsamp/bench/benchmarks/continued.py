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
    small: StepSize | None = None
    """A size at which people train from nothing on a CPU, at its vocabulary alone."""
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
_TRIMMED = 70_601
"""Tokens that 26 languages left of XLM-R's (docs/how-to/continue.md)."""
NORMAL = ContinueSize(
    encoders=(_encoder(384, 128), _encoder(384, 512)),
    trimmed=_TRIMMED,
    rounds=3,
    small=StepSize(layers=2, hidden=64, heads=2, vocab_size=4000, rows=32, row_tokens=64, rounds=1),
    has_targets=True,
)
"""The small one is as wide and deep as the quickstart's, with its rows."""
BASE = ContinueSize(encoders=(_encoder(768, 128), _encoder(768, 512)), trimmed=_TRIMMED, rounds=3)
_PLAIN_IN_BF16, _FLOOR_IN_BF16, _AUTHORS_AT_FULL, _PLAIN_SMALL = 2.5, 0.45, 8.0, 2.0
"""Least speed of ours at 12 x 384 and rows of 128 against the plain loop, the floor and the authors' way, and at the
small size against the plain loop (issue 13)."""
_STEPS_OF_SMALL = 50
"""In a turn: one alone takes about a tick of the clock."""


class _Turn(NamedTuple):
    """What takes a turn: a way of a step at a vocabulary."""

    is_full: bool
    setting: StepSetting

    def __str__(self) -> str:
        return f"{self.setting}, {'full' if self.is_full else 'trimmed'} vocabulary"


def measure_continue(size: ContinueSize, *, name: str = "continue") -> Record:
    """Seconds and tokens a second of a step in each way, and what the products alone would take.

    bf16 is left out where the processor has no instructions for it (`settings["precisions"]`), for its figures would be
    those of a calculation that nobody should choose there.
    """
    precisions = [each for each in size.precisions if each != "bf16" or bf16_instructions() != ()]
    speeds = {precision: gflop_per_second(precision, size.encoders[0].floor) for precision in precisions}
    measured = [_measured(encoder, precisions, trimmed=size.trimmed, rounds=size.rounds) for encoder in size.encoders]
    targets = list(_targets(measured[0], precisions, speeds)) if size.has_targets else []
    if size.small is not None:
        small = _measured(
            size.small, precisions, trimmed=size.small.vocab_size, rounds=size.rounds, number=_STEPS_OF_SMALL
        )
        measured.append(small)
        targets.append(_against_plain(small, precisions[-1], title=f"{small.title}: ", limit=_PLAIN_SMALL))
    return Record(
        name=name,
        measures=(
            "One optimizer step of continued pretraining, both tables on: the authors' way and ours at the full "
            "vocabulary, a plain loop and ours at the trimmed one; ratios against the authors' way in fp32. The floor "
            "is our products at the trimmed vocabulary."
        ),
        unit="tokens",
        rows=tuple(row for each in measured for row in each.rows(speeds)),
        targets=tuple(targets),
        settings={
            "encoders": [asdict(encoder) for encoder in size.encoders],
            "small": None if size.small is None else asdict(size.small),
            "trimmed": size.trimmed,
            "rounds": size.rounds,
            "precisions": precisions,
            "gflop_per_second": speeds,
            "threads": torch.get_num_threads(),
            "device": "cpu",
        },
    )


class _Measured(NamedTuple):
    """What a step of one encoder took in each round, the authors' way in fp32 first."""

    encoder: StepSize
    taken: Mapping[_Turn, Sequence[Times]]
    gflop: float
    """Of ours at the trimmed vocabulary."""

    @property
    def title(self) -> str:
        encoder = self.encoder
        return f"{encoder.layers} x {encoder.hidden}, {encoder.rows} rows of {encoder.row_tokens}"

    def rows(self, speeds: Mapping[str, float]) -> Iterator[Row]:
        """A row for each way, and one for the floor in each precision."""
        amount, reference = self.encoder.rows * self.encoder.row_tokens, next(iter(self.taken.values()))
        ways = compared({str(turn): times for turn, times in self.taken.items()}, amount=amount)
        floors = [floor_row(precision, self.gflop, speed, reference) for precision, speed in speeds.items()]
        return (row.model_copy(update={"group": self.title}) for row in (*ways, *floors))


def _measured(encoder: StepSize, precisions: Sequence[str], *, trimmed: int, rounds: int, number: int = 1) -> _Measured:
    """Take turns, each of `number` steps whose mean counts."""
    workplaces = {True: Workplace(encoder), False: Workplace(replace(encoder, vocab_size=trimmed))}
    turns = list(_turns(precisions))
    taken: dict[_Turn, list[Times]] = {turn: [] for turn in turns}
    measured = _Measured(encoder, taken, workplaces[False].size.gflop(workplaces[False].masked))
    for _, turn in in_turns(turns, rounds=rounds, title=measured.title):
        with keeping_freed_memory() if turn.setting.implementation == OURS else nullcontext():
            steps = workplaces[turn.is_full].steps(turn.setting, warm_up=1, number=number)
        taken[turn].append(Times(*(sum(each) for each in zip(*steps, strict=True))).shared(number))
    return measured


def _turns(precisions: Sequence[str]) -> Iterator[_Turn]:
    for is_full, implementations in ((True, (AUTHORS, OURS)), (False, (PLAIN, OURS))):
        for implementation in implementations:
            for precision in precisions:
                yield _Turn(is_full, StepSetting(implementation, precision))


def _targets(measured: _Measured, precisions: Sequence[str], speeds: Mapping[str, float]) -> Iterator[Target]:
    best, authors = precisions[-1], _Turn(True, StepSetting(AUTHORS))
    ours = measured.taken[_Turn(False, StepSetting(OURS, best))]
    yield _against_plain(measured, best, title="", limit=_PLAIN_IN_BF16)
    ratio = median(cpu_ratios(measured.taken[authors], ours))
    yield Target(name=f"speed against {authors}", measured=ratio, limit=_AUTHORS_AT_FULL)
    share = measured.gflop / speeds[best] / median(max(each.cpu_seconds, TICK) for each in ours)
    yield Target(name=f"share of the floor in {best}", measured=share, limit=_FLOOR_IN_BF16)


def _against_plain(measured: _Measured, precision: str, *, title: str, limit: float) -> Target:
    ours, plain = (_Turn(False, StepSetting(implementation, precision)) for implementation in (OURS, PLAIN))
    ratio = median(cpu_ratios(measured.taken[plain], measured.taken[ours]))
    return Target(name=f"{title}speed against {plain}", measured=ratio, limit=limit)
