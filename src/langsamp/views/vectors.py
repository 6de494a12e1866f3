"""An analysis of vectors as a document: statistics beside their nulls, neighbours of the languages with most text."""

from collections.abc import Iterator

from langsamp.analysis.vectors.neighbours import Table as VectorTable
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.errors import first_of
from langsamp.render.document import Column, Document, Note, Sentence, Table
from langsamp.render.numbers import cosine, probability, whole
from langsamp.views.names import short_name

_SHOWN = 10  # languages whose neighbours are shown
_NAMED = 12  # untrained codes

_MEANING = (
    "purity: share of the nearest vectors that have the same label.",
    "mantel: rank correlation of vector distance with the distance named.",
    "shuffled: mean under shuffled labels. p: share of shuffles at least as large.",
)
_STATISTICS = (
    Column("statistic"), Column("over"), Column("found", cosine), Column("shuffled", cosine),
    Column("95 % of shuffles"), Column("p", lambda p_value: probability(round(p_value, 3) or p_value)),
)  # fmt: skip


def vectors_document(analysis: VectorsAnalysis) -> Document:
    """What the vectors of one model know, and what took no part."""
    statistics = [
        (
            line.statistic, f"{line.number} {line.table}s", line.observed, line.null_mean,
            f"{cosine(line.null_low)} to {cosine(line.null_high)}", line.p_value,
        )
        for line in analysis.statistics
    ]  # fmt: skip
    return Document(
        [
            Table(f"Vectors of {analysis.subject} ({analysis.variant})", _STATISTICS, statistics),
            *map(Sentence, _MEANING),
            *(_neighbours(analysis, table) for table in analysis.shares),
            *map(Note, analysis.notes),
            *map(Sentence, _untrained(analysis)),
        ]
    )


def _neighbours(analysis: VectorsAnalysis, table: VectorTable) -> Table:
    """The nearest vectors, with cosines, of those that have seen most rows; `*` after one of the same family."""
    points = {point.code: point for point in analysis.trained(table)}
    nearest, rows = analysis.nearest(table), []
    for point in sorted(points.values(), key=lambda point: -point.rows_seen)[:_SHOWN]:
        named = []
        for line in nearest[point.code]:
            other = points[line.neighbour]
            mark = "*" if point.family and point.family == other.family else ""
            named.append(f"{short_name(other.name)}{mark} {cosine(line.cosine)}")
        rows.append((f"{short_name(point.name)} ({point.code})", point.rows_seen, ", ".join(named)))
    kin = " (* same family)" if table == "language" else ""
    columns = (Column(table), Column("rows", whole), Column("nearest"))
    return Table(f"Nearest {table} vectors by cosine{kin}, most rows first", columns, rows)


def _untrained(analysis: VectorsAnalysis) -> Iterator[str]:
    for table, codes in analysis.untrained.items():
        if codes:
            yield f"Untrained {table} vectors, left out: {first_of(codes, _NAMED)}."
