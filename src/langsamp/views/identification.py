"""An analysis of identification as a document: how often the vectors are right, and where they are not."""

from itertools import groupby

from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.render.document import Column, Document, Note, Sentence, Table, Value
from langsamp.views.names import known, short_name

_COLUMNS = (
    Column("language"), Column("tag"), Column("sentences"), Column("right"), Column("n-grams"), Column("taken for"),
)  # fmt: skip


def identification_document(analysis: IdentificationAnalysis) -> Document:
    """What the vectors of one model tell, languages that are told worst first."""
    rows = [
        (known(line.tag).name, line.tag, line.sentences, f"{line.right:.0%}", f"{line.ngram:.0%}", line.instead)
        for line in sorted(analysis.languages, key=lambda line: (line.right, line.tag))
    ]
    title = f"Sentences of {analysis.text} given the right tag by the vectors of {analysis.subject}"
    missing = [f"{tag} is left out: {why}" for tag, why in analysis.missing.items()]
    return Document(
        [
            Sentence(identification_sentence(analysis)),
            Table(title, _COLUMNS, rows),
            *filled_tables(analysis),
            *map(Note, (*missing, *analysis.notes)),
        ]
    )  # fmt: skip


def filled_tables(analysis: IdentificationAnalysis) -> list[Table]:
    """For each sentence with a hidden token the likeliest ones, a line for the vectors of each language."""
    tables = []
    for sentence, lines in groupby(analysis.filled, key=lambda line: line.sentence):
        by_vectors = {vectors: [*row] for vectors, row in groupby(lines, key=lambda line: line.vectors)}
        first = next(iter(by_vectors.values()))
        columns = [Column("vectors of"), *(Column(str(line.rank), kind="name") for line in first)]
        rows = [
            (
                "none" if vectors is None else short_name(known(vectors).name),
                *(Value(line.token, f"{line.probability:.0%}") for line in row),
            )
            for vectors, row in by_vectors.items()
        ]
        tables.append(Table(f"{sentence} (hidden: {first[0].hidden})", columns, rows))
    return tables


def identification_sentence(analysis: IdentificationAnalysis) -> str:
    """The finding, beside chance and the control."""
    return (
        f"The vectors alone tell the language of {analysis.right:.0%} of the sentences of {analysis.text} among "
        f"{len(analysis.languages)} [{analysis.low:.0%}, {analysis.high:.0%}]; chance is {analysis.chance:.0%}, "
        f"character n-grams of other sentences tell {analysis.ngram:.0%}."
    )
