"""Means of groups of languages, one dot a system on one line, with the controls below them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from langsamp.render.chart import Chart
from langsamp.render.palette import OTHER, Mark
from langsamp.render.svg import LINE, page_style
from langsamp.reporting.inputs.group_rows import GroupRow
from langsamp.views.appearance import side_name


def group_chart(
    rows: Sequence[GroupRow], *, marks: Mapping[str, Mark], controls: Mapping[tuple[str, str], str]
) -> Chart:
    """Mean score of each group, one dot a side on one line, with the controls as small ticks below them.

    `marks` says which sides in which order and how they are drawn, `controls` which of `GroupRow.controls`.
    """
    with page_style():
        figure = Figure(figsize=(9.6, 0.9 + 0.5 * len(rows)), layout="constrained")
        axes = figure.subplots()
        heights = np.arange(len(rows))[::-1]
        for row, height in zip(rows, heights, strict=True):
            ends = [row.means[side] for side in marks]
            axes.plot(
                [min(ends), max(ends)], [height, height], color=LINE, linewidth=5, solid_capstyle="round", zorder=1
            )
        for number, (side, mark) in enumerate(marks.items()):
            aside = 0.13 * ((len(marks) - 1) / 2 - number) if len(marks) > 2 else 0.0
            axes.scatter(
                [row.means[side] for row in rows], heights + aside, s=64, color=mark.colour, marker=mark.shape,
                label=side_name(side), zorder=3, linewidths=0,
            )  # fmt: skip
        for (key, name), shape in zip(controls.items(), ("|", "x", "1"), strict=False):
            values = [row.controls.get(key, float("nan")) for row in rows]
            axes.scatter(values, heights, s=58, color=OTHER.colour, marker=shape, label=name, zorder=2, linewidths=1.6)
        axes.set_yticks(heights, [f"{row.group} ({row.languages})" for row in rows])
        axes.set(ylim=(-0.6, len(rows) - 0.4), xlabel="per cent")
        if controls:
            axes.set_xlim(left=0)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", zorder=0)
        figure.legend(loc="outside lower center", ncols=6, handletextpad=0.2, columnspacing=1.4)
    return Chart(figure, {})
