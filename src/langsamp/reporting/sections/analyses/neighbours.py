"""Who lies near whom: the nearest vectors of every language and script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.analysis.vectors.neighbours import Table
from langsamp.analysis.vectors.record import VectorPoint, VectorsAnalysis
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.names import known

NEIGHBOURS = 5
"""So many neighbours stand in the tables; the script shows more where the analysis has them."""
_FIRST = "deu"  # the language shown before the others: its relatives are known to many readers


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


@dataclass(frozen=True, kw_only=True)
class Neighbours(Section):
    """The nearest vectors of the model that is shown first."""

    id = "neighbours"
    title = "Neighbours"
    label: str
    languages: Sequence[NeighbourRow]
    scripts: Sequence[NeighbourRow]
    number: int = NEIGHBOURS


def neighbours(report: Report) -> Neighbours | None:
    """The nearest vectors; None where there are none to compare."""
    for view in report.vectors[:1]:
        near = (neighbour_rows(view.analysis, "language"), neighbour_rows(view.analysis, "script"))
        if any(near):
            return Neighbours(label=view.label, languages=near[0], scripts=near[1])
    return None


def neighbour_rows(analysis: VectorsAnalysis, table: Table) -> list[NeighbourRow]:
    """Every trained vector with its nearest; German first if it is there, the others by name."""
    points = {point.code: point for point in analysis.placed(table)}
    nearest = analysis.nearest(table)
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
