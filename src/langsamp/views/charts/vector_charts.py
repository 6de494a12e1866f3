"""The pictures of an analysis of vectors: two dimensions, trees, statistics beside their nulls."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.vectors.analyse import TABLES
from langsamp.analysis.vectors.neighbours import Table
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.render.chart import Chart, Point, vector_picture
from langsamp.render.charts.dendrogram import Leaf, dendrogram
from langsamp.render.numbers import whole
from langsamp.render.palette import BLUE, FAMILIES, SCRIPTS, TIERS, Mark
from langsamp.render.svg import INK, LINE, page_style

_SPELLED_OUT = 80
"""With more languages the dots carry codes, of which more find room."""
_COLOURS: Mapping[str, tuple[str, str, Mapping[str, Mark]]] = {
    "family": ("family", "family_name", FAMILIES),
    "script": ("script", "script_name", SCRIPTS),
    "tier": ("tier", "tier", TIERS),
}
"""What a picture of languages is coloured by: column of the group, column of its name, marks."""


def figures(analysis: Analysis) -> dict[str, Chart]:
    """Every picture of an analysis of the kind `vectors`, by the name of its file.

    `languages-family`, `languages-script`, `languages-tier` and `scripts` (principal components; the same with
    `-embedding` behind where there is one), `languages-tree`, `scripts-tree`, `statistics`; those of a table that the
    model lacks are missing.
    """
    charts: dict[str, Chart] = {}
    for table in TABLES:
        word = f"{table}s"
        points = trained_points(analysis, table)
        if points.empty:
            continue
        coloured = _COLOURS if table == "language" else {"script": _COLOURS["script"]}
        for colour in coloured:
            name = f"{word}-{colour}" if table == "language" else word
            charts[name] = _picture(points, colour, gid=name, shares=tuple(analysis.values["shares"][table]))
            if points["x"].notna().all():
                charts[f"{name}-embedding"] = _picture(points, colour, gid=f"{name}-embedding", shares=None)
        charts[f"{word}-tree"] = tree_picture(analysis, table)
    if not analysis.tables["statistics"].empty:
        charts["statistics"] = statistics_chart(analysis)
    return charts


def trained_points(analysis: Analysis, table: Table) -> pd.DataFrame:
    """The trained vectors of a table, in the order in which its tree counts them; with a column `tier`."""
    points = analysis.tables["points"]
    shown = points[(points["table"] == table) & points["trained"].astype(bool)].reset_index(drop=True)
    return shown.assign(tier=shown["is_head"].map({True: "head", False: "tail"}))


def short_name(name: str) -> str:
    """A name of ISO 639-3 without what stands in brackets: `Swahili` for `Swahili (individual language)`."""
    return re.sub(r" \([^)]*\)", "", name)


def statistics_chart(analysis: Analysis) -> Chart:
    """Each statistic as a dot, beside the interval that holds 95 % of its values under shuffled labels."""
    lines = [line for name in STATISTICS for line in _lines(analysis.tables["statistics"], name)]
    with page_style():
        figure = Figure(figsize=(9.6, 1.0 + 0.36 * len(lines)), layout="constrained")
        axes = figure.subplots()
        heights = range(len(lines) - 1, -1, -1)
        for line, height in zip(lines, heights, strict=True):
            axes.plot(
                [line["null_low"], line["null_high"]], [height, height], color=LINE, linewidth=9,
                solid_capstyle="butt", zorder=1, label="95 % of shuffled labels" if height == 0 else None,
            )  # fmt: skip
        axes.scatter([line["observed"] for line in lines], heights, s=52, c=BLUE, linewidths=0, zorder=3, label="found")
        axes.axvline(0, color=INK, linewidth=0.6, zorder=0)
        axes.set_yticks(heights, [f"{line['statistic']}, {line['table']}s ({line['number']})" for line in lines])
        axes.set(ylim=(-0.6, len(lines) - 0.4), xlabel="share of neighbours (purity), rank correlation (mantel)")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", zorder=0)
        figure.legend(loc="outside lower center", ncols=2)
    return Chart(figure, {})


def _picture(points: pd.DataFrame, colour: str, *, gid: str, shares: tuple[float, float] | None) -> Chart:
    group, group_name, marks = _COLOURS[colour]
    across, up = ("x", "y") if shares is None else ("pc1", "pc2")
    spell_out = len(points) <= _SPELLED_OUT
    drawn = [
        Point(
            x=float(line[across]), y=float(line[up]), label=short_name(line["name"]) if spell_out else line["code"],
            title=_title(line), group=line[group] or "", weight=float(line["rows_seen"]),
        )
        for line in _records(points)
    ]  # fmt: skip
    names = {line[group]: line[group_name] for line in _records(points) if line[group]}
    return vector_picture(drawn, marks=marks, names=names, shares=shares, gid=gid)


def _title(line: Mapping[str, Any]) -> str:
    rows = f"{whole(line['rows_seen'])} rows seen"
    if line["table"] == "script":
        return f"{line['name']} ({line['code']}): {rows}"
    kin = line["family_name"] or "no known family"
    return f"{line['name']} ({line['code']}): {kin}, {line['script_name']}, {line['tier']}, {rows}"


def tree_picture(analysis: Analysis, table: Table) -> Chart:
    """How the trained vectors of a table join, the most alike first; a branch of one family (script) has its colour."""
    points, tree = trained_points(analysis, table), analysis.tables["tree"]
    joins = tree[tree["table"] == table].sort_values("step")[["left", "right", "height", "size"]].to_numpy(dtype=float)
    if table == "script":
        leaves = [Leaf(f"{line['name']} ({line['code']})", line["code"]) for line in _records(points)]
        return dendrogram(leaves, joins, marks=SCRIPTS, names=dict(zip(points["code"], points["name"], strict=True)))
    leaves = [Leaf(f"{short_name(line['name'])} ({line['tag']})", line["family"] or "") for line in _records(points)]
    names = {line["family"]: line["family_name"] for line in _records(points) if line["family"]}
    return dendrogram(leaves, joins, marks=FAMILIES, names=names)


def _lines(statistics: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    return _records(statistics[statistics["statistic"] == name])


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a table, with None for what is absent."""
    return [
        {str(key): None if pd.isna(value) else value for key, value in line.items()}
        for line in frame.to_dict("records")
    ]
