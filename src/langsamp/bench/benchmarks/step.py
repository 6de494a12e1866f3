"""One training step as users of the field do it, and ours: time, memory, and how far the machine's limit is.

Two processes take turns: one for stock transformers and the authors' way, with the allocator as it is, and one for
ours, which keeps freed memory. Losses and gradients are compared first.
"""

import gc
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, replace
from multiprocessing import get_context
from statistics import median
from typing import Any

import torch
from torch import Tensor

from langsamp.bench.floor import floor_row, gflop_per_second
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.rivals import AUTHORS, OURS, STOCK, StepSetting, StepSize, Workplace
from langsamp.bench.timing import Times, compared, cpu_ratios, in_turns
from langsamp.errors import UserError
from langsamp.machine import available_memory_bytes, keeping_freed_memory, peak_memory_bytes, resident_memory_bytes

QUICK = StepSize(layers=4, hidden=256, heads=4, vocab_size=32_000, rows=2, row_tokens=512, rounds=5)
NORMAL = StepSize(
    layers=12, hidden=768, heads=12, vocab_size=250_002, rows=2, row_tokens=512, rounds=3, has_targets=True
)
LARGE = replace(NORMAL, vocab_size=401_145, rounds=1)
"""The vocabulary of the paper's encoders: that of XLM-R, extended."""
GPU = StepSize(layers=12, hidden=768, heads=12, vocab_size=401_145, rows=64, row_tokens=512, rounds=7, has_targets=True)
_STEPS_FOR_MEMORY = 3
_EQUAL = 1e-5
"""Largest differences from stock transformers in fp32: of the loss, and of gradients as a share of their largest."""
_DROPOUT = 0.1
_PLAIN = [
    StepSetting(AUTHORS),
    StepSetting(STOCK),
    StepSetting(AUTHORS, "bf16"),
    StepSetting(OURS),
    StepSetting(OURS, "bf16"),
]
_DROPPED = [
    StepSetting(each.implementation, each.precision, _DROPOUT) for each in _PLAIN if each.implementation != STOCK
]
_TARGETS = [
    (StepSetting(STOCK), StepSetting(OURS), 5.5),
    (StepSetting(AUTHORS), StepSetting(OURS), 2.6),
    (StepSetting(AUTHORS, "fp32", _DROPOUT), StepSetting(OURS, "fp32", _DROPOUT), 2.6),
    (StepSetting(STOCK), StepSetting(OURS, "bf16"), 10.0),
    (StepSetting(AUTHORS), StepSetting(OURS, "bf16"), 4.8),
    (StepSetting(AUTHORS, "fp32", _DROPOUT), StepSetting(OURS, "bf16", _DROPOUT), 4.0),
]
"""Least speed of the second against the first."""
_MOST_MEMORY = 0.1


def measure_step(size: StepSize) -> Record:
    """Seconds and memory of a training step in each way, and what its products alone would take on this machine.

    Raises:
        AssertionError: where losses or gradients differ: then the times say nothing.
        UserError: where the machine has too little memory.
    """
    parameters = size.hidden * size.vocab_size + size.layers * 12 * size.hidden**2
    needed = 45 * parameters  # two models with optimizer, gradients, and the logits of all positions
    if available_memory_bytes() < needed:
        raise UserError(
            f"this needs {needed / 2**30:.0f} GiB of free memory; `langsamp bench step --quick` needs little"
        )
    with _worker(size) as others, _worker(size, keeps=True) as ours:
        differences = ours.submit(_compare).result()
        reasons = {precision: ours.submit(_reasons, precision).result() for precision in ("fp32", "bf16")}
        taken = _take_turns(size, {STOCK: others, AUTHORS: others, OURS: ours})
        masked = ours.submit(_masked).result()
    above = {setting: _alone(size, setting) for setting in (*_PLAIN, *_DROPPED)}
    rows: list[Row] = []
    for group, suffix in ((_PLAIN, ""), (_DROPPED, f", dropout {_DROPOUT}")):
        compared_rows = compared({str(each): taken[each] for each in group}, amount=size.rows * size.row_tokens)
        for row, setting in zip(compared_rows, group, strict=True):
            peak, over = above[setting]
            rows.append(row.model_copy(update={"variant": f"{setting}{suffix}", "peak_mib": peak, "above_mib": over}))
    speeds = {precision: gflop_per_second(precision, size.floor) for precision in ("fp32", "bf16")}
    gflop = size.gflop(masked)
    rows += [floor_row(precision, gflop, speed, taken[_PLAIN[0]]) for precision, speed in speeds.items()]
    return Record(
        name="step",
        measures=(
            "One optimizer step at XLM-R's architecture, both tables on, three ways; ratios against the authors' way "
            "in fp32 with as much dropout. `above` is memory over weights, gradients and optimizer state."
        ),
        unit="tokens",
        rows=tuple(rows),
        targets=_targets(taken, {setting: over for setting, (_, over) in above.items()}) if size.has_targets else (),
        settings={
            **asdict(size),
            "masked": masked,
            "gflop": round(gflop, 1),
            "gflop_all_positions": round(size.gflop(masked, all_positions=True), 1),
            "gflop_per_second": speeds,
            "differences": differences,
            "fast_paths": reasons,
            "threads": torch.get_num_threads(),
            "device": "cpu",
        },
    )


def _take_turns(size: StepSize, workers: Mapping[str, ProcessPoolExecutor]) -> dict[StepSetting, list[Times]]:
    """What a step took in each round; all settings have their turn in every round, every other one in reverse order."""
    settings = [*_PLAIN, *_DROPPED]
    taken: dict[StepSetting, list[Times]] = {setting: [] for setting in settings}
    for number, setting in in_turns(settings, rounds=size.rounds, title="steps"):
        # Allocators learn, optimizers make their state.
        warm_up = 1 if number or setting.implementation == STOCK else 2
        taken[setting].append(workers[setting.implementation].submit(_turn, setting, warm_up).result())
    return taken


def _targets(taken: Mapping[StepSetting, Sequence[Times]], above: Mapping[StepSetting, float]) -> tuple[Target, ...]:
    speeds = []
    for reference, ours, limit in _TARGETS:
        ratio = median(cpu_ratios(taken[reference], taken[ours]))
        dropout = f", dropout {ours.dropout}" if ours.dropout else ""
        speeds.append(
            Target(name=f"speed in {ours.precision} against {reference}{dropout}", measured=ratio, limit=limit)
        )
    memory = [
        Target(
            name=f"memory above, in {precision}, against {AUTHORS}",
            measured=above[StepSetting(OURS, precision)] / above[StepSetting(AUTHORS, precision)],
            limit=_MOST_MEMORY,
            at_most=True,
        )
        for precision in ("fp32", "bf16")
    ]
    return (*speeds, *memory)


def _alone(size: StepSize, setting: StepSetting) -> tuple[float, float]:
    """The most memory of a process that does a few such steps, and how much of it is over what every step must hold."""
    with _worker(size, keeps=setting.implementation == OURS) as worker:
        return worker.submit(_peak, setting).result()


_places: list[Workplace] = []
"""In a worker process: its model, optimizer and batch."""


def _worker(size: StepSize, *, keeps: bool = False) -> ProcessPoolExecutor:
    """A new process with a model; all are forks of one that has imported what they need and done nothing."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(
        1, mp_context=context, initializer=_start, initargs=(size, keeps, torch.get_num_threads())
    )


def _start(size: StepSize, keeps: bool, threads: int) -> None:
    torch.set_num_threads(threads)
    if keeps:
        ExitStack().enter_context(keeping_freed_memory())  # until the process ends
    _places.append(Workplace(size))


def _turn(setting: StepSetting, warm_up: int) -> Times:
    (times,) = _places[0].steps(setting, warm_up=warm_up, number=1)
    return times


def _masked() -> int:
    return _places[0].masked


def _reasons(precision: str) -> str:
    return str(_places[0].choice(precision))


def _peak(setting: StepSetting) -> tuple[float, float]:
    workplace = _places[0]
    if setting.implementation == OURS:
        workplace.choice(setting.precision)
    gc.collect()
    before = resident_memory_bytes()
    workplace.steps(setting, warm_up=0, number=_STEPS_FOR_MEMORY)
    state = [value for states in workplace.optimizer.state.values() for value in states.values()]
    must = sum(each.nbytes for each in [*workplace.model.parameters(), *state] if isinstance(each, Tensor))
    return peak_memory_bytes() / 2**20, (peak_memory_bytes() - before - must) / 2**20


def _compare() -> dict[str, Any]:
    """Largest differences of loss and gradients from stock transformers in fp32.

    Raises:
        AssertionError: where those in fp32 are more than rounding.
    """
    workplace, differences = _places[0], {}
    expected: dict[str, Tensor] = {}
    for setting in (StepSetting(STOCK), StepSetting(AUTHORS), StepSetting(OURS), StepSetting(OURS, "bf16")):
        with workplace.ready(setting):
            loss = workplace.gradients(setting)
        gradients = {name: each.grad for name, each in workplace.model.mlm.named_parameters() if each.grad is not None}
        workplace.optimizer.zero_grad()
        if not expected:
            expected, first = gradients, loss
            largest = max(float(each.abs().max()) for each in expected.values())
            continue
        worst = max(float((gradients[name] - each).abs().max()) for name, each in expected.items()) / largest
        differences[str(setting)] = {"loss": abs(loss - first), "gradients": worst}
        if setting.precision == "fp32":
            assert abs(loss - first) <= _EQUAL * first and worst <= _EQUAL, f"{setting}: {differences[str(setting)]}"
    return differences
