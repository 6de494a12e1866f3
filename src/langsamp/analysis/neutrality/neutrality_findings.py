"""What the neutrality analysis found, in sentences that stand by themselves."""

import math
from collections.abc import Sequence

from langsamp.analysis.neutrality.record import EDIT_NAMES, LayerMeans, NeutralityAnalysis, OverallChange, PostHoc


def findings(analysis: NeutralityAnalysis) -> tuple[str, ...]:
    """One sentence for the text, two for each model at the layer told of first, and some for each change."""
    sentences = [_about_text(analysis)]
    for model in analysis.models:
        embeddings = next(line.parallel for line in analysis.curve_of(model) if line.layer == 0)
        sentences += _about_model(analysis.means(model), pairs=len(analysis.pairs(model)), embeddings=embeddings)
    for model in analysis.models[1:]:
        sentences += _about_change(analysis, model)
    if analysis.post_hoc:
        sentences += [
            _about_edits([line for line in analysis.post_hoc if line.model == model]) for model in analysis.models
        ]
    return tuple(sentences)


def _about_text(analysis: NeutralityAnalysis) -> str:
    languages = len(analysis.tags)
    drawn = (
        f"{analysis.number} sentences rendered for {languages} languages"
        if analysis.available is None
        else f"{analysis.number} of {analysis.available} sentences that all {languages} languages have"
    )
    missing = f"; not there: {', '.join(analysis.missing)}" if analysis.missing else ""
    return f"Text of {analysis.text}: {drawn} (seed {analysis.seed}){missing}."


def _about_model(row: LayerMeans, *, pairs: int, embeddings: float) -> list[str]:
    over = "" if pairs == 1 else f", on average over {pairs} pairs of languages"
    properties = [f"the language of {row.language_probe:.0%} of the sentences (chance {row.language_chance:.0%})"]
    if not math.isnan(row.script_probe):
        properties.append(f"the script of {row.script_probe:.0%} (always the most frequent: {row.script_chance:.0%})")
    alone = "" if row.layer == 0 else f" (the embedding layer alone: {embeddings:.3f})"
    return [
        f"{row.model}, layer {row.layer}: translations have a centred cosine of "
        f"{_with_ends(row.parallel, row.low, row.high)}{over}{alone}. Without centring it is {row.raw:.3f}, against "
        f"{row.raw_non_parallel:.3f} for sentences that are no translations: a gap of "
        f"{_with_ends(row.raw_gap, row.raw_gap_low, row.raw_gap_high)}.",
        f"{row.model}, layer {row.layer}: a linear probe tells {' and '.join(properties)}.",
    ]


def _about_change(analysis: NeutralityAnalysis, model: str) -> list[str]:
    by_pair, layer_of_model = analysis.changes(model), analysis.layers[model]
    base, layer = by_pair[0].base, by_pair[0].layer
    overall = [line for line in analysis.overall if line.model == model and line.model_layer == layer_of_model]
    parallel, raw, gap, language, _ = overall  # in the order of `neutrality_tables.Measured.by_sentence`
    sure_up, sure_down = sum(line.low > 0 for line in by_pair), sum(line.high < 0 for line in by_pair)
    where = f"layer {layer}" if layer == layer_of_model else f"layer {layer_of_model} against {layer}"
    relative = f", {100 * parallel.difference / parallel.before:+.1f} % of the mean" if parallel.before > 0 else ""
    sentences = [
        f"From {base} to {model}, {where}: the centred cosine is higher in "
        f"{sum(line.difference > 0 for line in by_pair)} of {len(by_pair)} pairs (interval above nothing in {sure_up}, "
        f"below in {sure_down}); on average it changes by {_signed(parallel)}{relative}.",
        f"From {base} to {model}, {where}: the gap without centring changes by {_signed(gap)}, the share of sentences "
        f"whose language a probe tells by {100 * language.difference + 0.0:+.1f} points "
        f"[{100 * language.low:+.1f}, {100 * language.high:+.1f}].",
    ]
    if raw.low > 0 and gap.low <= 0:
        sentences.append(
            f"All cosines of {model} are higher, those of translations not surely more so than the others: that alone "
            "is no better alignment."
        )
    sentences.append("The intervals hold chance in the choice of sentences, not between trainings.")
    return sentences


def _about_edits(lines: Sequence[PostHoc]) -> str:
    """Of one model: what the vectors give as they are, and after each edit."""
    parts = [
        f"{EDIT_NAMES[line.edit]}, a linear probe tells the language of {line.language_probe:.0%} and "
        f"{line.retrieval:.1%} [{line.retrieval_low:.1%}, {line.retrieval_high:.1%}] of the translations are nearest"
        for line in lines
    ]
    first = lines[0]
    return (
        f"{first.model}, layer {first.layer}, without any training: {'; '.join(parts)} (chance "
        f"{first.language_chance:.0%} and {first.retrieval_chance:.1%})."
    )


def _with_ends(value: float, low: float, high: float) -> str:
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _signed(row: OverallChange) -> str:
    value, low, high = (f"{round(number, 3) + 0.0:+.3f}" for number in (row.difference, row.low, row.high))
    return f"{value} [{low}, {high}]"
