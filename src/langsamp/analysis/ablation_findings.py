"""What the ablation found, in sentences that stand by themselves."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from langsamp.model.variants import DISPLAY_NAMES
from langsamp.scores.side_by_side import lines

_SAID = {
    "ids": "what the ids themselves bring",
    "placement": "what the output brings over the input",
    "language vectors": "what language vectors bring beside script vectors",
    "script vectors": "what script vectors bring beside language vectors",
}


def findings(rows: pd.DataFrame, contrasts: pd.DataFrame, *, missing: Sequence[str]) -> list[str]:
    """For each task over all languages: the best variant, each against the baseline, and each contrast."""
    sentences = []
    for task, over_all in rows[rows["group"] == "all"].groupby("task", sort=False):
        of_task = contrasts[(contrasts["task"] == task) & (contrasts["group"] == "all")]
        sentences += _best(str(task), over_all, of_task[of_task["contrast"] == "best"])
        sentences += _against_baseline(str(task), over_all)
        names = dict(zip(over_all["variant"], over_all["name"], strict=True))
        sentences += [
            f"{task}: {_SAID[row.contrast]} ({names[row.second]} minus {names[row.first]}): {_points(row)}."
            for row in lines(of_task)
            if row.contrast in _SAID
        ]
    if missing:
        sentences.append(f"Not trained or not scored here: {', '.join(DISPLAY_NAMES[variant] for variant in missing)}.")
    return sentences


def _best(task: str, rows: pd.DataFrame, ahead: pd.DataFrame) -> list[str]:
    best = max(lines(rows), key=lambda row: row.mean)
    said = f"{task}: over {best.languages} languages the highest mean is that of {best.name}, {best.mean:.1f} %"
    if ahead.empty:
        return [f"{said}; nothing else was scored."]
    row = lines(ahead)[0]
    second = rows.loc[rows["variant"] == row.first, "name"].iloc[0]
    sure = "are told apart" if row.told_apart else "are not told apart"
    return [f"{said}; it and the second, {second}, {sure} ({_numbers(row)})."]


def _against_baseline(task: str, rows: pd.DataFrame) -> list[str]:
    compared = [row for row in lines(rows) if not pd.isna(row.difference)]
    if not compared:
        return [f"{task}: there is no baseline to compare with."] if "none" not in set(rows["variant"]) else []
    sure = [f"{row.name} {_numbers(row)}" for row in compared if row.told_apart]
    unsure = [f"{row.name} {_numbers(row)}" for row in compared if not row.told_apart]
    parts = [f"told apart: {'; '.join(sure)}"] if sure else []
    parts += [f"not told apart: {'; '.join(unsure)}"] if unsure else []
    return [f"{task}, difference to the baseline in points; {'. '.join(parts)}."]


def _points(row: Any) -> str:
    return f"{_numbers(row)} points, {'told apart' if row.told_apart else 'not told apart'}"


def _numbers(row: Any) -> str:
    interval = "" if pd.isna(row.low) else f" [{_signed(row.low)}, {_signed(row.high)}]"
    return f"{_signed(row.difference)}{interval}"


def _signed(points: float) -> str:
    return f"{round(points, 1) + 0.0:+.1f}" if round(points, 1) else "0.0"
