"""Charts of dots with intervals: groups one below the other, each model a dot in every group, several panels beside."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from langsamp.render.chart import Chart
from langsamp.render.palette import Mark
from langsamp.render.svg import INK, LINE, page_style

_STEP = 0.19
"""Inches between two dots of a group, one below the other."""
_LONG = 7.0
"""Inches: what is taller does not fit a screen."""


class Dot(NamedTuple):
    """One number with what surrounds it."""

    row: str
    series: str
    """Chooses colour and shape."""
    value: float
    low: float
    """NaN where there is no interval, as `high`."""
    high: float
    is_sure: bool
    """Whether the dot is filled; others are rings."""
    title: str
    """Shown when the dot is pointed at."""


class Panel(NamedTuple):
    """Dots on one axis."""

    label: str
    dots: Sequence[Dot]
    has_zero: bool
    """Whether a line stands at zero, for differences."""


def interval_chart(
    panels: Sequence[Panel],
    *,
    rows: Mapping[str, str],
    marks: Mapping[str, Mark],
    names: Mapping[str, str],
    gid: str,
) -> Chart:
    """Panels side by side that share their rows; `rows` and `names` are what readers call rows and series.

    A row has a lane for each series of `marks`, in its order, whether it has a dot there or not.
    """
    height = _STEP * len(rows) * (len(marks) + 1)
    titles: dict[str, list[str]] = {}
    with page_style():
        figure = Figure(figsize=(9.6, max(1.9, 1.1 + height)), layout="constrained")
        drawn = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for number, (axes, panel) in enumerate(zip(drawn, panels, strict=True)):
            titles |= draw_panel(axes, panel, rows=list(rows), marks=marks, gid=f"{gid}-{number}")
            if height > _LONG:
                axes.set_title(panel.label, fontsize=9, fontweight="normal")
            else:
                axes.set_xlabel(panel.label)
        first: Axes = drawn[0]
        first.set_yticks(range(len(rows)), list(rows.values()))
        first.set_ylim(len(rows) - 0.45, -0.55)
        handles = [
            Line2D([], [], linestyle="none", color=mark.colour, marker=mark.shape, label=names.get(series, series))
            for series, mark in marks.items()
            if any(dot.series == series for panel in panels for dot in panel.dots)
        ]
        # Who reads a long picture from its top should know there what it shows.
        figure.legend(
            handles=handles, loc="outside upper center" if height > _LONG else "outside lower center", ncols=6,
            handletextpad=0.1, columnspacing=1.2,
        )  # fmt: skip
    return Chart(figure, titles)


def draw_panel(
    axes: Axes, panel: Panel, *, rows: Sequence[str], marks: Mapping[str, Mark], gid: str
) -> dict[str, list[str]]:
    """Draw one panel, the first row at height 0 and each further one a step higher; the tooltips by gid."""
    titles: dict[str, list[str]] = {}
    lanes = {series: (number + 1) / (len(marks) + 1) - 0.5 for number, series in enumerate(marks)}
    for edge in np.arange(len(rows) - 1) + 0.5:
        axes.axhline(edge, color=LINE, linewidth=0.5, zorder=0)
    if panel.has_zero:
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    for series, mark in marks.items():
        for is_sure in (True, False):
            dots = [dot for dot in panel.dots if dot.series == series and dot.is_sure == is_sure and dot.row in rows]
            if not dots:
                continue
            heights = [rows.index(dot.row) + lanes[series] for dot in dots]
            whiskers: Any = [dot.low for dot in dots], [dot.high for dot in dots]
            axes.hlines(heights, *whiskers, color=mark.colour, linewidth=1.4, zorder=2)
            titles[f"{gid}-{len(titles)}"] = [dot.title for dot in dots]
            axes.scatter(
                [dot.value for dot in dots], heights, s=30, marker=mark.shape, gid=f"{gid}-{len(titles) - 1}",
                facecolors=mark.colour if is_sure else "none", edgecolors=mark.colour, linewidths=1.2, zorder=3,
            )  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", zorder=0)
    return titles
