"""One training step on a GPU as users of the field do it, and ours: time, memory, and the share of the GPU's peak."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median

import torch
from torch import Tensor

from langsamp.bench.gpu_peaks import dense_bf16_peak
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.rivals import AUTHORS, OURS, STOCK, StepSetting, StepSize, Workplace
from langsamp.bench.timing import Times, compared
from langsamp.progress import Bar

_SETTINGS = [
    StepSetting(AUTHORS, "fp16"),
    StepSetting(AUTHORS, "bf16"),
    StepSetting(STOCK, "bf16"),
    StepSetting(OURS, "bf16"),
    StepSetting(AUTHORS, "fp16", 0.1),
    StepSetting(OURS, "bf16", 0.1),
]
_TARGETS = ((_SETTINGS[0], _SETTINGS[3]), (_SETTINGS[4], _SETTINGS[5]))
_LEAST_SPEED = 3.0
_LEAST_SHARE = 0.4
_MOST_MEMORY = 0.1
_STEPS = 5
"""Of one turn; a single one would measure the start of its kernels."""


def measure_step_on_gpu(size: StepSize, *, device: str = "cuda") -> Record:
    """Seconds and memory of a training step in each way on a GPU; all take turns on one model.

    `share of peak` counts 6 FLOPs for each parameter of a matrix and token, 12 x width x row for attention in each
    layer, the head at masked positions only, against the dense bf16 peak of the GPU's data sheet.
    """
    workplace = Workplace(size, device=device)
    reasons = str(workplace.choice("bf16"))
    taken: dict[StepSetting, list[Times]] = {setting: [] for setting in _SETTINGS}
    above = {}
    with Bar("memory", total=len(_SETTINGS), unit="ways") as bar:
        for setting in _SETTINGS:
            above[setting] = _above_mib(workplace, setting)
            bar.update()
    with Bar("steps", total=size.rounds * len(_SETTINGS), unit="turns") as bar:
        for number in range(size.rounds):
            for setting in _SETTINGS[:: -1 if number % 2 else 1]:
                turn = workplace.steps(setting, warm_up=1, number=_STEPS)
                taken[setting].append(Times(*(sum(each) / _STEPS for each in zip(*turn, strict=True))))
                bar.update()
    tokens = size.rows * size.row_tokens
    names = {setting: f"{setting}{f', dropout {setting.dropout}' if setting.dropout else ''}" for setting in _SETTINGS}
    compared_rows = compared({names[setting]: times for setting, times in taken.items()}, amount=tokens)
    rows = [
        row.model_copy(update={"above_mib": above[setting], "cpu_ratio": None})
        for row, setting in zip(compared_rows, _SETTINGS, strict=True)
    ]
    name = torch.cuda.get_device_name() if device == "cuda" else device
    return Record(
        name="step-gpu",
        measures="One optimizer step at XLM-R base's size, both tables on. `above` is memory over weights, gradients "
        "and optimizer state.",
        unit="tokens",
        rows=tuple(rows),
        targets=_targets(size, workplace.masked, taken, rows=rows, above=above, peak=dense_bf16_peak(name)),
        settings={**asdict(size), "masked": workplace.masked, "device": name, "fast_paths": reasons},
    )


def _targets(
    size: StepSize,
    masked: int,
    taken: Mapping[StepSetting, Sequence[Times]],
    *,
    rows: Sequence[Row],
    above: Mapping[StepSetting, float],
    peak: float | None,
) -> tuple[Target, ...]:
    speeds = [
        Target(
            name=f"speed against {reference}{f', dropout {ours.dropout}' if ours.dropout else ''}",
            measured=median(a.seconds / b.seconds for a, b in zip(taken[reference], taken[ours], strict=True)),
            limit=_LEAST_SPEED,
        )
        for reference, ours in _TARGETS
    ]  # fmt: skip
    memory = Target(
        name=f"memory above, against {_SETTINGS[1]}",
        measured=above[_SETTINGS[3]] / max(above[_SETTINGS[1]], 1.0), limit=_MOST_MEMORY, at_most=True,
    )  # fmt: skip
    if peak is None:
        return (*speeds, memory)
    seconds = median(each.seconds for each in taken[_SETTINGS[3]])
    share = size.gflop(masked, prunes=False) / seconds / (1000 * peak)
    return (*speeds, Target(name="share of the dense bf16 peak", measured=share, limit=_LEAST_SHARE), memory)


def _above_mib(workplace: Workplace, setting: StepSetting) -> float:
    """Most memory of a step over weights, gradients and optimizer state, on the GPU."""
    workplace.steps(setting, warm_up=1, number=1)
    state = [value for states in workplace.optimizer.state.values() for value in states.values()]
    must = sum(each.nbytes for each in [*workplace.model.parameters(), *state] if isinstance(each, Tensor))
    gradients = sum(each.nbytes for each in workplace.model.parameters())
    if workplace.device.type != "cuda":
        return 0.0
    torch.cuda.reset_peak_memory_stats()
    workplace.steps(setting, warm_up=0, number=1)
    return float(torch.cuda.max_memory_allocated() - must - gradients) / 2**20
