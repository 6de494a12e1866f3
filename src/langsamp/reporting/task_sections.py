"""What the page shows of each comparison: groups, metrics, languages, and its two charts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.render import numbers
from langsamp.render.chart import Point, embedded, score_scatter
from langsamp.render.palette import FAMILIES, Mark
from langsamp.reporting.group_chart import group_chart
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import GroupRow, Tests, group_rows
from langsamp.reporting.inputs.metric_names import MetricRow, metric_name, other_metrics
from langsamp.reporting.sections import LanguageRow, language_rows
from langsamp.reporting.verdict import TaskVerdict, task_verdicts
from langsamp.views.appearance import side_name
from langsamp.views.names import known

GROUPINGS = ("paper", "family", "area")
"""Groupings of `scores.groups` that the page shows; `paper` holds head, tail, Latin, other scripts, all."""
_PARTS = {"tier": ("head", "tail"), "Latin": ("latin", "nonlatin")}
"""What the groups of `paper` are by."""


class TaskSection(NamedTuple):
    """All that the page shows of one comparison."""

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
    languages: Sequence[LanguageRow]
    group_picture: Markup
    scatter: Markup | None


def task_sections(
    comparisons: Sequence[SystemComparison],
    tests: Tests,
    *,
    marks: Mapping[str, Mark],
    tags: Sequence[str],
    seen: Mapping[str, int],
) -> list[TaskSection]:
    """The sections of all comparisons; where there is one, every one of `tags` has a line in it, scored or not."""
    by_grouping = {by: group_rows(comparisons, by, tests) for by in GROUPINGS}
    return [
        _task_section(
            index,
            comparison,
            task_verdicts(comparison, tests),
            {by: rows[index] for by, rows in by_grouping.items()},
            marks=marks,
            languages=language_rows(
                comparison, tags if len(comparisons) == 1 else list(comparison.means.index), seen=seen
            ),
        )
        for index, comparison in enumerate(comparisons)
    ]


def _task_section(
    index: int,
    comparison: SystemComparison,
    verdicts: Sequence[TaskVerdict],
    groups: Mapping[str, Sequence[GroupRow]],
    *,
    marks: Mapping[str, Mark],
    languages: Sequence[LanguageRow],
) -> TaskSection:
    """The section of one comparison; `groups` by grouping."""
    paper = groups["paper"]
    layer0 = ("layer0", comparison.main or comparison.sides[0])
    controls = {layer0: "control: layer 0", ("ngram", comparison.sides[0]): "control: n-grams"}
    controls = {key: name for key, name in controls.items() if key in paper[0].controls}
    task = TASKS.get(comparison.setting.task)
    shown = {side: marks[side] for side in comparison.sides}
    parts = {by: [row for row in paper if row.code in codes] for by, codes in _PARTS.items()}
    return TaskSection(
        comparison=comparison,
        measures=task.measures if task else "",
        metric=metric_name(comparison.metric),
        verdicts=verdicts,
        whole=paper[0],
        groups={**parts, **{by: rows for by, rows in groups.items() if by != "paper"}},
        printed=[side for side in paper[0].printed if not set(paper[0].printed) & set(comparison.sides)],
        other_metrics=other_metrics(comparison),
        languages=languages,
        group_picture=embedded(
            f"groups{index}",
            group_chart(paper, marks=shown, controls=controls),
            f"{comparison.label}: mean score of each group of languages",
        ),
        scatter=_scatter(index, comparison),
    )


def _scatter(index: int, comparison: SystemComparison) -> Markup | None:
    main, baseline = comparison.main, comparison.baseline
    if main is None or baseline is None:
        return None
    means = comparison.means.loc[comparison.shared]
    points, names = [], {}
    for tag, before, after in zip(means.index, means[baseline], means[main], strict=True):
        language = known(str(tag))
        family = language.family or ""
        names[family] = language.family_name or "no known family"
        points.append(
            Point(
                x=float(before), y=float(after), label=str(tag).partition("_")[0],
                title=f"{language.name} ({tag}): {numbers.score(before)} to {numbers.score(after)}",
                group=family, weight=abs(float(after - before)),
            )
        )  # fmt: skip
    labels = (f"{side_name(baseline)}, per cent", f"{side_name(main)}, per cent")
    chart = score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid=f"scatter{index}")
    return embedded(
        f"scatter{index}", chart, f"{labels[1]} against {labels[0]}, one dot a language; the table has every value"
    )
