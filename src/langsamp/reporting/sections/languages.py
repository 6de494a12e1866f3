"""Every language: its scores in each comparison, with items and controls, and one dot a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from langsamp.languages.table import LanguageInfo
from langsamp.render import numbers
from langsamp.render.chart import Picture, Point, pictured, score_scatter
from langsamp.render.palette import FAMILIES
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.metric_names import metric_name
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.appearance import side_name
from langsamp.views.names import known


class LanguageScores(NamedTuple):
    """What one language got in one comparison."""

    means: Mapping[str, float] = MappingProxyType({})
    """By side, per cent; empty where it was not scored."""
    differences: Mapping[str, float] = MappingProxyType({})
    """To the baseline by side, in points."""
    items: float | None = None
    layer0: float | None = None
    ngram: float | None = None


class LanguageRow(NamedTuple):
    """One language over all comparisons."""

    language: LanguageInfo
    rows_seen: int | None
    scores: Sequence[LanguageScores]
    """By comparison."""


class TaskLanguages(NamedTuple):
    """What tables and pictures of one comparison say beside its scores."""

    comparison: SystemComparison
    metric: str
    widest: float
    """The largest difference, points."""
    scatter: Picture | None


@dataclass(frozen=True, kw_only=True)
class Languages(Section):
    """The languages of the report, in one table over all comparisons, and in one for each of several."""

    id = "languages"
    title = "Languages"
    tasks: Sequence[TaskLanguages]
    rows: Sequence[LanguageRow]
    exact: Mapping[str, Sequence[Sequence[float | None]]]
    """By tag, comparison and side (in its order) the score to three decimals, from which the page takes differences
    where there are more than two sides."""
    has_rows_seen: bool
    is_of_several: bool


def languages(report: Report) -> Languages | None:
    """Every language, scored or not; None where the inputs name none."""
    inputs, comparisons = report.inputs, report.comparisons
    if not inputs.tags:
        return None
    rows = language_rows(comparisons, inputs.tags, seen=inputs.rows_seen)
    tasks = []
    for number, each in enumerate(comparisons):
        points = (abs(value) for row in rows for value in row.scores[number].differences.values())
        tasks.append(TaskLanguages(each, metric_name(each.metric), max(0.1, 0.0, *points), _scatter(number, each)))
    return Languages(
        tasks=tasks,
        rows=rows,
        exact=_exact(comparisons, rows) if len({side for each in comparisons for side in each.sides}) > 2 else {},
        has_rows_seen=bool(inputs.models),
        is_of_several=inputs.single is None,
    )


def language_rows(
    comparisons: Sequence[SystemComparison], tags: Sequence[str], *, seen: Mapping[str, int]
) -> list[LanguageRow]:
    """One line for every tag, scored or not, with what it got in each comparison."""
    tables = [_by_tag(comparison) for comparison in comparisons]
    return [
        LanguageRow(known(tag), seen.get(tag), [table.get(tag, LanguageScores()) for table in tables]) for tag in tags
    ]


def _by_tag(comparison: SystemComparison) -> dict[str, LanguageScores]:
    others, baseline, table = comparison.others, str(comparison.baseline), {}
    beside = pd.DataFrame(
        {
            "items": comparison.items,
            "layer0": comparison.control("layer0", comparison.main or comparison.sides[0]),
            "ngram": comparison.control("ngram"),
        }
    )
    beside = beside.reindex(comparison.means.index).astype(object)
    means_of = comparison.means.to_dict("index")
    for tag, said in beside.where(beside.notna(), None).to_dict("index").items():
        means = {str(side): float(mean) for side, mean in means_of[tag].items() if not pd.isna(mean)}
        compared = [side for side in others if side in means and baseline in means]
        differences = {side: means[side] - means[baseline] for side in compared}
        table[str(tag)] = LanguageScores(means, differences, **{str(name): value for name, value in said.items()})
    return table


def _exact(comparisons: Sequence[SystemComparison], rows: Sequence[LanguageRow]) -> dict[str, list[list[float | None]]]:
    return {
        str(row.language.tag): [
            [round(scores.means[side], 3) if side in scores.means else None for side in comparison.sides]
            for comparison, scores in zip(comparisons, row.scores, strict=True)
        ]
        for row in rows
        if any(scores.means for scores in row.scores)
    }


def _scatter(number: int, comparison: SystemComparison) -> Picture | None:
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
    chart = score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid=f"scatter{number}")
    named = "the baseline" if baseline == "none" else side_name(baseline)
    return pictured(
        f"scatter{number}", chart, f"{comparison.label}: one dot a language",
        f"Above the dashed line {side_name(main)} scores higher than {named}. Point at a dot for its name; the "
        "languages that moved most are labelled first.",
        summary=f"{labels[1]} against {labels[0]}, one dot a language; the table has every value",
    )  # fmt: skip
