"""A tree of vectors with its leaves named, from a handful to many hundreds."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from langsamp.render.chart import Chart
from langsamp.render.palette import OTHER, Mark
from langsamp.render.svg import INK, page_style

_ONE_COLUMN = 80
"""So many leaves stand in one column; more are spread over several of at most `_IN_COLUMN`."""
_IN_COLUMN = 105
_WIDTH_ALONE, _WIDTH = 8.0, 3.3  # inches of a column
_LINE_ALONE, _LINE = 0.165, 0.115  # inches of a leaf
_MARGIN = 1.1  # inches above and below
_LEGEND_COLUMNS = 6


class Leaf(NamedTuple):
    """One vector at the end of a branch."""

    label: str
    group: str
    """Chooses colour and shape; empty where it has none."""


class _Drawn(NamedTuple):
    """Where the tree lies: a leaf at each whole number, the joins' brackets with the group that is all of them."""

    order: list[int]
    """Leaves from top to bottom."""
    brackets: list[NDArray[np.floating]]
    groups: list[str]


def dendrogram(
    leaves: Sequence[Leaf], joins: NDArray[np.floating], *, marks: Mapping[str, Mark], names: Mapping[str, str]
) -> Chart:
    """The tree of `joins` (rows as in scipy), its root at the left, a leaf a line; long trees go on in the next column.

    A branch whose leaves are all of one group has its colour. A line that ends at the upper or lower edge of a column
    goes on at the same height in the one before or after it.
    """
    drawn = _layout(joins, [leaf.group for leaf in leaves])
    columns = 1 if len(leaves) <= _ONE_COLUMN else math.ceil(len(leaves) / _IN_COLUMN)
    lines = math.ceil(len(leaves) / columns)
    wide, high = (_WIDTH_ALONE, _LINE_ALONE) if columns == 1 else (_WIDTH, _LINE)
    with page_style():
        figure = Figure(figsize=(wide * columns, _MARGIN + high * lines), layout="constrained")
        for column, axes in enumerate(figure.subplots(1, columns, squeeze=False)[0]):
            axes.set_ylim((column + 1) * lines - 0.5, column * lines - 0.5)
            _draw(axes, drawn, leaves, marks=marks, size=8 if columns == 1 else 6)
            axes.set_xlim(*_reach(joins))
        figure.supxlabel("cosine distance at which branches join (1 − cosine, mean over pairs)", fontsize=9, color=INK)
        present = {leaf.group for leaf in leaves}
        listed = [(names.get(group, group), mark) for group, mark in marks.items() if group in present]
        if 1 < len(present) < len(leaves):  # else every leaf's label already names its group
            _legend(figure, [*listed, ("other", OTHER)] if present - marks.keys() else listed)
    return Chart(figure, {})


def _draw(axes: Axes, drawn: _Drawn, leaves: Sequence[Leaf], *, marks: Mapping[str, Mark], size: float) -> None:
    low, high = sorted(axes.get_ylim())
    here = [at for at, each in enumerate(drawn.brackets) if each[:, 1].max() >= low and each[:, 1].min() <= high]
    groups = [drawn.groups[at] for at in here]
    colours = [INK if not group else marks.get(group, OTHER).colour for group in groups]
    axes.add_collection(LineCollection([drawn.brackets[at] for at in here], colors=colours, linewidths=0.9))
    end = axes.get_yaxis_transform()
    shown = [(height, leaves[leaf]) for height, leaf in enumerate(drawn.order) if low < height < high]
    for mark in dict.fromkeys(marks.get(leaf.group, OTHER) for _, leaf in shown):
        places = [height for height, leaf in shown if marks.get(leaf.group, OTHER) == mark]
        axes.scatter(
            [1.0] * len(places), places, s=2.2 * size, c=mark.colour, marker=mark.shape, linewidths=0, transform=end,
            clip_on=False, zorder=3,
        )  # fmt: skip
    axes.yaxis.tick_right()
    axes.set_yticks([height for height, _ in shown], [leaf.label for _, leaf in shown], fontsize=size)
    axes.tick_params(axis="y", length=0, pad=size / 2)
    axes.tick_params(axis="x", labelsize=size)
    axes.spines[["left", "right"]].set_visible(False)


def _reach(joins: NDArray[np.floating]) -> tuple[float, float]:
    """Left and right end of the axis: a little beyond the first and the last join."""
    low, high = float(joins[:, 2].min()), float(joins[:, 2].max())
    edge = 0.06 * (high - low) or 0.1
    return high + edge / 2, max(0.0, low - edge)


def _layout(joins: NDArray[np.floating], groups: Sequence[str]) -> _Drawn:
    count = len(joins) + 1
    below: list[list[int]] = [[leaf] for leaf in range(count)]
    for left, right in joins[:, :2].astype(int):
        below.append(below[left] + below[right])
    order = below[-1]
    middle = np.empty(2 * count - 1)
    middle[order] = np.arange(count)
    height = np.zeros(2 * count - 1)
    pure = list(groups)
    brackets = []
    for node, (left, right, distance, _) in enumerate(joins, start=count):
        sides = int(left), int(right)
        corners = [(height[sides[0]], middle[sides[0]]), *((distance, middle[side]) for side in sides)]
        brackets.append(np.array([*corners, (height[sides[1]], middle[sides[1]])]))
        middle[node], height[node] = np.mean([middle[side] for side in sides]), distance
        pure.append(pure[sides[0]] if pure[sides[0]] == pure[sides[1]] else "")
    return _Drawn(order, brackets, pure[count:])


def _legend(figure: Figure, groups: Sequence[tuple[str, Mark]]) -> None:
    axes = figure.axes[0]
    handles = [
        axes.scatter([], [], s=34, c=mark.colour, marker=mark.shape, linewidths=0, label=name) for name, mark in groups
    ]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=_LEGEND_COLUMNS, handletextpad=0.2, columnspacing=1.2
    )
