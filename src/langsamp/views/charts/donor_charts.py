"""Pictures of donors: how close each target is to each candidate, and who is chosen how often."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from langsamp.analysis.donors.record import Donor, DonorsAnalysis
from langsamp.render.chart import Chart
from langsamp.render.palette import BLUE, GREY
from langsamp.render.svg import INK, page_style
from langsamp.views.names import known, short_name

MOST_TARGETS, MOST_CANDIDATES = 120, 40
"""A matrix of more cannot be read."""


def figures(analysis: DonorsAnalysis) -> dict[str, Chart]:
    """`chosen`: how often each candidate is the closest; `matrix`: target by candidate, where it can be read.

    Targets without a vector are in neither.
    """
    donors = [donor for donor in analysis.donors if donor.basis == "vectors"]
    charts = {}
    if donors:
        charts["chosen"] = _chosen([donor for donor in donors if donor.rank == 1])
    targets, candidates = ({getattr(donor, side) for donor in donors} for side in ("target", "donor"))
    if 1 < len(targets) <= MOST_TARGETS and len(candidates) <= MOST_CANDIDATES:
        charts["matrix"] = _matrix(donors)
    return charts


def _chosen(first: Sequence[Donor]) -> Chart:
    kin = Counter(donor.donor for donor in first if donor.same_family)
    every = Counter(donor.donor for donor in first)
    tags = sorted(sorted(every), key=lambda tag: every[tag])[-MOST_CANDIDATES:]
    with page_style():
        figure = Figure(figsize=(8.0, 0.9 + 0.24 * len(tags)), layout="constrained")
        axes = figure.subplots()
        heights = range(len(tags))
        of_family = [kin[tag] for tag in tags]
        others = [every[tag] - kin[tag] for tag in tags]
        axes.barh(heights, of_family, height=0.7, color=BLUE, label="of the donor’s family")
        axes.barh(heights, others, left=of_family, height=0.7, color=GREY, hatch="///", label="of another family")
        axes.set_yticks(heights, [_named(tag) for tag in tags])
        axes.set(xlabel=f"targets whose closest donor it is, of {len(first)}", ylim=(-0.6, len(tags) - 0.4))
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", zorder=0)
        axes.set_axisbelow(True)
        axes.legend(loc="lower right")
    return Chart(figure, {})


def _matrix(donors: Sequence[Donor]) -> Chart:
    """Cosines; rows by family and name, so that kin stand together.

    Grey is what is not known: a language with itself, which has cosine 1 in any script, and ranks that were not kept.
    """
    apart = [each for each in donors if each.target.partition("_")[0] != each.donor.partition("_")[0]]
    order = sorted({each.target for each in apart}, key=_by_family)
    columns = sorted({each.donor for each in apart}, key=_by_family)
    values = np.full((len(order), len(columns)), np.nan)
    for each in apart:
        values[order.index(each.target), columns.index(each.donor)] = each.cosine
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
    info = known(tag)
    return info.family_name or "~", info.name


def _named(tag: str) -> str:
    return f"{short_name(known(tag).name)} {tag}"
