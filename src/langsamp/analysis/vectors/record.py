"""What an analysis of vectors holds."""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from langsamp.analysis.analysis import Analysis
from langsamp.model.conditioning import VectorTable


class VectorPoint(NamedTuple):
    """One vector; trained ones come in the order of their ids, then untrained ones, which have no coordinates."""

    table: VectorTable
    code: str
    tag: str | None
    """The one with most rows."""
    name: str
    family: str | None
    """Missing for scripts, as are area, place and `is_head`."""
    family_name: str | None
    script: str
    script_name: str
    area: str | None
    latitude: float
    longitude: float
    is_head: bool | None
    """Of that tag."""
    rows_seen: int
    trained: bool
    pc1: float
    """Principal components."""
    pc2: float
    x: float
    """The embedding; NaN unless asked for."""
    y: float


class VectorNeighbour(NamedTuple):
    """One of the nearest of a vector."""

    table: VectorTable
    code: str
    rank: int
    """From 1."""
    neighbour: str
    cosine: float
    centred_cosine: float
    """The mean of all trained vectors taken away first."""


class TreeJoin(NamedTuple):
    """One join of a tree, see `trees.cluster`; vector i is the i-th trained point of that table."""

    table: VectorTable
    step: int
    left: int
    right: int
    height: float
    size: int


class VectorStatistic(NamedTuple):
    """A statistic (see `vector_statistics.STATISTICS`) beside the same of shuffled labels."""

    table: VectorTable
    statistic: str
    observed: float
    null_mean: float
    null_low: float
    """`null_low` and `null_high` hold 95 % of the shuffles."""
    null_high: float
    p_value: float
    """One-sided."""
    number: int
    """Vectors that took part."""


class Embedding(NamedTuple):
    """How the second picture of a table was made."""

    perplexity: float
    divergence: float


class VectorsAnalysis(Analysis):
    """The vectors of one model: pictures, neighbours, a tree, statistics beside nulls."""

    kind: ClassVar[str] = "vectors"

    variant: str
    shares: Mapping[VectorTable, tuple[float, float]]
    """Of the variance that the two axes of a table's picture show; a table that cannot be compared is missing."""
    untrained: Mapping[VectorTable, tuple[str, ...]]
    """Codes that are left out."""
    embedding: Mapping[VectorTable, Embedding]
    """Empty unless asked for."""
    points: tuple[VectorPoint, ...]
    neighbours: tuple[VectorNeighbour, ...]
    tree: tuple[TreeJoin, ...]
    statistics: tuple[VectorStatistic, ...]

    def trained(self, table: VectorTable) -> list[VectorPoint]:
        """The trained vectors of a table, in the order in which its tree counts them."""
        return [point for point in self.points if point.table == table and point.trained]

    def placed(self, table: VectorTable) -> list[VectorPoint]:
        """Those that have a place in the table's picture; none where there are too few for one."""
        return [point for point in self.trained(table) if not math.isnan(point.pc1)]

    def nearest(self, table: VectorTable) -> dict[str, list[VectorNeighbour]]:
        """Of each code of a table the nearest, closest first."""
        nearest: dict[str, list[VectorNeighbour]] = {}
        for line in sorted(self.neighbours, key=lambda line: line.rank):
            if line.table == table:
                nearest.setdefault(line.code, []).append(line)
        return nearest
