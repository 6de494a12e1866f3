"""Every language: its scores in each comparison, with items and controls, and one dot a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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

    means: Mapping[str, float]
    """By side, per cent."""
    differences: Mapping[str, float]
    """To the baseline by side, in points."""


_NOTHING = LanguageScores({}, {})


class LanguageRow(NamedTuple):
    """One line of the table of all languages in one comparison."""

    language: LanguageInfo
    rows_seen: int | None
    items: int | None
    scores: LanguageScores
    layer0: float | None
    ngram: float | None


class OverviewRow(NamedTuple):
    """One line of the table of all languages over all comparisons."""

    language: LanguageInfo
    rows_seen: int | None
    scores: Sequence[LanguageScores]
    """By comparison; empty where not scored."""


class TaskLanguages(NamedTuple):
    """The languages of one comparison."""

    comparison: SystemComparison
    metric: str
    rows: Sequence[LanguageRow]
    scatter: Picture | None

    @property
    def widest(self) -> float:
        """The largest difference, points."""
        differences = (abs(points) for row in self.rows for points in row.scores.differences.values())
        return max(0.1, *differences, 0.0)


@dataclass(frozen=True, kw_only=True)
class Languages(Section):
    """The languages of the report; of one comparison in its own table, of several in one table over all."""

    id = "languages"
    title = "Languages"
    tasks: Sequence[TaskLanguages]
    overview: Sequence[OverviewRow]
    """Empty where there is one comparison, whose rows say the same."""
    exact: Mapping[str, Sequence[Sequence[float | None]]]
    """By tag, comparison and side (in its order) the score to three decimals, from which the page takes differences
    where there are more than two sides."""
    has_rows_seen: bool
    is_of_several: bool


def languages(report: Report) -> Languages | None:
    """Every language, scored or not; None where the inputs name none."""
    inputs, comparisons, seen = report.inputs, report.comparisons, report.inputs.rows_seen
    is_alone = len(comparisons) == 1
    if not inputs.tags:
        return None
    return Languages(
        tasks=[
            TaskLanguages(
                each,
                metric_name(each.metric),
                language_rows(each, inputs.tags if is_alone else list(each.means.index), seen=seen),
                _scatter(number, each),
            )
            for number, each in enumerate(comparisons)
        ],
        overview=[] if is_alone else overview_rows(comparisons, inputs.tags, seen=seen),
        exact=_exact(comparisons) if len(set(chain.from_iterable(each.sides for each in comparisons))) > 2 else {},
        has_rows_seen=bool(inputs.models),
        is_of_several=inputs.single is None,
    )


def overview_rows(
    comparisons: Sequence[SystemComparison], tags: Sequence[str], *, seen: Mapping[str, int]
) -> list[OverviewRow]:
    """One line for every tag, scored or not, with what it got in each comparison."""
    tables = [_by_tag(comparison) for comparison in comparisons]
    return [OverviewRow(known(tag), seen.get(tag), [table.get(tag, _NOTHING) for table in tables]) for tag in tags]


def language_rows(comparison: SystemComparison, tags: Sequence[str], *, seen: Mapping[str, int]) -> list[LanguageRow]:
    """One line for every tag, scored or not."""
    layer0, ngram = comparison.control("layer0", comparison.main or comparison.sides[0]), comparison.control("ngram")
    table, rows = _by_tag(comparison), []
    for tag in tags:
        items = _present(comparison.items, tag)
        rows.append(
            LanguageRow(
                language=known(tag),
                rows_seen=seen.get(tag),
                items=int(items) if items is not None else None,
                scores=table.get(tag, _NOTHING),
                layer0=_present(layer0, tag),
                ngram=_present(ngram, tag),
            )
        )
    return rows


def _by_tag(comparison: SystemComparison) -> dict[str, LanguageScores]:
    means: dict[str, dict[str, float]] = {}
    for side in comparison.sides:
        for tag, value in comparison.means[side].dropna().items():
            means.setdefault(str(tag), {})[side] = float(value)
    others, baseline = comparison.others, str(comparison.baseline)
    return {
        tag: LanguageScores(
            mean_of,
            {side: mean_of[side] - mean_of[baseline] for side in others if side in mean_of and baseline in mean_of},
        )
        for tag, mean_of in means.items()
    }


def _exact(comparisons: Sequence[SystemComparison]) -> dict[str, list[list[float | None]]]:
    tables = [_by_tag(comparison) for comparison in comparisons]
    scores: dict[str, list[list[float | None]]] = {}
    for tag in sorted({tag for table in tables for tag in table}):
        means = [table.get(tag, _NOTHING).means for table in tables]
        scores[tag] = [
            [round(mine[side], 3) if side in mine else None for side in comparison.sides]
            for comparison, mine in zip(comparisons, means, strict=True)
        ]
    return scores


def _present(column: pd.Series, tag: str) -> float | None:
    value = column.get(tag)
    return None if value is None or pd.isna(value) else float(value)


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
