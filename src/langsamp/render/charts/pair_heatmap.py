"""Heatmaps of pairs of languages: lower triangles on one scale, blue above nothing, orange below."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.chart import Chart
from langsamp.render.palette import BLUE, ORANGE
from langsamp.render.svg import page_style

_SCALE = LinearSegmentedColormap.from_list("below to above", [ORANGE, "#F4F4F0", BLUE])
_ABSENT, _DARK, _LIGHT = "#D9D9D4", "#111111", "#FFFFFF"
_WRITTEN = 12
"""At most so many languages have their numbers written into the squares."""
_SIDE = 0.96
"""Of a square; the rest is a gap."""


class Square(NamedTuple):
    """One pair of languages."""

    first: str
    second: str
    value: float
    """NaN where there is none."""
    written: str
    """What stands in the square where there is room."""
    title: str
    """Shown when the square is pointed at."""


def pair_heatmap(
    panels: Mapping[str, Sequence[Square]], tags: Sequence[str], *, full: float, label: str, name: str
) -> Chart:
    """A heatmap for each panel, two a row, `full` being the value of the strongest colour; `name` begins their gids."""
    across, down = min(2, len(panels)), -(-len(panels) // 2)
    size = min(max(0.42 * len(tags) + 1.4, 3.6), 4.8 if across > 1 else 9.6)
    norm = Normalize(-full or -1.0, full or 1.0)
    titles: dict[str, Sequence[str]] = {}
    with page_style():
        figure = Figure(figsize=(size * across, (size - 0.3) * down + 0.5), layout="constrained")
        pictures = figure.subplots(down, across, squeeze=False).ravel()
        for number, (axes, (title, squares)) in enumerate(zip(pictures, panels.items(), strict=False)):
            gid = f"{name}-{number}"
            _draw(axes, squares, tags, norm=norm, gid=gid)
            _label(axes, tags)
            axes.set_title(title)
            titles[gid] = [square.title for square in squares]
        for axes in pictures[len(panels) :]:
            axes.set_axis_off()
        bar = figure.colorbar(
            ScalarMappable(norm, _SCALE), ax=list(pictures), orientation="horizontal", shrink=0.5, aspect=36, pad=0.02
        )
        bar.set_label(label)
        bar.locator = MaxNLocator(4)
        bar.outline.set_visible(False)
        lowest = min((square.value for squares in panels.values() for square in squares), default=0.0)
        bar.ax.set_xlim(norm.vmin if not lowest >= 0 else 0.0, norm.vmax)
    return Chart(figure, titles)


def _draw(axes: Axes, squares: Sequence[Square], tags: Sequence[str], *, norm: Normalize, gid: str) -> None:
    number_of = {tag: number for number, tag in enumerate(tags)}
    corners, colours = [], []
    for square in squares:
        x, y = sorted((number_of[square.first], number_of[square.second]))
        corners.append([(x, y), (x + _SIDE, y), (x + _SIDE, y + _SIDE), (x, y + _SIDE)])
        strength = float(norm(np.clip(square.value, norm.vmin, norm.vmax)))
        colours.append(_ABSENT if np.isnan(square.value) else _SCALE(strength))
        if len(tags) <= _WRITTEN:
            dark = np.isnan(square.value) or strength < 0.82
            axes.text(
                x + _SIDE / 2, y + _SIDE / 2, square.written, ha="center", va="center", fontsize=7,
                color=_DARK if dark else _LIGHT,
            )  # fmt: skip
    axes.add_collection(PolyCollection(corners, facecolors=colours, linewidths=0, gid=gid))


def _label(axes: Axes, tags: Sequence[str]) -> None:
    """Tags below, names to the left; the first language has no row and the last no column."""
    middle = np.arange(len(tags)) + _SIDE / 2
    names = [describe(LangScript.parse(tag)).name.partition(" (")[0] for tag in tags]
    shown = [f"{name} ({tag})" if names.count(name) > 1 else name for name, tag in zip(names, tags, strict=True)]
    size = min(7.5, 190 / len(tags))
    axes.set_xticks(middle[:-1], tags[:-1], rotation=90, fontsize=size)
    axes.set_yticks(middle[1:], shown[1:], fontsize=size)
    axes.set(xlim=(0, len(tags) - 1), ylim=(len(tags), 1))
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_aspect("equal")
