"""Labels beside dots, only where there is room: the heaviest dots first, never one label over another."""

from collections.abc import Sequence
from typing import Protocol

from matplotlib.axes import Axes

from langsamp.report.svg import INK

_WIDTH, _HEIGHT = 0.62, 1.0  # of a letter, in units of the font size
_GAP = 4.5  # points between a dot's middle and its label


class _Labelled(Protocol):
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def weight(self) -> float: ...


class _Box(tuple[float, float, float, float]):
    """Left, bottom, right, top in points."""

    def overlaps(self, other: "_Box") -> bool:
        return self[0] < other[2] and other[0] < self[2] and self[1] < other[3] and other[1] < self[3]


def place_labels(axes: Axes, points: Sequence[_Labelled], *, size: float) -> int:
    """Write each point's label where it covers no other label and no dot; how many found room.

    Eight places around the dot are tried, right side first. Widths are estimated from the number of letters, on the
    wide side, because the font is the reader's. Call it when limits and legend of the axes are final.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    scale = 72 / figure.dpi
    spots = [tuple(scale * axes.transData.transform((point.x, point.y))) for point in points]
    frame = axes.get_window_extent()
    inside = _Box((scale * frame.x0 - 2, scale * frame.y0 - 2, scale * frame.x1 + 40, scale * frame.y1 + 8))
    taken = [_Box((x - 2.4, y - 2.4, x + 2.4, y + 2.4)) for x, y in spots]
    placed = 0
    for index in sorted(range(len(points)), key=lambda i: -points[i].weight):
        x, y = spots[index]
        width, height = _WIDTH * size * len(points[index].label), _HEIGHT * size
        for anchor, dx, dy in _places():
            left = x + dx - {"left": 0, "center": width / 2, "right": width}[anchor]
            box = _Box((left, y + dy - height / 2, left + width, y + dy + height / 2))
            fits = box[0] > inside[0] and box[1] > inside[1] and box[2] < inside[2] and box[3] < inside[3]
            if fits and not any(box.overlaps(other) for other in taken[:index] + taken[index + 1 :]):
                axes.annotate(
                    points[index].label, (points[index].x, points[index].y), (dx, dy), textcoords="offset points",
                    ha=anchor, va="center", fontsize=size, color=INK, annotation_clip=False, in_layout=False,
                )  # fmt: skip
                taken.append(box)
                placed += 1
                break
    return placed


def _places() -> Sequence[tuple[str, float, float]]:
    up = 2 * _GAP - 1
    return (
        ("left", _GAP, 0), ("right", -_GAP, 0), ("center", 0, up), ("center", 0, -up),
        ("left", _GAP, up - 2), ("left", _GAP, 2 - up), ("right", -_GAP, up - 2), ("right", -_GAP, 2 - up),
    )  # fmt: skip
