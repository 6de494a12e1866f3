"""The part of the page that shows what the vectors know: who lies near whom, in words and tables."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from langsamp.analysis.vectors.neighbours import Table
from langsamp.analysis.vectors.record import VectorPoint, VectorsAnalysis, VectorStatistic
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.render.numbers import cosine, decimals
from langsamp.views.names import known

NEIGHBOURS = 5
"""So many neighbours stand in the tables; the script shows more where the analysis has them."""
LEVEL = 0.05
_FIRST = "deu"  # the language shown before the others: its relatives are known to many readers
_FEWEST = 3  # vectors for a picture


class VectorView(NamedTuple):
    """The vectors of one model as the page shows them."""

    key: str
    """Tells the models of one page apart."""
    label: str
    """What readers call the model."""
    analysis: VectorsAnalysis

    def points(self, table: Table) -> list[VectorPoint]:
        """The trained vectors of one table that have a place in the picture; empty where there are too few."""
        points = [point for point in self.analysis.trained(table) if not math.isnan(point.pc1)]
        return points if len(points) >= _FEWEST else []


class Neighbour(NamedTuple):
    """One of the nearest vectors of a language or script."""

    code: str
    name: str
    cosine: float
    is_kin: bool
    """The same family as the language it is near to; never for scripts."""


class NeighbourRow(NamedTuple):
    """One line of the table of neighbours."""

    code: str
    name: str
    group: str
    """Family of a language, empty for a script."""
    rows: int
    search: str
    """Words that find this line beside those it shows."""
    neighbours: Sequence[Neighbour]


class StatisticRow(NamedTuple):
    """One statistic of one model beside its null."""

    model: str
    line: VectorStatistic
    name: str
    """What it is, for a table."""
    sentence: str
    """The same in words; empty for those that only stand in the table."""
    is_share: bool


_TOLD = ("purity family", "purity script", "mantel tree distance", "mantel geographic distance")
"""Statistics that are also said in words."""


def neighbour_rows(view: VectorView, table: Table) -> list[NeighbourRow]:
    """Every trained vector with its nearest; German first if it is there, the others by name."""
    points = {point.code: point for point in view.points(table)}
    nearest = view.analysis.nearest(table)
    rows = [
        NeighbourRow(
            code=point.code, name=point.name, group=point.family_name or "", rows=point.rows_seen,
            search=_search(point),
            neighbours=[
                Neighbour(
                    line.neighbour, points[line.neighbour].name, line.cosine,
                    bool(point.family) and point.family == points[line.neighbour].family,
                )
                for line in nearest.get(point.code, [])[:NEIGHBOURS]
                if line.neighbour in points
            ],
        )
        for point in points.values()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.code != _FIRST, row.name.casefold()))


def _search(point: VectorPoint) -> str:
    if point.table == "script" or point.tag is None:
        return ""
    info = known(point.tag)
    return " ".join((*info.other_names, info.script_name, info.family_name or ""))


def statistic_rows(views: Sequence[VectorView]) -> list[StatisticRow]:
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
