"""The neutrality analysis as a document whose tables fit a hundred columns."""

from collections.abc import Callable, Mapping, Sequence

from langsamp.analysis.neutrality.record import (
    EDIT_NAMES,
    LayerMeans,
    NeutralityAnalysis,
    PairChange,
    PairSimilarity,
    PostHoc,
)
from langsamp.render.document import Column, Document, Note, Sentence, Table, Value, is_absent
from langsamp.render.numbers import ABSENT, decimals, ends, share

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
            *map(Sentence, analysis.sentences), *model_tables(analysis, {}), *_pair_tables(analysis),
            *map(Note, (*missing, *analysis.notes)),
        ],
        title=analysis.subject,
    )  # fmt: skip


_NUMBERS = {
    "Centred": "mean cosine of translations, after the mean vector of each language is taken away",
    "Raw": "the same as the model gives it",
    "Others": "raw, of sentences that are no translations: the control",
    "Raw gap": "what translations have over those; a model whose vectors all point one way has high cosines and no gap",
    "Language": "how often a probe, a linear reader, tells it from a vector; the nearer to chance, the more neutral",
}
"""What the columns of means say."""


def model_tables(analysis: NeutralityAnalysis, names: Mapping[str, str]) -> list[Table]:
    """The means of each model with their controls, then what cheap edits give; `names` are readers' names."""
    measures = _columns("Centred", "Raw", "Others", "Raw gap")
    columns = (Column("Model"), Column("Layer", kind="number"), *measures, *_PROBES)
    rows = [
        (
            names.get(row.model, row.model), row.layer, Value(row.parallel, ends(row.low, row.high, decimals)),
            row.raw, row.raw_non_parallel, Value(row.raw_gap, ends(row.raw_gap_low, row.raw_gap_high, decimals)),
            *_probes(row),
        )
        for row in map(analysis.means, analysis.models)
    ]  # fmt: skip
    said = "; ".join(f"{name.lower()}: {meaning}" for name, meaning in _NUMBERS.items())
    caption = f"Means over pairs of languages [95 % over sentences]. {said[0].upper()}{said[1:]}; script likewise."
    tables = [Table("Controls and probes", columns, rows, caption)]
    return [*tables, _edits(analysis, names)] if analysis.post_hoc else tables


def _edits(analysis: NeutralityAnalysis, names: Mapping[str, str]) -> Table:
    """A line for each model and cheap way without training."""
    measures = (*_columns("Centred", "Raw gap"), *_PROBES, Column("Nearest", share, "number"))
    columns = (Column("Model"), Column("Vectors"), *measures)
    rows = [
        (
            names.get(line.model, line.model), EDIT_NAMES[line.edit], line.parallel, line.raw_gap, *_probes(line),
            Value(line.retrieval, ends(line.retrieval_low, line.retrieval_high, share)),
        )
        for line in analysis.post_hoc
    ]  # fmt: skip
    caption = (
        f"Cheap edits of the vectors, fitted on {analysis.settings['post_hoc']} other sentences a language. Means "
        "subtracted: of each language its mean vector, so the language of every sentence must be known. Subspace "
        "removed: one projection for all, after which a linear reader cannot tell the languages of the fitted text "
        f"(LEACE). Nearest: how many sentences have their translation as the most similar of {analysis.number} [95 %]."
    )
    return Table("Without training", columns, rows, caption)


def _columns(*names: str) -> list[Column]:
    return [Column(name, decimals, "number") for name in names]


_PROBES = (Column("Language", "{:.0%}".format, "number"), Column("Script", "{:.0%}".format, "number"))


def _probes(line: LayerMeans | PostHoc) -> tuple[Value, Value]:
    """What probes tell, above what they tell by chance."""
    shares = ((line.language_probe, line.language_chance), (line.script_probe, line.script_chance))
    language, script = (Value(value, below=f"chance {share(chance)}") for value, chance in shares)
    return language, script


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
