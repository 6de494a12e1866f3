"""The scores of each task by group of languages, what could not be scored, and what is to be known of texts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.render.chart import Picture
from langsamp.render.document import Column, Table, Value
from langsamp.render.numbers import score, signed, whole
from langsamp.render.palette import Mark
from langsamp.reporting.inputs.cell_remarks import Remark, alias_uses, failures, notes
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import GroupRow
from langsamp.reporting.inputs.metric_names import metric_name, other_metrics
from langsamp.reporting.pictures.group_chart import group_chart
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.appearance import side_name
from langsamp.views.comparison_text import DIFFERENCE, count, difference_cells

_PARTS = {"By tier": ("head", "tail"), "By script": ("latin", "nonlatin")}
"""What the groups of `paper` are by."""
_CONTROLS = {"layer0": "Layer 0", "ngram": "Character n-grams", "chance": "Chance"}
_GREY = "The grey marks are the controls: what chance, shared letters and the embedding layer alone reach. "
_SPREAD = (
    "Means over languages of means over trainings, each the mean over its seeds. After ± the standard deviation of the "
    "group's mean over trainings (over seeds, where one was trained); in brackets the mean over languages of a "
    "language's. Intervals are over the same."
)
_PRINTED = (
    "Printed: Table 1 or 6 of the paper, over its own languages and texts, protocol paper, models chosen by test "
    "scores (†); in brackets the deviation that it prints, without saying of what."
)


class TaskScores(NamedTuple):
    """The groups of languages in one comparison."""

    comparison: SystemComparison
    measures: str
    metric: str
    tables: Sequence[Table]
    """Of groups, and of other metrics where there are some."""
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
    parts = zip(report.comparisons, report.groups, strict=True)
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
    groups: Mapping[str, Sequence[GroupRow]],
    *,
    marks: Mapping[str, Mark],
) -> TaskScores:
    """One comparison; `groups` by grouping."""
    tables = [_groups(comparison, groups), *_other_metrics(comparison)]
    whole_row = groups["paper"][0]
    first = comparison.sides[0]
    of_side = {"chance": first, "ngram": first, "layer0": comparison.main or first}
    chart = group_chart(
        groups["paper"],
        marks={side: marks[side] for side in comparison.sides},
        controls={
            control: [row.controls.get((control, side), math.nan) for row in groups["paper"]]
            for control, side in of_side.items()
        },
    )
    task = TASKS.get(comparison.setting.task)
    return TaskScores(
        comparison=comparison,
        measures=task.measures if task else "",
        metric=metric_name(comparison.metric),
        tables=tables,
        picture=Picture(
            f"groups{number}",
            chart,
            "Mean score of each group",
            f"{_GREY * bool(whole_row.controls)}In brackets the number of languages.",
            summary=f"{comparison.label}: mean score of each group of languages",
        ),
    )


def _groups(comparison: SystemComparison, groups: Mapping[str, Sequence[GroupRow]]) -> Table:
    """The group of all languages, then groups by what they group."""
    whole_row, *others = groups["paper"]
    parts: dict[str, Sequence[GroupRow]] = {
        by: [row for row in others if row.code in codes] for by, codes in _PARTS.items()
    }
    parts |= {f"By {by}": rows for by, rows in groups.items() if by != "paper"}
    sectioned = [("", whole_row), *((by, row) for by, rows in parts.items() for row in rows)]
    # what the paper prints of a system stands beside where that system is not compared itself
    printed = [] if set(whole_row.printed) & set(comparison.sides) else list(whole_row.printed)
    controls = [
        (control, side) for control, side in whole_row.controls if control == "layer0" or side == comparison.sides[0]
    ]
    columns = [Column("Group"), Column("Languages", whole, "number")]
    for side in comparison.sides:
        columns += [Column(comparison.names[side], score, "number"), *(DIFFERENCE if side in comparison.others else ())]
    columns += [Column(f"{side_name(side)} †\nprinted", score, "control") for side in printed]
    columns += [
        Column(_CONTROLS[control] + f"\n{comparison.names[side]}" * (control == "layer0"), score, "control")
        for control, side in controls
    ]
    rows = [[*_cells(row, comparison, printed), *(row.controls.get(key) for key in controls)] for _, row in sectioned]
    trials = "; ".join(f"{name}: {comparison.trials(side)}" for side, name in comparison.names.items())
    against = f" Differences to {comparison.names.get(str(comparison.baseline))} in points, with the 95 % interval."
    caption = f"{_SPREAD}{against * bool(comparison.others)} {trials}.{f' {_PRINTED}' * bool(printed)}"
    title = f"{comparison.label}, {metric_name(comparison.metric)}, per cent"
    return Table(title, columns, rows, caption, sections=[by for by, _ in sectioned])


def _cells(row: GroupRow, comparison: SystemComparison, printed: Sequence[str]) -> Iterator[object]:
    yield from (row.group, row.languages)
    for side in comparison.sides:
        spread, of_languages = row.spreads[side], row.language_spreads[side]
        brackets = f" ({score(of_languages)})" if of_languages is not None else ""
        yield Value(row.means[side], beside=f"± {score(spread)}{brackets}" if spread is not None else "")
        if side in comparison.others:
            yield from difference_cells(row.against[side])
    for side in printed:
        mean = row.printed.get(side)
        yield mean and Value(mean.mean, beside=f"({score(mean.sd)})" if mean.sd is not None else "")


def _other_metrics(comparison: SystemComparison) -> Iterator[Table]:
    """The metrics beside the main one over the shared languages, where there are some."""
    means = other_metrics(comparison)
    if means.empty:
        return
    columns, base = [Column("Metric")], means[comparison.baseline] if comparison.others else None
    values: list[list[Any]] = [[metric_name(str(metric)) for metric in means.index]]
    for side in comparison.sides:
        columns.append(Column(comparison.names[side], score, "number"))
        values.append(means[side].tolist())
        if side in comparison.others:
            columns.append(Column("Difference", signed, "points"))
            values.append((means[side] - base).tolist())
    caption = (
        f"Of the same predictions, per cent, means over {count(len(comparison.shared))}. The main one is "
        f"{metric_name(comparison.metric)}."
    )
    yield Table(f"{comparison.label}: other metrics", columns, [*zip(*values, strict=True)], caption)
