"""Dots on a plane as a small SVG that stands without a script: shapes by group, sizes by rows, names, tooltips.

`templates/analyses.js` draws the same picture again from the numbers, so that a reader can turn it and ask it; shapes,
colours and sizes come from here.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from langsamp.render.palette import Mark

SHAPES = {
    "o": "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",
    "s": "M-.87-.87h1.74v1.74h-1.74z",
    "^": "M0-1.2L1.1.8H-1.1z",
    "v": "M0 1.2L1.1-.8H-1.1z",
    "D": "M0-1.25L1.25 0 0 1.25-1.25 0z",
    "P": "M-.42-1.15h.84v.73h.73v.84h-.73v.73h-.84v-.73h-.73v-.84h.73z",
    "X": "M-.6-1.15L0-.55.6-1.15 1.15-.6.55 0 1.15.6.6 1.15 0 .55-.6 1.15-1.15.6-.55 0-1.15-.6z",
}
"""Outline of each of the palette's shapes around the origin, about one unit in every direction."""

GRID = 1000
"""Coordinates are whole numbers from 0 to this; the second one grows upwards."""

WIDTH, HEIGHT = 860, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 30, 16, 34
_SMALLEST, _GROWTH = 3.0, 6.5  # radius of a dot without rows, and what the largest one has more
_LETTER, _LINE = 6.1, 11.0  # width and height that a label's letter takes, on the wide side


class ScatterDot(NamedTuple):
    """One dot of the picture."""

    x: int
    y: int
    weight: float
    """Training rows: decides the size, and who is named first."""
    label: str
    title: str
    """Shown when the dot is pointed at."""
    mark: Mark


def on_grid(values: Sequence[float]) -> list[int]:
    """One coordinate of all dots from 0 to `GRID`; in the middle where they do not differ."""
    low, high = min(values), max(values)
    if high <= low:
        return [GRID // 2] * len(values)
    return [round(GRID * (value - low) / (high - low)) for value in values]


def scatter(dots: Sequence[ScatterDot], *, summary: str, axes: tuple[str, str], tag: str) -> Markup:
    """The picture as an `<svg>` element; `tag` begins the ids in it, `summary` is what a screen reader says."""
    heaviest = max((dot.weight for dot in dots), default=0.0) or 1.0
    places = np.array([_place(dot) for dot in dots]).reshape(-1, 2)
    radii = np.array([_SMALLEST + _GROWTH * (dot.weight / heaviest) ** 0.5 for dot in dots])
    shapes = sorted({dot.mark.shape for dot in dots})
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(summary)}">',
        "<defs>" + "".join(f'<path id="{tag}-{_id(shape)}" d="{SHAPES[shape]}"/>' for shape in shapes) + "</defs>",
        _frame(axes),
    ]
    for mark in dict.fromkeys(dot.mark for dot in dots):
        uses = [
            f'<use href="#{tag}-{_id(mark.shape)}" transform="translate({x:.0f} {y:.0f})scale({radius:.1f})">'
            f"<title>{escape(dot.title)}</title></use>"
            for dot, (x, y), radius in zip(dots, places, radii, strict=True)
            if dot.mark == mark
        ]
        parts.append(f'<g fill="{mark.colour}">{"".join(uses)}</g>')
    parts.append(f'<g class="names">{_names(dots, places, radii)}</g></svg>')
    return Markup("".join(parts))  # names are escaped


def _place(dot: ScatterDot) -> tuple[float, float]:
    inner = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    return _LEFT + dot.x / GRID * inner[0], HEIGHT - _BOTTOM - dot.y / GRID * inner[1]


def _frame(axes: tuple[str, str]) -> str:
    right, bottom = WIDTH - _RIGHT / 2, HEIGHT - _BOTTOM / 2 - 4
    return (
        f'<path class="frame" d="M{_LEFT / 2} {_TOP / 2}V{bottom}H{right}"/>'
        f'<text class="axis" x="{right}" y="{HEIGHT - 4}" text-anchor="end">{escape(axes[0])}</text>'
        f'<text class="axis" x="10" y="{_TOP / 2}" text-anchor="end" transform="rotate(-90 10 {_TOP / 2})">'
        f"{escape(axes[1])}</text>"
    )


def _names(dots: Sequence[ScatterDot], places: NDArray[np.floating], radii: NDArray[np.floating]) -> str:
    """Labels where they cover no dot and no other label, the heaviest dots first."""
    reach = radii[:, None]
    taken = np.hstack([places - reach, places + reach]) if len(dots) else np.empty((0, 4))
    texts = []
    for index in sorted(range(len(dots)), key=lambda each: -dots[each].weight):
        x, y = places[index]
        width, away = _LETTER * len(dots[index].label), radii[index] + 2
        for side, left in (("start", x + away), ("end", x - away - width)):
            box = np.array([left, y - _LINE / 2, left + width, y + _LINE / 2])
            if left < _LEFT / 2 + 2 or left + width > WIDTH or _covers(box, np.delete(taken, index, axis=0)):
                continue
            anchor = "" if side == "start" else ' text-anchor="end"'
            start = left if side == "start" else x - away
            texts.append(f'<text x="{start:.0f}" y="{y + 3.5:.0f}"{anchor}>{escape(dots[index].label)}</text>')
            taken = np.vstack([taken, box])
            break
    return "".join(texts)


def _covers(box: NDArray[np.floating], others: NDArray[np.floating]) -> bool:
    across = (box[0] < others[:, 2]) & (others[:, 0] < box[2])
    along = (box[1] < others[:, 3]) & (others[:, 1] < box[3])
    return bool((across & along).any())


def _id(shape: str) -> str:
    return {"^": "up", "v": "down"}.get(shape, shape)
