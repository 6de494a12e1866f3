"""Labels beside dots, only where there is room: the heaviest dots first, never one label over another."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from langsamp.render.svg import INK

_WIDTH, _HEIGHT = 0.62, 1.0  # of a letter, in units of the font size
_GAP = 5.5  # points between a dot's middle and its label; the largest dot has a radius of 4.7


class _Labelled(Protocol):
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def weight(self) -> float: ...


def place_labels(axes: Axes, points: Sequence[_Labelled], *, size: float) -> int:
    """Write each point's label where it covers no other label and no dot; how many found room.

    Eight places around the dot are tried, right side first. Widths are estimated from the number of letters, on the
    wide side, because the font is the reader's. Call it when limits and legend of the axes are final: it fixes where
    they stand.
    """
    scale = _fix_layout(axes)
    spots = scale * axes.transData.transform([(point.x, point.y) for point in points] or np.empty((0, 2)))
    frame = axes.get_window_extent()
    edge = scale * axes.get_figure(root=True).bbox.x1 - 2  # type: ignore[union-attr]
    inside = (scale * frame.x0 - 2, scale * frame.y0 - 2, min(scale * frame.x1 + 40, edge), scale * frame.y1 + 8)
    taken = np.empty((2 * len(points), 4))  # left, bottom, right, top in points: of the dots, then of the labels
    taken[: len(points)] = np.hstack([spots - 2.4, spots + 2.4])
    placed = 0
    for index in sorted(range(len(points)), key=lambda i: -points[i].weight):
        x, y = spots[index]
        width, height = _WIDTH * size * len(points[index].label), _HEIGHT * size
        label_box = taken[index].copy()
        taken[index] = np.nan  # a label may lie over its own dot
        for anchor, dx, dy in _places():
            left = x + dx - {"left": 0, "center": width / 2, "right": width}[anchor]
            box = (left, y + dy - height / 2, left + width, y + dy + height / 2)
            fits = box[0] > inside[0] and box[1] > inside[1] and box[2] < inside[2] and box[3] < inside[3]
            if fits and not _covers(box, taken[: len(points) + placed]):
                axes.annotate(
                    points[index].label, (points[index].x, points[index].y), (dx, dy), textcoords="offset points",
                    ha=anchor, va="center", fontsize=size, color=INK, annotation_clip=False, in_layout=False,
                )  # fmt: skip
                taken[len(points) + placed] = box
                placed += 1
                break
        taken[index] = label_box
    return placed


def _fix_layout(axes: Axes) -> float:
    """Put the axes where they will be drawn; points of 1/72 inch per unit of the figure."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    axes.apply_aspect()
    return 72 / figure.dpi


def _covers(box: tuple[float, float, float, float], taken: NDArray[np.floating]) -> bool:
    across = (box[0] < taken[:, 2]) & (taken[:, 0] < box[2])
    return bool((across & (box[1] < taken[:, 3]) & (taken[:, 1] < box[3])).any())


def _places() -> Sequence[tuple[str, float, float]]:
    up = 2 * _GAP - 1
    return (
        ("left", _GAP, 0), ("right", -_GAP, 0), ("center", 0, up), ("center", 0, -up),
        ("left", _GAP, up - 2), ("left", _GAP, 2 - up), ("right", -_GAP, up - 2), ("right", -_GAP, 2 - up),
    )  # fmt: skip
