"""An analysis of identification as a document: how often the vectors are right, and where they are not."""

from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.render.document import Column, Document, Note, Sentence, Table
from langsamp.views.names import known

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
            *map(Note, (*missing, *analysis.notes)),
        ]
    )  # fmt: skip


def identification_sentence(analysis: IdentificationAnalysis) -> str:
    """The finding, beside chance and the control."""
    return (
        f"The vectors alone tell the language of {analysis.right:.0%} of the sentences of {analysis.text} among "
        f"{len(analysis.languages)} [{analysis.low:.0%}, {analysis.high:.0%}]; chance is {analysis.chance:.0%}, "
        f"character n-grams of other sentences tell {analysis.ngram:.0%}."
    )
