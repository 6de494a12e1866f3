"""The scores of each task by group of languages, what could not be scored, and what is to be known of texts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.render.chart import Picture, pictured
from langsamp.render.palette import Mark
from langsamp.reporting.findings.verdicts import TaskVerdict
from langsamp.reporting.inputs.cell_remarks import Remark, alias_uses, failures, notes
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import GroupRow
from langsamp.reporting.inputs.metric_names import MetricRow, metric_name, other_metrics
from langsamp.reporting.pictures.group_chart import group_chart
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section

_PARTS = {"tier": ("head", "tail"), "Latin": ("latin", "nonlatin")}
"""What the groups of `paper` are by."""


class TaskScores(NamedTuple):
    """The groups of languages in one comparison."""

    comparison: SystemComparison
    measures: str
    metric: str
    verdicts: Sequence[TaskVerdict]
    """One for each side that is compared."""
    whole: GroupRow
    """All languages."""
    groups: Mapping[str, Sequence[GroupRow]]
    """By what they group: tier, Latin, family, area."""
    printed: Sequence[str]
    """The published sides whose printed means stand beside; none where they are compared themselves."""
    other_metrics: Sequence[MetricRow]
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Scores(Section):
    """Scores by group, task by task."""

    id = "scores"
    title = "Scores"
    tasks: Sequence[TaskScores]
    failures: Sequence[Remark]
    notes: Sequence[Remark]
    aliases: Sequence[str]


def scores(report: Report) -> Scores | None:
    """The scores by group; None where there are none and nothing is to be said of them."""
    runs = report.inputs.runs
    parts = zip(report.comparisons, report.verdicts, report.groups, strict=True)
    section = Scores(
        tasks=[_task(number, *part, marks=report.inputs.marks) for number, part in enumerate(parts)],
        failures=[remark for run in runs for remark in failures(run)],
        notes=[remark for run in runs for remark in notes(run)],
        aliases=list(dict.fromkeys(said for run in runs for said in alias_uses(run))),
    )
    return section if section.tasks or section.failures or section.notes or section.aliases else None


def _task(
    number: int,
    comparison: SystemComparison,
    verdicts: Sequence[TaskVerdict],
    groups: Mapping[str, Sequence[GroupRow]],
    *,
    marks: Mapping[str, Mark],
) -> TaskScores:
    """One comparison; `groups` by grouping."""
    whole, *_ = paper = groups["paper"]
    layer0 = ("layer0", comparison.main or comparison.sides[0])
    controls = {layer0: "control: layer 0", ("ngram", comparison.sides[0]): "control: n-grams"}
    chart = group_chart(
        paper,
        marks={side: marks[side] for side in comparison.sides},
        controls={
            name: [row.controls.get(key, math.nan) for row in paper]
            for key, name in controls.items()
            if key in whole.controls
        },
    )
    grey = (
        "The grey marks are the controls: what the embedding layer alone and shared letters alone reach on the same "
        "items. "
    )
    task = TASKS.get(comparison.setting.task)
    parts = {by: [row for row in paper if row.code in codes] for by, codes in _PARTS.items()}
    return TaskScores(
        comparison=comparison,
        measures=task.measures if task else "",
        metric=metric_name(comparison.metric),
        verdicts=verdicts,
        whole=whole,
        groups={**parts, **{by: rows for by, rows in groups.items() if by != "paper"}},
        printed=[side for side in whole.printed if not set(whole.printed) & set(comparison.sides)],
        other_metrics=other_metrics(comparison),
        picture=pictured(
            f"groups{number}",
            chart,
            "Mean score of each group",
            f"{grey * bool(whole.controls)}In brackets the number of languages.",
            summary=f"{comparison.label}: mean score of each group of languages",
        ),
    )
