"""A square of similarities with its numbers, dark for large ones."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from langsamp.render.chart import Chart
from langsamp.render.svg import INK, page_style

_COLOURS = "Blues"
_LIGHT, _DARK = "#ffffff", "#1c1e21"
_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601)."""
_CELL = 0.56
"""Inches."""


def similarity_heatmap(names: Sequence[str], matrix: NDArray[np.floating], *, low: float, title: str = "") -> Chart:
    """The similarity of each pair of `names`, coloured between `low` and 1, with two decimals in each square.

    `matrix` has shape (names, names). Charts that share `low` can be compared by colour.
    """
    number = len(names)
    with page_style():
        side = _CELL * number
        figure = Figure(figsize=(side + 1.9, side + 1.1), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(matrix, cmap=_COLOURS, vmin=low, vmax=1)
        axes.set_xticks(range(number), list(names), rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(number), list(names))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(title)
        shades = np.asarray(mpl.colormaps[_COLOURS](image.norm(matrix)))[..., :3] @ _LUMA
        for row, column in np.ndindex(number, number):
            value = float(matrix[row, column])
            colour = _LIGHT if shades[row, column] < 0.55 else _DARK
            text = f"{value:.2f}".replace("-", "−")
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
        bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.03)
        bar.outline.set_visible(False)
        bar.ax.tick_params(color=INK, length=2)
    return Chart(figure, {})
