"""The pictures of an ablation: every variant's mean and difference to the baseline, and what each part brings."""

import re
from collections.abc import Iterable, Mapping, Sequence

from langsamp.analysis.ablation import BEST
from langsamp.analysis.variant_analyses import AblationAnalysis
from langsamp.analysis.variants_record import Contrast, VariantMean
from langsamp.model.variants import DISPLAY_NAMES, parts_of, split_side
from langsamp.render.chart import Chart
from langsamp.render.charts.interval_chart import Dot, Panel, interval_chart
from langsamp.render.document import is_absent
from langsamp.render.numbers import probability, score, signed, with_ends
from langsamp.render.palette import OTHER, VARIANT_COLOURS, Mark

_SHAPES = ("D", "^", "v", "P", "*", "h", "p", "<", ">")
"""For variants whose colour and shape another place has taken."""
_CONTRASTS = {
    "ids": "own ids, not shuffled",
    "placement": "at the output, not input",
    "language vectors": "with language vectors",
    "script vectors": "with script vectors",
}


def figures(analysis: AblationAnalysis) -> dict[str, Chart]:
    """A picture for each task, named as the task, and `contrasts` over all tasks where there are some.

    The difference of a filled dot is told apart from nothing, that of a ring is not.
    """
    names = {line.variant: line.name for line in analysis.ablation}
    marks, charts = variant_marks(names), {}
    for task in dict.fromkeys(line.task for line in analysis.ablation):
        rows = [line for line in analysis.ablation if line.task == task]
        charts[file_name(task)] = _task_chart(rows, marks=marks, names=names, gid=file_name(task))
    contrasts = [line for line in analysis.contrasts if line.group == "all" and line.contrast != BEST]
    if contrasts:
        charts["contrasts"] = _contrast_chart(contrasts, names=names)
    return charts


def file_name(words: str) -> str:
    """A name for a file, and for the ids of a chart: what is no letter or digit becomes a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def variant_marks(variants: Iterable[str]) -> dict[str, Mark]:
    """Colour and shape of each variant: its colour; a disc for the baseline, a square where it is at the input."""
    marks: dict[str, Mark] = {}
    for side in dict.fromkeys(variants):
        variant = split_side(side)[1]
        parts = parts_of(variant)
        shape = "X" if parts.is_shuffled else "s" if parts.placement == "input" else "D" if parts.tables else "o"
        colour = VARIANT_COLOURS.get(variant, OTHER.colour)
        taken = set(marks.values())
        wished = (Mark(colour, each) for each in (shape, *_SHAPES))
        marks[side] = next((mark for mark in wished if mark not in taken), OTHER)
    return marks


def _task_chart(rows: Sequence[VariantMean], *, marks: Mapping[str, Mark], names: Mapping[str, str], gid: str) -> Chart:
    groups = {row.group: f"{row.group} ({row.languages})" for row in rows}
    means, differences = [], []
    for row in rows:
        spread = "" if is_absent(row.deviation) else f" ± {score(row.deviation)} (n = {row.seeds})"
        title = f"{row.name}, {row.group}: {score(row.mean)} %{spread}"
        ends = (row.mean - row.deviation, row.mean + row.deviation)
        means.append(Dot(row.group, row.variant, row.mean, *ends, True, title))
        if not is_absent(row.difference):
            title = f"{row.name}, {row.group}: {_interval(row)} points, q = {probability(row.q)}"
            differences.append(Dot(row.group, row.variant, row.difference, row.low, row.high, row.told_apart, title))
    panels = [Panel("mean over languages, per cent (± deviation over trainings or seeds)", means, False)]
    if differences:
        panels.append(
            Panel("difference to the baseline, points (95 % interval; filled: told apart)", differences, True)
        )
    return interval_chart(panels, rows=groups, marks={name: marks[name] for name in names}, names=names, gid=gid)


def _contrast_chart(contrasts: Sequence[Contrast], *, names: Mapping[str, str]) -> Chart:
    ordered = sorted(contrasts, key=lambda line: list(_CONTRASTS).index(line.contrast))
    rows, dots = {}, []
    for row in ordered:
        key = f"{row.contrast} {row.task} {row.second}"
        rows[key] = f"{_CONTRASTS[row.contrast]} ({row.task})"
        title = f"{row.task}, {names[row.second]} minus {names[row.first]}: {_interval(row)} points"
        dots.append(Dot(key, "both", row.difference, row.low, row.high, row.told_apart, title))
    label = "LangSAMP minus the other over all languages, points (line: 95 % interval; filled: told apart)"
    marks = variant_marks(["both"])
    return interval_chart([Panel(label, dots, True)], rows=rows, marks=marks, names=DISPLAY_NAMES, gid="contrasts")


def _interval(row: VariantMean | Contrast) -> str:
    return with_ends(row.difference, row.low, row.high, signed)
