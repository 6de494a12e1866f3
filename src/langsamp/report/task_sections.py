"""What the page shows of each comparison: groups, metrics, languages, and its two charts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from langsamp.analysis.comparison import TaskComparison
from langsamp.evaluation.tasks import TASKS
from langsamp.report import numbers
from langsamp.report.figures import Point, embedded, group_chart, score_scatter
from langsamp.report.groups import GroupRow, group_rows
from langsamp.report.metrics import MetricRow, metric_name, other_metrics
from langsamp.report.palette import FAMILIES
from langsamp.report.run import VARIANTS
from langsamp.report.sections import LanguageRow, known, language_rows
from langsamp.report.tables import Comparison, Setting
from langsamp.report.verdict import TaskVerdict, task_verdict


class TaskSection(NamedTuple):
    """All that the page shows of one comparison."""

    comparison: Comparison
    measures: str
    metric: str
    verdict: TaskVerdict
    groups: Sequence[GroupRow]
    more_groups: Mapping[str, Sequence[GroupRow]]
    """By what they group: family, area."""
    other_metrics: Sequence[MetricRow]
    languages: Sequence[LanguageRow]
    group_picture: Markup
    scatter: Markup | None


def task_sections(
    comparisons: Sequence[Comparison],
    tests: Mapping[Setting, TaskComparison],
    *,
    tags: Sequence[str],
    seen: Mapping[str, int],
) -> list[TaskSection]:
    """The sections of all comparisons; where there is one, every one of `tags` has a line in it, scored or not."""
    by_grouping = {by: group_rows(comparisons, by) for by in ("paper", "family", "area")}
    return [
        _task_section(
            index,
            comparison,
            task_verdict(comparison, tests.get(comparison.setting)),
            {by: rows[index] for by, rows in by_grouping.items()},
            tags=tags if len(comparisons) == 1 else list(comparison.means.index),
            seen=seen,
        )
        for index, comparison in enumerate(comparisons)
    ]


def _task_section(
    index: int,
    comparison: Comparison,
    verdict: TaskVerdict,
    groups: Mapping[str, Sequence[GroupRow]],
    *,
    tags: Sequence[str],
    seen: Mapping[str, int],
) -> TaskSection:
    """The section of one comparison; `groups` by grouping, `tags` are those that get a line."""
    layer0 = ("layer0", comparison.main or comparison.variants[0])
    controls = {layer0: "control: layer 0", ("ngram", comparison.variants[0]): "control: n-grams"}
    controls = {key: name for key, name in controls.items() if key in groups["paper"][0].controls}
    task = TASKS.get(comparison.setting.task)
    chart = group_chart(groups["paper"], variants=comparison.variants, controls=controls)
    return TaskSection(
        comparison=comparison,
        measures=task.measures if task else "",
        metric=metric_name(comparison.metric),
        verdict=verdict,
        groups=groups["paper"],
        more_groups={by: rows for by, rows in groups.items() if by != "paper"},
        other_metrics=other_metrics(comparison),
        languages=language_rows(comparison, tags, seen=seen),
        group_picture=embedded(f"groups{index}", chart, f"{comparison.label}: mean score of each group of languages"),
        scatter=_scatter(index, comparison),
    )


def _scatter(index: int, comparison: Comparison) -> Markup | None:
    main = comparison.main
    if main is None or "none" not in comparison.variants:
        return None
    means = comparison.means.loc[comparison.shared]
    points, names = [], {}
    for tag, before, after in zip(means.index, means["none"], means[main], strict=True):
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
    labels = ("Baseline, per cent", f"{VARIANTS.get(main, main)}, per cent")
    chart = score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid=f"scatter{index}")
    return embedded(
        f"scatter{index}", chart, f"{labels[1]} against baseline, one dot a language; the table has every value"
    )
