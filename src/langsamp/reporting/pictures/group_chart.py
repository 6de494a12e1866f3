"""Means of groups of languages, one dot a system on one line, with the controls below them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from langsamp.render.chart import Chart
from langsamp.render.palette import OTHER, Mark
from langsamp.render.svg import LINE, page_style
from langsamp.reporting.inputs.group_rows import GroupRow

CONTROLS = {"chance": ("chance", "|"), "ngram": ("n-grams", "x"), "layer0": ("embedding layer", "1")}
"""What readers call each control, and its grey mark, in the order in which they are listed."""


def group_chart(
    rows: Sequence[GroupRow], *, marks: Mapping[str, Mark], controls: Mapping[str, Sequence[float]]
) -> Chart:
    """Mean score of each group, one dot a side on one line, with the controls as small ticks below them.

    `marks` says which sides in which order and how they are drawn, `controls` what each of `CONTROLS` reaches on each
    row.
    """
    with page_style():
        figure = Figure(figsize=(9.6, 0.9 + 0.5 * len(rows)), layout="constrained")
        axes = figure.subplots()
        draw_means(axes, rows, marks=marks, controls=controls)
        axes.set_yticks(range(len(rows)), [f"{row.group} ({row.languages})" for row in rows])
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="per cent")
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside lower center", ncols=6, handletextpad=0.2, columnspacing=1.4)
    return Chart(figure, {})


def draw_means(
    axes: Axes, rows: Sequence[GroupRow], *, marks: Mapping[str, Mark], controls: Mapping[str, Sequence[float]]
) -> None:
    """Draw the lines of dots and their controls, the first row at height 0 and each further one a step higher."""
    heights = np.arange(len(rows))
    for row, height in zip(rows, heights, strict=True):
        ends = [row.means[side] for side in marks if side in row.means]
        axes.plot([min(ends), max(ends)], [height, height], color=LINE, linewidth=5, solid_capstyle="round", zorder=1)
    step = min(0.2, 0.8 / len(marks)) if len(marks) > 2 else 0.0
    for number, (side, mark) in enumerate(marks.items()):
        aside = step * (number - (len(marks) - 1) / 2)
        means = [row.means.get(side, np.nan) for row in rows]
        axes.scatter(
            means, heights + aside, s=64, color=mark.colour, marker=mark.shape, label=mark.name, zorder=3,
            linewidths=0,
        )  # fmt: skip
    for control, (name, shape) in CONTROLS.items():
        values = controls.get(control, [np.nan] * len(rows))
        if np.isnan(values).all():
            continue
        axes.scatter(values, heights, s=58, color=OTHER.colour, marker=shape, label=name, zorder=2, linewidths=1.6)
    if controls:
        axes.set_xlim(left=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", zorder=0)
