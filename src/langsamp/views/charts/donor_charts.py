"""Pictures of donors: how close each target is to each candidate, and who is chosen how often."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from langsamp.analysis.analysis import Analysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.chart import Chart
from langsamp.render.palette import BLUE, GREY
from langsamp.render.svg import INK, page_style
from langsamp.views.donors_text import short_name

MOST_TARGETS, MOST_CANDIDATES = 120, 40
"""A matrix of more cannot be read."""


def figures(analysis: Analysis) -> dict[str, Chart]:
    """`chosen`: how often each candidate is the closest; `matrix`: target by candidate, where it can be read.

    Targets without a vector are in neither.
    """
    table = analysis.tables["donors"]
    table = table[table["basis"] == "vectors"]
    charts = {}
    if len(table):
        charts["chosen"] = _chosen(table)
    if 1 < table["target"].nunique() <= MOST_TARGETS and table["donor"].nunique() <= MOST_CANDIDATES:
        charts["matrix"] = _matrix(table)
    return charts


def _chosen(table: pd.DataFrame) -> Chart:
    first = table[table["rank"] == 1]
    counts = first.groupby(["donor", "same_family"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=[True, False], fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index][-MOST_CANDIDATES:]
    with page_style():
        figure = Figure(figsize=(8.0, 0.9 + 0.24 * len(counts)), layout="constrained")
        axes = figure.subplots()
        heights = np.arange(len(counts))
        kin, others = counts[True].to_numpy(), counts[False].to_numpy()
        axes.barh(heights, kin, height=0.7, color=BLUE, label="of the donor’s family")
        axes.barh(heights, others, left=kin, height=0.7, color=GREY, hatch="///", label="of another family")
        axes.set_yticks(heights, [_named(str(tag)) for tag in counts.index])
        axes.set(xlabel=f"targets whose closest donor it is, of {len(first)}", ylim=(-0.6, len(counts) - 0.4))
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", zorder=0)
        axes.set_axisbelow(True)
        axes.legend(loc="lower right")
    return Chart(figure, {})


def _matrix(table: pd.DataFrame) -> Chart:
    """Cosines; rows by family and name, so that kin stand together.

    Grey is what is not known: a language with itself, which has cosine 1 in any script, and ranks that were not kept.
    """
    codes = [table[side].str.partition("_")[0] for side in ("target", "donor")]
    cosines = table[codes[0] != codes[1]].pivot(index="target", columns="donor", values="cosine")
    order = sorted(map(str, cosines.index), key=_by_family)
    columns = sorted(map(str, cosines.columns), key=_by_family)
    values = cosines.loc[order, columns].to_numpy(float)
    reach = float(np.nanmax(np.abs(values))) or 1.0
    with page_style():
        figure = Figure(figsize=(2.6 + 0.36 * len(columns), 1.6 + 0.155 * len(order)), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(values, cmap="PuOr_r", vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
        axes.set_facecolor(f"{GREY}55")
        best = np.nanargmax(values, axis=1)
        axes.scatter(best, np.arange(len(order)), s=9, c=INK, marker="o", linewidths=0)
        axes.set_yticks(range(len(order)), [_named(tag) for tag in order], fontsize=6.5)
        axes.set_xticks(range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor")
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.6, aspect=40)
        bar.set_label("cosine of language vectors; the dot marks the closest")
    return Chart(figure, {})


def _by_family(tag: str) -> tuple[str, str]:
    info = describe(LangScript.parse(tag))
    return info.family_name or "~", info.name


def _named(tag: str) -> str:
    return f"{short_name(describe(LangScript.parse(tag)).name)} {tag}"
