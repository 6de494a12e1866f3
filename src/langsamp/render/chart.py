"""The charts: vectors in two dimensions, one encoder against another language by language, and groups of languages.

Each function gives a `Chart`: a matplotlib figure, to be saved in any format, with the tooltips that its points get
when it stands in the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from langsamp.render.label_placing import place_labels
from langsamp.render.palette import OTHER, Mark
from langsamp.render.svg import INK, LINE, inline_svg, page_style

_SIZES = (18, 32, 48, 70)  # square points


class Chart(NamedTuple):
    """A figure and its tooltips: for each collection's gid one text per point, in drawing order."""

    figure: Figure
    titles: Mapping[str, Sequence[str]]


class Picture(NamedTuple):
    """A chart as a page shows it."""

    name: str
    """Its own on the page."""
    chart: Chart
    title: str
    text: str = ""
    summary: str = ""
    """What a screen reader says; else the title."""

    @property
    def svg(self) -> Markup:
        """The chart as an element of the page; its texts are escaped."""
        summary = self.summary or self.title
        return Markup(inline_svg(self.chart.figure, name=self.name, summary=summary, titles=self.chart.titles))


class Point(NamedTuple):
    """One dot of a chart."""

    x: float
    y: float
    label: str
    """Written beside the dot where there is room."""
    title: str
    """Shown when the dot is pointed at."""
    group: str
    """Chooses colour and shape."""
    weight: float = 1.0
    """Who is labelled first, and with `sized` how large the dot is."""


def vector_picture(
    points: Sequence[Point],
    *,
    marks: Mapping[str, Mark],
    names: Mapping[str, str],
    shares: tuple[float, float] | None,
    gid: str,
) -> Chart:
    """Vectors in two dimensions, coloured and shaped by group; size grows with rows seen.

    With `shares` of the variance the dimensions are the first two principal components; None is for t-SNE, whose axes
    mean nothing and are not drawn.
    """
    with page_style():
        figure = Figure(figsize=(9.6, 6.2), layout="constrained")
        axes = figure.subplots()
        titles = dots(axes, points, marks=marks, names=names, gid=gid, sized=True)
        axes.margins(0.06)
        rows = [point.weight for point in points]
        axes.set_title(
            f"larger dots have seen more rows, {min(rows):,.0f} to {max(rows):,.0f}", loc="right", fontsize=8,
            fontweight="normal",
        )  # fmt: skip
        if shares is None:
            axes.set(
                xticks=[], yticks=[], xlabel="t-SNE: who is near whom counts; gaps, sizes and directions mean nothing"
            )
            axes.spines[:].set_visible(False)
        else:
            axes.set(
                xlabel=f"first principal component ({shares[0]:.0%} of the variance)",
                ylabel=f"second principal component ({shares[1]:.0%})",
            )
            axes.axhline(0, color=LINE, linewidth=0.6, zorder=0)
            axes.axvline(0, color=LINE, linewidth=0.6, zorder=0)
        if len({point.group for point in points}) < len(points):  # else every dot's label already names its group
            legend(figure, axes)
        place_labels(axes, points, size=8)
    return Chart(figure, titles)


def score_scatter(
    points: Sequence[Point],
    *,
    marks: Mapping[str, Mark],
    names: Mapping[str, str],
    axis_labels: tuple[str, str],
    gid: str,
) -> Chart:
    """One encoder's score against the other's, a dot a language; above the diagonal the second one is better."""
    with page_style():
        figure = Figure(figsize=(9.6, 5.6), layout="constrained")
        axes = figure.subplots()
        values = [value for point in points for value in (point.x, point.y)]
        low, high = min(values), max(values)
        edge = max(1.0, 0.05 * (high - low))
        low, high = max(0.0, low - edge), min(100.0, high + edge)
        axes.set(xlim=(low, high), ylim=(low, high), xlabel=axis_labels[0], ylabel=axis_labels[1])
        axes.set_box_aspect(0.75)
        axes.plot([low, high], [low, high], color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        axes.grid(zorder=0)
        titles = dots(axes, points, marks=marks, names=names, gid=gid, sized=False)
        legend(figure, axes)
        place_labels(axes, points, size=8)
    return Chart(figure, titles)


def dots(
    axes: Axes, points: Sequence[Point], *, marks: Mapping[str, Mark], names: Mapping[str, str], gid: str, sized: bool
) -> dict[str, list[str]]:
    """Draw the points group by group, listed groups in the palette's order and all others in grey; their tooltips."""
    listed = [group for group in marks if any(point.group == group for point in points)]
    batches: list[tuple[str, Mark, list[Point]]] = [
        (names.get(group, group), marks[group], [point for point in points if point.group == group]) for group in listed
    ]
    rest = [point for point in points if point.group not in marks]
    if rest:
        batches.insert(0, ("other", OTHER, rest))
    largest = max((point.weight for point in points), default=1.0) or 1.0
    titles: dict[str, list[str]] = {}
    for name, mark, members in batches:
        axes.scatter([], [], s=34, c=mark.colour, marker=mark.shape, linewidths=0, label=name)
        for size in _SIZES:
            chosen = [point for point in members if _size(point, largest, sized=sized) == size]
            if chosen:
                titles[f"{gid}-{len(titles)}"] = [point.title for point in chosen]
                axes.scatter(
                    [point.x for point in chosen], [point.y for point in chosen], s=size, c=mark.colour,
                    marker=mark.shape, alpha=0.9, linewidths=0, gid=f"{gid}-{len(titles) - 1}", zorder=2,
                )  # fmt: skip
    return titles


def _size(point: Point, largest: float, *, sized: bool) -> int:
    """Area of a dot: a few steps only, which a reader can tell apart and a file can share."""
    return _SIZES[min(len(_SIZES) - 1, int(len(_SIZES) * (point.weight / largest) ** 0.5))] if sized else _SIZES[1]


def legend(figure: Figure, axes: Axes) -> None:
    """Say below the axes what colours and shapes mean, where there are several; `other` last."""
    handles, names = axes.get_legend_handles_labels()
    if len(names) > 1:
        pairs: Iterable[tuple[Any, Any]] = zip(handles, names, strict=True)
        ordered = sorted(pairs, key=lambda pair: pair[1] == "other")
        figure.legend(
            [handle for handle, _ in ordered], [name for _, name in ordered], loc="outside lower center", ncols=6,
            handletextpad=0.2, columnspacing=1.2,
        )  # fmt: skip
