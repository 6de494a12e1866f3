"""The pictures of an ablation: every variant's mean and difference to the baseline, and what each part brings."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from langsamp.analysis.ablation import BEST
from langsamp.analysis.analysis import Analysis
from langsamp.model.variants import DISPLAY_NAMES, parts_of
from langsamp.render.chart import Chart
from langsamp.render.charts.interval_chart import Dot, Panel, interval_chart
from langsamp.render.numbers import probability, score, signed
from langsamp.render.palette import OTHER, VARIANT_COLOURS, Mark
from langsamp.scores.side_by_side import lines

_SHAPES = ("D", "^", "v", "P", "*", "h", "p", "<", ">")
"""For variants whose colour and shape another place has taken."""
_CONTRASTS = {
    "ids": "own ids, not shuffled",
    "placement": "at the output, not input",
    "language vectors": "with language vectors",
    "script vectors": "with script vectors",
}


def figures(analysis: Analysis) -> dict[str, Chart]:
    """A picture for each task, named as the task, and `contrasts` over all tasks where there are some.

    The difference of a filled dot is told apart from nothing, that of a ring is not.
    """
    table = analysis.tables["ablation"]
    marks = variant_marks(table["variant"])
    names = dict(zip(table["variant"], table["name"], strict=True))
    charts = {
        file_name(str(task)): _task_chart(rows, marks=marks, names=names, gid=file_name(str(task)))
        for task, rows in table.groupby("task", sort=False)
    }
    contrasts = analysis.tables["contrasts"]
    contrasts = contrasts[(contrasts["group"] == "all") & (contrasts["contrast"] != BEST)]
    if not contrasts.empty:
        charts["contrasts"] = _contrast_chart(contrasts, names=names)
    return charts


def file_name(words: str) -> str:
    """A name for a file, and for the ids of a chart: what is no letter or digit becomes a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def variant_marks(variants: Iterable[str]) -> dict[str, Mark]:
    """Colour and shape of each variant: its colour; a disc for the baseline, a square where it is at the input."""
    marks: dict[str, Mark] = {}
    for side in dict.fromkeys(variants):
        variant = side.rpartition(":")[2]
        parts = parts_of(variant)
        shape = "X" if parts.is_shuffled else "s" if parts.placement == "input" else "D" if parts.tables else "o"
        colour = VARIANT_COLOURS.get(variant, OTHER.colour)
        taken = set(marks.values())
        wished = (Mark(colour, each) for each in (shape, *_SHAPES))
        marks[side] = next((mark for mark in wished if mark not in taken), OTHER)
    return marks


def _task_chart(rows: pd.DataFrame, *, marks: Mapping[str, Mark], names: Mapping[str, str], gid: str) -> Chart:
    groups = {row.group: f"{row.group} ({row.languages})" for row in lines(rows)}
    means, differences = [], []
    for row in lines(rows):
        spread = "" if pd.isna(row.deviation) else f" ± {score(row.deviation)} over {row.seeds} seeds"
        title = f"{row.name}, {row.group}: {score(row.mean)} %{spread}"
        ends = (row.mean - row.deviation, row.mean + row.deviation)
        means.append(Dot(row.group, row.variant, row.mean, *ends, True, title))
        if not pd.isna(row.difference):
            title = f"{row.name}, {row.group}: {_interval(row)} points, q = {probability(row.q)}"
            differences.append(
                Dot(row.group, row.variant, row.difference, row.low, row.high, bool(row.told_apart), title)
            )
    panels = [Panel("mean over languages, per cent (± deviation over seeds)", means, False)]
    if differences:
        panels.append(
            Panel("difference to the baseline, points (95 % interval; filled: told apart)", differences, True)
        )
    return interval_chart(panels, rows=groups, marks={name: marks[name] for name in names}, names=names, gid=gid)


def _contrast_chart(contrasts: pd.DataFrame, *, names: Mapping[str, str]) -> Chart:
    ordered = contrasts.sort_values("contrast", key=lambda column: column.map(list(_CONTRASTS).index), kind="stable")
    rows, dots = {}, []
    for row in lines(ordered):
        key = f"{row.contrast} {row.task} {row.second}"
        rows[key] = f"{_CONTRASTS[row.contrast]} ({row.task})"
        title = f"{row.task}, {names[row.second]} minus {names[row.first]}: {_interval(row)} points"
        dots.append(Dot(key, "both", row.difference, row.low, row.high, bool(row.told_apart), title))
    label = "LangSAMP minus the other over all languages, points (line: 95 % interval; filled: told apart)"
    marks = variant_marks(["both"])
    return interval_chart([Panel(label, dots, True)], rows=rows, marks=marks, names=DISPLAY_NAMES, gid="contrasts")


def _interval(row: Any) -> str:
    return signed(row.difference) + ("" if pd.isna(row.low) else f" [{signed(row.low)}, {signed(row.high)}]")
