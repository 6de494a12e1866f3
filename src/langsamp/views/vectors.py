"""An analysis of vectors as a document: statistics beside their nulls, neighbours of the languages with most text."""

from collections.abc import Iterator, Mapping

from langsamp.analysis.vectors.neighbours import Table as VectorTable
from langsamp.analysis.vectors.record import VectorPoint, VectorsAnalysis
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.errors import first_of
from langsamp.render.document import Column, Document, Near, Note, Sentence, Table, Value
from langsamp.render.numbers import cosine, decimals, probability, share, whole
from langsamp.views.names import known, short_name

NEIGHBOURS = 5
"""So many neighbours stand in the tables."""
_FIRST = "deu"  # the language shown before the others: its relatives are known to many readers
_SHOWN = 10  # languages whose neighbours a terminal shows
_NAMED = 12  # untrained codes

_STATISTICS = (
    Column("Model", only="wide"), Column("Statistic", only="narrow"), Column("What", only="wide"),
    Column("Over", kind="number"), Column("Measured", kind="number"),
    Column("Chance", kind="control"), Column("Chance, 95 %", kind="control"),
    Column("p", lambda p_value: probability(round(p_value, 3) or p_value), "number"),
)  # fmt: skip
_CAPTION = (
    "Purity: share of a language's {counted} nearest vectors that have the same family or main script; mantel: rank "
    "correlation of distances between vectors with other distances. Chance: the same with shuffled languages, mean and "
    "the middle 95 %; p: share of shuffles at least as large."
)


def vectors_document(analysis: VectorsAnalysis) -> Document:
    """What the vectors of one model know, and what took no part."""
    return Document(
        [
            statistics_table({analysis.subject: analysis}),
            *(neighbours_table(analysis, table, analysis.subject, most=_SHOWN) for table in analysis.shares),
            *map(Note, analysis.notes),
            *map(Sentence, _untrained(analysis)),
        ]
    )


def statistics_table(analyses: Mapping[str, VectorsAnalysis]) -> Table:
    """Every statistic beside chance; `analyses` by readers' names of the models."""
    rows = []
    for label, analysis in analyses.items():
        for line in analysis.statistics:
            write = share if line.statistic.startswith("purity") else decimals
            rows.append(
                (
                    label, line.statistic, STATISTICS.get(line.statistic, line.statistic),
                    Value(line.number, f"{line.table}s"), write(line.observed), write(line.null_mean),
                    f"{write(line.null_low)} to {write(line.null_high)}", line.p_value,
                )
            )  # fmt: skip
    counted = next((analysis.settings.get("neighbours") for analysis in analyses.values()), None) or NEIGHBOURS
    title = f"What the vectors of {', '.join(analyses)} know, beside chance"
    return Table(title, _STATISTICS, rows, _CAPTION.format(counted=counted))


def neighbours_table(analysis: VectorsAnalysis, table: VectorTable, label: str, *, most: int | None = None) -> Table:
    """The nearest of every trained vector, German's first if it is there, the others by name.

    With `most`, of so many that have seen most rows.
    """
    points = {point.code: point for point in analysis.placed(table)}
    if most is not None:
        shown = sorted(points.values(), key=lambda point: -point.rows_seen)[:most]
    else:
        shown = sorted(points.values(), key=lambda point: (point.code != _FIRST, point.name.casefold()))
    nearest, rows = analysis.nearest(table), []
    for point in shown:
        near = [
            Near(short_name(other.name), cosine(line.cosine), bool(point.family) and point.family == other.family)
            for line in nearest.get(point.code, [])
            if (other := points.get(line.neighbour)) is not None
        ]
        rows.append((point.name, point.code, point.family_name, point.rows_seen, near[:NEIGHBOURS]))
    columns = (
        Column(table.capitalize(), short_name, "name"), Column("Code", kind="code"),
        Column("Family", kind="name", only="wide"), Column("Rows", whole, "number"), Column("Nearest", kind="near"),
    )  # fmt: skip
    caption = "Closest first, by cosine."
    if table == "language":
        caption += " Marked: the same family. They are read from the vectors alone; the model was told no family."
    search = [*map(_words, shown)] if table == "language" else ()
    title = f"The nearest {table} vectors in {label}{', of those with most rows' * (most is not None)}"
    return Table(title, columns, rows, caption, is_by_language=table == "language", search=search)


def _words(point: VectorPoint) -> str:
    if point.tag is None:
        return ""
    info = known(point.tag)
    return " ".join((*info.other_names, info.script_name, info.family_name or ""))


def _untrained(analysis: VectorsAnalysis) -> Iterator[str]:
    for table, codes in analysis.untrained.items():
        if codes:
            yield f"Untrained {table} vectors, left out: {first_of(codes, _NAMED)}."
