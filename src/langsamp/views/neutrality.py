"""The neutrality analysis as a document whose tables fit a hundred columns."""

from collections.abc import Callable, Sequence

from langsamp.analysis.neutrality.record import EDIT_NAMES, NeutralityAnalysis, PairChange, PairSimilarity
from langsamp.render.document import Column, Document, Note, Sentence, Table, is_absent
from langsamp.render.numbers import ABSENT, decimals, share, with_ends

_MOST_COLUMNS = 11
"""At most so many languages stand side by side in a hundred columns."""
_SHOWN = 5
"""So many of the most and least alike pairs are named where there are more languages."""

Pair = PairSimilarity | PairChange
_Write = Callable[[float], str]


def neutrality_document(analysis: NeutralityAnalysis) -> Document:
    """What was found, the means of each model, and the pairs of languages of each model and change."""
    missing = [f"{tag} is left out: {why}" for tag, why in analysis.missing.items()]
    return Document(
        [
            *map(Sentence, analysis.sentences), _models(analysis), *_edits(analysis), *_pair_tables(analysis),
            *map(Note, (*missing, *analysis.notes)),
        ],
        title=analysis.subject,
    )  # fmt: skip


def _models(analysis: NeutralityAnalysis) -> Table:
    """One line a model at the layer told of first: means over all pairs, with their controls."""
    columns = [Column(name) for name in ("model", "layer", "centred", "raw", "others", "raw gap", "language", "script")]
    rows = [
        (
            row.model, row.layer, with_ends(row.parallel, row.low, row.high, decimals), decimals(row.raw),
            decimals(row.raw_non_parallel), with_ends(row.raw_gap, row.raw_gap_low, row.raw_gap_high, decimals),
            f"{row.language_probe:.0%}", None if is_absent(row.script_probe) else f"{row.script_probe:.0%}",
        )
        for row in map(analysis.means, analysis.models)
    ]  # fmt: skip
    return Table("Means over pairs of languages, [95 % over sentences]; shares told by probes", columns, rows)


def _edits(analysis: NeutralityAnalysis) -> list[Table]:
    """A line for each model and cheap way without training."""
    if not analysis.post_hoc:
        return []
    names = ("model", "vectors", "centred", "raw gap", "language", "script", "nearest")
    rows = [
        (
            line.model, EDIT_NAMES[line.edit], decimals(line.parallel), decimals(line.raw_gap),
            f"{line.language_probe:.0%}", None if is_absent(line.script_probe) else f"{line.script_probe:.0%}",
            with_ends(line.retrieval, line.retrieval_low, line.retrieval_high, share),
        )
        for line in analysis.post_hoc
    ]  # fmt: skip
    fitted = f"without training, fitted on {analysis.settings['post_hoc']} other sentences a language"
    return [
        Table(f"Cheap ways {fitted}; nearest: translations first of {analysis.number}", [*map(Column, names)], rows)
    ]


def _pair_tables(analysis: NeutralityAnalysis) -> list[Table]:
    """The pairs of languages of each model and each change: a triangle, or the most and least alike."""
    tables = []
    for model in analysis.models:
        title = f"{model}, layer {analysis.layers[model]}: mean centred cosine of translations"
        pairs = [(pair, pair.parallel) for pair in analysis.pairs(model)]
        tables.append(_pairs(analysis, title, pairs, "parallel", decimals))
    for model in analysis.models[1:]:
        where = f"{analysis.models[0]} to {model}, layer {analysis.layers[model]}"
        changes = analysis.changes(model)
        unknown = sum(is_absent(pair.percent) for pair in changes)
        if unknown < len(changes):
            percents = [(pair, pair.percent) for pair in changes]
            tables.append(_pairs(analysis, f"{where}: change of it in per cent", percents, "percent", _signed(1)))
        if unknown:
            differences = [(pair, pair.difference) for pair in changes]
            tables.append(_pairs(analysis, f"{where}: change of it", differences, "difference", _signed(3)))
    return tables


def _pairs(
    analysis: NeutralityAnalysis, title: str, pairs: Sequence[tuple[Pair, float]], column: str, write: _Write
) -> Table:
    if len(analysis.tags) <= _MOST_COLUMNS:
        return _triangle(title, pairs, analysis.tags, write)
    ordered = sorted((entry for entry in pairs if not is_absent(entry[1])), key=lambda entry: -entry[1])
    shown = ordered if len(ordered) <= 2 * _SHOWN else [*ordered[:_SHOWN], *ordered[-_SHOWN:]]
    rows = [(pair.first, pair.second, value) for pair, value in shown]
    return Table(title, (Column("first"), Column("second"), Column(column, write)), rows)


def _triangle(title: str, pairs: Sequence[tuple[Pair, float]], tags: Sequence[str], write: _Write) -> Table:
    """A line for each language but the first, a column for each but the last."""
    languages = [tag.partition("_")[0] for tag in tags]
    heads = [tag if languages.count(code) > 1 else code for tag, code in zip(tags, languages, strict=True)]
    text_of = {(pair.first, pair.second): ABSENT if is_absent(value) else write(value) for pair, value in pairs}
    rows = [(tag, *(text_of.get((other, tag)) for other in tags[:-1])) for tag in tags[1:]]
    return Table(title, [Column(name) for name in ("", *heads[:-1])], rows)


def _signed(digits: int) -> _Write:
    return lambda value: f"{value:+.{digits}f}".replace("-", "−")
