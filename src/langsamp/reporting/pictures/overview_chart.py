"""The report at one glance: what each task gives, beside its controls, and how far apart the models are."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from langsamp.render.chart import Chart
from langsamp.render.charts.interval_chart import Dot, Panel, draw_panel
from langsamp.render.numbers import signed, with_ends
from langsamp.render.palette import Mark
from langsamp.render.svg import page_style
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import GroupRow
from langsamp.reporting.pictures.group_chart import CONTROLS, draw_means
from langsamp.scores.statistics.bootstrap import Interval


class Lead(NamedTuple):
    """How far one side is ahead of what it is compared with, over all languages of a comparison."""

    label: str
    """Of the comparison."""
    side: str
    difference: float
    """Points."""
    ends: Interval | None
    """95 %; None where there is no interval."""
    is_sure: bool
    """Whether the two are told apart."""


def overview_chart(
    comparisons: Sequence[SystemComparison],
    wholes: Sequence[GroupRow],
    leads: Mapping[str, Sequence[Lead]],
    *,
    marks: Mapping[str, Mark],
) -> Chart:
    """A line for each comparison: every side's mean with the controls, then a panel for each of `leads` by its title.

    `wholes` has of each comparison its row of all languages. Where nothing leads, the panel is left out.
    """
    labels = [each.label for each in comparisons]
    shown = {side: mark for side, mark in marks.items() if any(side in each.sides for each in comparisons)}
    panels = [
        Panel(title, [_dot(lead, marks) for lead in each], has_zero=True) for title, each in leads.items() if each
    ]
    titles: dict[str, list[str]] = {}
    with page_style():
        figure = Figure(figsize=(9.6, 1.2 + len(labels) * max(0.42, 0.12 * len(shown))), layout="constrained")
        drawn: Sequence[Axes] = figure.subplots(
            1, 1 + len(panels), sharey=True, squeeze=False, width_ratios=[1.6, *[1] * len(panels)]
        )[0]
        draw_means(drawn[0], wholes, marks=shown, controls=_controls(comparisons))
        drawn[0].set_title("mean over languages, per cent")
        for number, (axes, panel) in enumerate(zip(drawn[1:], panels, strict=True)):
            titles |= draw_panel(axes, panel, rows=labels, marks=shown, gid=f"overview-{number}")
            axes.set_title(panel.label)
        drawn[0].set_yticks(range(len(labels)), [f"{each.label} ({len(each.shared)})" for each in comparisons])
        drawn[0].set_ylim(len(labels) - 0.45, -0.55)
        drawn[0].tick_params(axis="y", length=0)
        handles, names = drawn[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=6, handletextpad=0.2, columnspacing=1.4)
    return Chart(figure, titles)


def _controls(comparisons: Sequence[SystemComparison]) -> dict[str, list[float]]:
    """What each control reaches in each comparison, mean over languages (the embedding layer's: of the main side)."""
    return {
        control: [
            float(each.control(control, each.main if control == "layer0" else None).reindex(each.shared).mean())
            for each in comparisons
        ]
        for control in CONTROLS
    }


def _dot(lead: Lead, marks: Mapping[str, Mark]) -> Dot:
    low, high = lead.ends or (math.nan, math.nan)
    title = f"{lead.label}, {marks[lead.side].name}: {with_ends(lead.difference, low, high, signed)} points"
    return Dot(lead.label, lead.side, lead.difference, low, high, lead.is_sure, title)
