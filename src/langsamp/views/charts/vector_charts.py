"""The pictures of an analysis of vectors: two dimensions, trees, statistics beside their nulls."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from langsamp.analysis.vectors.analyse import TABLES
from langsamp.analysis.vectors.neighbours import Table
from langsamp.analysis.vectors.record import VectorPoint, VectorsAnalysis
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.render.chart import Chart, Point, vector_picture
from langsamp.render.charts.dendrogram import Leaf, dendrogram
from langsamp.render.numbers import whole
from langsamp.render.palette import BLUE, FAMILIES, SCRIPTS, TIERS, Mark
from langsamp.render.svg import INK, LINE, page_style
from langsamp.views.names import short_name

_SPELLED_OUT = 80
"""With more languages the dots carry codes, of which more find room."""

Colour = Literal["family", "script", "tier"]


def tier(point: VectorPoint) -> str | None:
    """Whether XLM-R knows a language; None for a script."""
    return None if point.is_head is None else "head" if point.is_head else "tail"


class _Colouring(NamedTuple):
    """What a picture of languages is coloured by."""

    group: Callable[[VectorPoint], str | None]
    name: Callable[[VectorPoint], str | None]
    marks: Mapping[str, Mark]


_COLOURS: Mapping[Colour, _Colouring] = {
    "family": _Colouring(lambda point: point.family, lambda point: point.family_name, FAMILIES),
    "script": _Colouring(lambda point: point.script, lambda point: point.script_name, SCRIPTS),
    "tier": _Colouring(tier, tier, TIERS),
}


def figures(analysis: VectorsAnalysis) -> dict[str, Chart]:
    """Every picture of an analysis of the kind `vectors`, by the name of its file.

    `languages-family`, `languages-script`, `languages-tier` and `scripts` (principal components; the same with
    `-embedding` behind where there is one), `languages-tree`, `scripts-tree`, `statistics`; those of a table that the
    model lacks are missing.
    """
    charts: dict[str, Chart] = {}
    for table in TABLES:
        points = analysis.trained(table)
        if not points:
            continue
        colours: tuple[Colour, ...] = ("family", "script", "tier") if table == "language" else ("script",)
        for colour in colours:
            name = f"languages-{colour}" if table == "language" else "scripts"
            charts[name] = _picture(points, colour, gid=name, shares=analysis.shares[table])
            if table in analysis.embedding:
                charts[f"{name}-embedding"] = _picture(points, colour, gid=f"{name}-embedding", shares=None)
        charts[f"{table}s-tree"] = tree_picture(analysis, table)
    if analysis.statistics:
        charts["statistics"] = statistics_chart(analysis)
    return charts


def first_picture(analysis: VectorsAnalysis, table: Table) -> Chart:
    """The trained vectors on their principal components, languages coloured by family, scripts each for itself."""
    colour: Colour = "family" if table == "language" else "script"
    return _picture(analysis.trained(table), colour, gid=f"{table}s", shares=analysis.shares[table])


def statistics_chart(analysis: VectorsAnalysis) -> Chart:
    """Each statistic as a dot, beside the interval that holds 95 % of its values under shuffled labels."""
    lines = [line for name in STATISTICS for line in analysis.statistics if line.statistic == name]
    with page_style():
        figure = Figure(figsize=(9.6, 1.0 + 0.36 * len(lines)), layout="constrained")
        axes = figure.subplots()
        heights = range(len(lines) - 1, -1, -1)
        for line, height in zip(lines, heights, strict=True):
            axes.plot(
                [line.null_low, line.null_high], [height, height], color=LINE, linewidth=9, solid_capstyle="butt",
                zorder=1, label="95 % of shuffled labels" if height == 0 else None,
            )  # fmt: skip
        axes.scatter([line.observed for line in lines], heights, s=52, c=BLUE, linewidths=0, zorder=3, label="found")
        axes.axvline(0, color=INK, linewidth=0.6, zorder=0)
        axes.set_yticks(heights, [f"{line.statistic}, {line.table}s ({line.number})" for line in lines])
        axes.set(ylim=(-0.6, len(lines) - 0.4), xlabel="share of neighbours (purity), rank correlation (mantel)")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", zorder=0)
        figure.legend(loc="outside lower center", ncols=2)
    return Chart(figure, {})


def _picture(points: Sequence[VectorPoint], colour: Colour, *, gid: str, shares: tuple[float, float] | None) -> Chart:
    colouring, spell_out = _COLOURS[colour], len(points) <= _SPELLED_OUT
    drawn = [
        Point(
            x=point.x if shares is None else point.pc1, y=point.y if shares is None else point.pc2,
            label=short_name(point.name) if spell_out else point.code, title=title_of(point),
            group=colouring.group(point) or "", weight=float(point.rows_seen),
        )
        for point in points
    ]  # fmt: skip
    names = {group: colouring.name(point) or group for point in points if (group := colouring.group(point))}
    return vector_picture(drawn, marks=colouring.marks, names=names, shares=shares, gid=gid)


def title_of(point: VectorPoint) -> str:
    """What is said where a dot is pointed at."""
    rows = f"{whole(point.rows_seen)} rows seen"
    if point.table == "script":
        return f"{point.name} ({point.code}): {rows}"
    kin = point.family_name or "no known family"
    return f"{point.name} ({point.code}): {kin}, {point.script_name}, {tier(point)}, {rows}"


def tree_picture(analysis: VectorsAnalysis, table: Table) -> Chart:
    """How the trained vectors of a table join, the most alike first; a branch of one family (script) has its colour."""
    points = analysis.trained(table)
    tree = sorted((join for join in analysis.tree if join.table == table), key=lambda join: join.step)
    joins = np.array([(join.left, join.right, join.height, join.size) for join in tree], dtype=float)
    if table == "script":
        leaves = [Leaf(f"{point.name} ({point.code})", point.code) for point in points]
        return dendrogram(leaves, joins, marks=SCRIPTS, names={point.code: point.name for point in points})
    leaves = [Leaf(f"{short_name(point.name)} ({point.tag})", point.family or "") for point in points]
    names = {point.family: point.family_name or "" for point in points if point.family}
    return dendrogram(leaves, joins, marks=FAMILIES, names=names)
