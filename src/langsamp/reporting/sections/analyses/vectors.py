"""What the language and script vectors know: a picture of each table, statistics beside chance, trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.vectors.analyse import TABLES
from langsamp.analysis.vectors.record import VectorsAnalysis, VectorStatistic
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.render.chart import embedded
from langsamp.render.numbers import cosine, decimals
from langsamp.reporting.inputs.stored import Stored
from langsamp.reporting.pictures.vector_data import as_script, vector_data
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.neighbours import NEIGHBOURS
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.vector_charts import first_picture, tree_picture

LEVEL = 0.05
_TOLD = ("purity family", "purity script", "mantel tree distance", "mantel geographic distance")
"""Statistics that are also said in words."""


class StatisticRow(NamedTuple):
    """One statistic of one model beside its null."""

    model: str
    line: VectorStatistic
    name: str
    """What it is, for a table."""
    sentence: str
    """The same in words; empty for those that only stand in the table."""
    is_share: bool


@dataclass(frozen=True, kw_only=True)
class Vectors(Section):
    """The vectors of every model, one of them in pictures that need no script."""

    id = "vectors"
    title = "Vectors"
    label: str
    """The model whose pictures stand still."""
    pictures: Sequence[tuple[str, Markup]]
    """By table; none where too few vectors were trained."""
    trees: Sequence[tuple[str, Markup]]
    main: Sequence[StatisticRow]
    """Of the first model that has statistics."""
    others: Sequence[StatisticRow]
    counted: int
    """Neighbours whose families count."""
    notes: Sequence[str]
    data: Markup
    """For the script."""


def vectors(report: Report) -> Vectors | None:
    """What the vectors know; None where no model has any."""
    views = report.vectors
    if not views:
        return None
    shown, *_ = views
    tables = [table for table in TABLES if shown.analysis.placed(table)]
    statistics = statistic_rows(views)
    main = [row for row in statistics if row.model == shown.label]
    pictures = []
    for table in tables:
        summary = (
            f"{table.capitalize()} vectors of {shown.label} on two principal components; the tables below have the"
        )
        pictures.append(
            (table, embedded(f"dots-{table}", first_picture(shown.analysis, table), f"{summary} neighbours"))
        )
    trees = []
    for table in tables:
        said = f"{table} vectors"
        trees.append(
            (
                said,
                embedded(f"tree-{table}", tree_picture(shown.analysis, table), f"Tree of the {said} of {shown.label}"),
            )
        )
    donors = {each.key: each.analysis for each in report.of_kind(DonorsAnalysis)}
    return Vectors(
        label=shown.label,
        pictures=pictures,
        trees=trees,
        main=main,
        others=[row for row in statistics if row.model != shown.label],
        counted=shown.analysis.settings.get("neighbours", NEIGHBOURS),
        notes=[f"{view.label}: {note}" for view in views for note in view.analysis.notes],
        data=as_script(vector_data(views, donors)),
    )


def statistic_rows(views: Sequence[Stored[VectorsAnalysis]]) -> list[StatisticRow]:
    """Every statistic of every model beside its null, language vectors before script vectors."""
    return [
        StatisticRow(
            model=view.label, line=line, name=STATISTICS.get(line.statistic, line.statistic),
            sentence=_sentence(line) if line.statistic in _TOLD else "", is_share=line.statistic.startswith("purity"),
        )
        for view in views
        for line in view.analysis.statistics
    ]  # fmt: skip


def _sentence(line: VectorStatistic) -> str:
    """A statistic in words, beside its null; it says so where chance does as well."""
    by_chance = "no more than chance may give" if line.p_value > LEVEL else "more than chance gives"
    kind, _, what = line.statistic.partition(" ")
    p_value = f"p = {decimals(line.p_value)}"
    if kind == "purity":
        ends = "" if np.isnan(line.null_low) else f" ({100 * line.null_low:.0f} to {100 * line.null_high:.0f} %)"
        return (
            f"{100 * line.observed:.0f} % of the nearest neighbours of {line.number} languages are of the same {what}; "
            f"shuffled labels give {100 * line.null_mean:.0f} %{ends}, {p_value}: {by_chance}."
        )
    where = "in Glottolog's tree" if what == "tree distance" else "on the globe"
    ends = "" if np.isnan(line.null_low) else f" ({cosine(line.null_low)} to {cosine(line.null_high)})"
    return (
        f"Distance between vectors and distance {where}: rank correlation {cosine(line.observed)} over {line.number} "
        f"languages; shuffled ones give {cosine(line.null_mean)}{ends}, {p_value}: {by_chance}."
    )
