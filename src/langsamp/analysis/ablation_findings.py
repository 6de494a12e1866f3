"""What the ablation found, in sentences that stand by themselves, and which differences are told apart."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from scipy import stats

from langsamp.analysis.variants_record import Contrast, VariantMean
from langsamp.model.variants import BASELINE, DISPLAY_NAMES
from langsamp.scores.statistics.bootstrap import LEVEL

_SAID = {
    "ids": "what the ids themselves bring",
    "placement": "what the output brings over the input",
    "language vectors": "what language vectors bring beside script vectors",
    "script vectors": "what script vectors bring beside language vectors",
}


Row = TypeVar("Row", VariantMean, Contrast)


def judged(rows: Iterable[Row]) -> list[Row]:
    """The rows with `q` and `told_apart`; those without a difference have neither."""
    rows = list(rows)
    by_group: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        if not np.isnan(row.p):
            by_group.setdefault(row.group, []).append(index)
    for indices in by_group.values():
        qs = stats.false_discovery_control([rows[index].p for index in indices])
        for index, q in zip(indices, qs, strict=True):
            is_sure = bool(q < LEVEL and (rows[index].low > 0 or rows[index].high < 0))
            rows[index] = rows[index]._replace(q=float(q), told_apart=is_sure)
    return rows


def findings(rows: Sequence[VariantMean], contrasts: Sequence[Contrast], *, missing: Sequence[str]) -> list[str]:
    """For each task over all languages: the best variant, each against the baseline, and each contrast."""
    sentences = []
    for task in dict.fromkeys(row.task for row in rows):
        over_all = [row for row in rows if row.task == task and row.group == "all"]
        of_task = [row for row in contrasts if row.task == task and row.group == "all"]
        names = {row.variant: row.name for row in over_all}
        sentences.append(_best(over_all, next((row for row in of_task if row.contrast not in _SAID), None), names))
        sentences += _against_baseline(task, over_all)
        sentences += [
            f"{task}: {_SAID[row.contrast]} ({names[row.second]} minus {names[row.first]}): {_points(row)}."
            for row in of_task
            if row.contrast in _SAID
        ]
    if missing:
        sentences.append(f"Not trained or not scored here: {', '.join(DISPLAY_NAMES[variant] for variant in missing)}.")
    return sentences


def _best(rows: Sequence[VariantMean], ahead: Contrast | None, names: dict[str, str]) -> str:
    best = max(rows, key=lambda row: row.mean)
    said = f"{best.task}: over {best.languages} languages the highest mean is that of {best.name}, {best.mean:.1f} %"
    if ahead is None:
        return f"{said}; nothing else was scored."
    sure = "are told apart" if ahead.told_apart else "are not told apart"
    return f"{said}; it and the second, {names[ahead.first]}, {sure} ({_numbers(ahead)})."


def _against_baseline(task: str, rows: Sequence[VariantMean]) -> list[str]:
    compared = [row for row in rows if not np.isnan(row.difference)]
    if not compared:
        has_baseline = any(row.variant == BASELINE for row in rows)
        return [] if has_baseline else [f"{task}: there is no baseline to compare with."]
    sure = [f"{row.name} {_numbers(row)}" for row in compared if row.told_apart]
    unsure = [f"{row.name} {_numbers(row)}" for row in compared if not row.told_apart]
    parts = [f"told apart: {'; '.join(sure)}"] if sure else []
    parts += [f"not told apart: {'; '.join(unsure)}"] if unsure else []
    return [f"{task}, difference to the baseline in points; {'. '.join(parts)}."]


def _points(row: Contrast) -> str:
    return f"{_numbers(row)} points, {'told apart' if row.told_apart else 'not told apart'}"


def _numbers(row: VariantMean | Contrast) -> str:
    interval = "" if np.isnan(row.low) else f" [{_signed(row.low)}, {_signed(row.high)}]"
    return f"{_signed(row.difference)}{interval}"


def _signed(points: float) -> str:
    return f"{round(points, 1) + 0.0:+.1f}" if round(points, 1) else "0.0"
