"""What the language and script vectors know: a picture of each table, statistics beside chance, trees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.vectors.analyse import TABLES
from langsamp.analysis.vectors.record import VectorsAnalysis, VectorStatistic
from langsamp.render.chart import Picture
from langsamp.render.document import Table
from langsamp.render.numbers import cosine, decimals
from langsamp.reporting.pictures.vector_data import as_script, vector_data
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.vector_charts import first_picture, tree_picture
from langsamp.views.vectors import statistics_table

LEVEL = 0.05
_TOLD = ("purity family", "purity script", "mantel tree distance", "mantel geographic distance")
"""Statistics that are also said in words."""


@dataclass(frozen=True, kw_only=True)
class Vectors(Section):
    """The vectors of every model, one of them in pictures that need no script."""

    id = "vectors"
    title = "Vectors"
    label: str
    """The model whose pictures stand still."""
    pictures: Sequence[Picture]
    """Of each table; none where too few vectors were trained."""
    trees: Sequence[Picture]
    sentences: Sequence[str]
    """What some statistics of one model say."""
    statistics: Table | None
    """Of the model that is shown."""
    others: Table | None
    """Those of the others."""
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
    analyses = {view.label: view.analysis for view in views if view.analysis.statistics}
    others = {label: analysis for label, analysis in analyses.items() if label != shown.label}
    spoken = analyses.get(shown.label) or next(iter(others.values()), None)
    said = {
        "language": "One dot a language, coloured by its family; families without a colour of their own are grey. "
        "Point at a dot for its name.",
        "script": "One dot a script.",
    }
    pictures = [
        Picture(
            f"dots-{table}", first_picture(shown.analysis, table),
            f"{table.capitalize()} vectors of {shown.label}{', by family' * (table == 'language')}", said[table],
            summary=f"{table.capitalize()} vectors of {shown.label} on two principal components; the tables below have "
            "the neighbours",
        )
        for table in tables
    ]  # fmt: skip
    trees = [
        Picture(
            f"tree-{table}", tree_picture(shown.analysis, table), f"Tree of the {table} vectors of {shown.label}",
            "Vectors joined step by step, the most alike first; the lower two meet, the more alike they are.",
        )
        for table in tables
    ]  # fmt: skip
    donors = {each.key: each.analysis for each in report.of_kind(DonorsAnalysis)}
    return Vectors(
        label=shown.label,
        pictures=pictures,
        trees=trees,
        sentences=told_statistics(spoken) if spoken is not None else [],
        statistics=statistics_table({shown.label: shown.analysis}) if shown.label in analyses else None,
        others=statistics_table(others) if others else None,
        notes=[f"{view.label}: {note}" for view in views for note in view.analysis.notes],
        data=as_script(vector_data(views, donors)),
    )


def told_statistics(analysis: VectorsAnalysis) -> list[str]:
    """The statistics that are said in words, each beside its null."""
    return [_sentence(line) for line in analysis.statistics if line.statistic in _TOLD]


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
