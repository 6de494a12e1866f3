"""Every language: its scores in each comparison, with items and controls, and one dot a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from langsamp.languages.table import LanguageInfo
from langsamp.render.chart import Picture, Point, score_scatter
from langsamp.render.document import Column, Table
from langsamp.render.numbers import score, signed, whole
from langsamp.render.palette import FAMILIES
from langsamp.reporting.inputs.combined import Inputs
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.metric_names import metric_name
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.comparison_text import count
from langsamp.views.names import known

Columns = Sequence[tuple[Column, Mapping[str, Any] | pd.Series]]
"""Columns of a table of languages, each with its values by tag; a tag may have none."""
_NAMES = (Column("Language", kind="name"), Column("Tag", kind="code"))


class TaskLanguages(NamedTuple):
    """One comparison, language by language."""

    label: str
    scatter: Picture | None
    table: Table | None
    """Items, controls, and the scores of few models; None where the table of every language has all."""


@dataclass(frozen=True, kw_only=True)
class Languages(Section):
    """The languages of the report, in one table over all comparisons, and in one for each of several."""

    id = "languages"
    title = "Languages"
    table: Table
    tasks: Sequence[TaskLanguages]
    choices: Mapping[str, Any]
    """From what the page lets a reader choose two models, where there are more (`_choices`); else empty."""


def languages(report: Report) -> Languages | None:
    """Every language, scored or not; None where the inputs name none."""
    inputs, comparisons = report.inputs, report.comparisons
    if not inputs.tags:
        return None
    is_alone = len(comparisons) == 1
    return Languages(
        table=_every_language(inputs, comparisons),
        tasks=[
            TaskLanguages(each.label, _scatter(number, each), None if is_alone else task_table(each))
            for number, each in enumerate(comparisons)
        ],
        choices={} if is_alone else _choices(comparisons),
    )


def _columns(comparison: SystemComparison, sides: Sequence[str], over: str = "") -> Columns:
    """The scores of some sides and their differences to the baseline, around them items and controls.

    `over` is a heading for scores that stand alone, beside those of other comparisons.
    """
    columns: list[tuple[Column, Mapping[str, Any] | pd.Series]] = []
    for side in sides:
        columns.append((Column(comparison.names[side], score, "number", over=over), comparison.means[side]))
        if side in comparison.others:
            columns.append((Column("Difference", signed, "points", over=over), comparison.differences(side)))
    if over:
        return columns
    of_layer0 = comparison.control("layer0", comparison.main or comparison.sides[0])
    return [
        (Column("Items", whole, "number"), comparison.items), *columns,
        (Column("Layer 0", score, "control"), of_layer0),
        (Column("n-grams", score, "control"), comparison.control("ngram")),
    ]  # fmt: skip


def _rows(tags: Sequence[str], columns: Columns) -> list[Sequence[Any]]:
    """A line for each tag: its name, itself, and what the columns have of it."""
    return [(known(tag).name, tag, *(values.get(tag) for _, values in columns)) for tag in tags]


def _every_language(inputs: Inputs, comparisons: Sequence[SystemComparison]) -> Table:
    infos = {tag: known(tag) for tag in inputs.tags}
    facts: Columns = [
        (Column("Family", kind="name"), {tag: info.family_name for tag, info in infos.items()}),
        (Column("Script"), {tag: info.script_name for tag, info in infos.items()}),
        (Column("Group"), {tag: "head" if info.is_head else "tail" for tag, info in infos.items()}),
        (Column("Rows seen", whole, "number"), inputs.rows_seen),
    ]
    if len(comparisons) == 1:
        alone = comparisons[0]
        scores, title = _columns(alone, alone.sides), alone.label
        said = f"{metric_name(alone.metric)} in per cent, the difference in points; items are test sentences"
    else:
        scores = [column for each in comparisons for column in _columns(each, each.sides, each.label)]
        title, said = "Every language of the report", "scores in per cent, means over seeds; differences in points"
    seen = f"; rows were seen in training{' of the first run' * (inputs.single is None)}" if inputs.rows_seen else ""
    caption = f"{said[0].upper()}{said[1:]}{seen}. A dash: not measured." if scores else "None has been scored."
    columns = [*facts, *scores]
    return Table(
        title, (*_NAMES, *(column for column, _ in columns)), _rows(inputs.tags, columns),
        caption, is_by_language=True, search=[*map(_words, infos.values())], anchors=inputs.tags, name="every-language",
    )  # fmt: skip


def task_table(comparison: SystemComparison) -> Table | None:
    """Items and controls of the languages of one of several comparisons, with the scores of two models."""
    if comparison.items.isna().all() and comparison.controls.empty:
        return None
    sides = comparison.sides if len(comparison.sides) < 3 else []
    columns = _columns(comparison, sides)
    said = f"{metric_name(comparison.metric)} in per cent, mean over seeds; the difference in points."
    said = f"{said[0].upper()}{said[1:]}" if sides else "Scores stand in the table above; controls in per cent."
    tags = list(comparison.means.index)
    title = f"{comparison.label}: {'the scores of ' * bool(sides)}{count(len(tags))} with items"
    title += " and controls" * (not comparison.controls.empty)
    caption = f"{said} Items are test sentences. A dash: not measured."
    names = (*_NAMES, *(column for column, _ in columns))
    return Table(title, names, _rows(tags, columns), caption, is_by_language=True)


def _words(info: LanguageInfo) -> str:
    """What finds a language beside its name and tag."""
    words = (*info.other_names, info.two_letter, info.family_name, info.script_name, info.area)
    return " ".join(filter(None, words))


def _choices(comparisons: Sequence[SystemComparison]) -> dict[str, Any]:
    """The sides by their readers' names, the baseline of each comparison, and by tag, comparison and side the score.

    Empty where there are two sides. Scores have three decimals, so that the page can take the difference of any two.
    """
    names = {name: side for each in comparisons for side, name in each.names.items()}
    if len(names) < 3:
        return {}
    exact: dict[str, list[list[float | None]]] = {}
    for number, each in enumerate(comparisons):
        means = each.means[each.sides].round(3).astype(object)
        for tag, values in means.where(means.notna(), None).iterrows():
            exact.setdefault(str(tag), [[] for _ in comparisons])[number] = list(values)
    baselines = [each.baseline for each in comparisons]
    return {"sides": names, "baselines": baselines, "scores": exact}


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
                title=f"{language.name} ({tag}): {score(before)} to {score(after)}",
                group=family, weight=abs(float(after - before)),
            )
        )  # fmt: skip
    names_of = comparison.names
    labels = (f"{names_of[baseline]}, per cent", f"{names_of[main]}, per cent")
    chart = score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid=f"scatter{number}")
    named = "the baseline" if baseline == "none" else names_of[baseline]
    return Picture(
        f"scatter{number}", chart, f"{comparison.label}: one dot a language",
        f"Above the dashed line {names_of[main]} scores higher than {named}. Point at a dot for its name; the "
        "languages that moved most are labelled first.",
        summary=f"{labels[1]} against {labels[0]}, one dot a language; the table has every value",
    )  # fmt: skip
