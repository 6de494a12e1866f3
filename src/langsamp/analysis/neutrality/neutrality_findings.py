"""What the neutrality analysis found, in sentences that stand by themselves."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd


def findings(values: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """One sentence for the text, two for each model at the layer told of first, and some for each change."""
    sentences = [_about_text(values)]
    curve = tables["curve"].set_index(["model", "layer"])
    for model, layer in values["layers"].items():
        embeddings = float(curve.loc[(model, 0), "parallel"])
        sentences += _about_model(model, layer, curve.loc[(model, layer)], pairs=_pairs(values), embeddings=embeddings)
    for model, layer in list(values["layers"].items())[1:]:
        sentences += _about_change(model, layer, tables["change"], tables["overall"])
    return sentences


def _about_text(values: Mapping[str, Any]) -> str:
    drawn = (
        f"{values['number']} sentences rendered for {len(values['tags'])} languages"
        if values["available"] is None
        else f"{values['number']} of {values['available']} sentences that all {len(values['tags'])} languages have"
    )
    missing = f"; not there: {', '.join(values['missing'])}" if values["missing"] else ""
    return f"Text of {values['text']}: {drawn} (seed {values['seed']}){missing}."


def _about_model(model: str, layer: int, row: pd.Series, *, pairs: int, embeddings: float) -> list[str]:
    over = "" if pairs == 1 else f", on average over {pairs} pairs of languages"
    properties = [f"the language of {row.language_probe:.0%} of the sentences (chance {row.language_chance:.0%})"]
    if not math.isnan(row.script_probe):
        properties.append(f"the script of {row.script_probe:.0%} (always the most frequent: {row.script_chance:.0%})")
    alone = "" if layer == 0 else f" (the embedding layer alone: {embeddings:.3f})"
    return [
        f"{model}, layer {layer}: translations have a centred cosine of {_with_ends(row.parallel, row.low, row.high)}"
        f"{over}{alone}. Without centring it is {row.raw:.3f}, against {row.raw_non_parallel:.3f} for sentences that "
        f"are no translations: a gap of {_with_ends(row.raw_gap, row.raw_gap_low, row.raw_gap_high)}.",
        f"{model}, layer {layer}: a linear probe tells {' and '.join(properties)}.",
    ]


def _about_change(model: str, own_layer: int, change: pd.DataFrame, overall: pd.DataFrame) -> list[str]:
    at_layer = (change["model"] == model) & (change["model_layer"] == own_layer)
    by_pair = change[at_layer]
    base, layer = by_pair["base"].iloc[0], by_pair["layer"].iloc[0]
    changes = overall[(overall["model"] == model) & (overall["model_layer"] == own_layer)].set_index("measure")
    parallel, gap, language = changes.loc["parallel"], changes.loc["raw_gap"], changes.loc["language_probe"]
    sure_up, sure_down = int((by_pair["low"] > 0).sum()), int((by_pair["high"] < 0).sum())
    where = f"layer {layer}" if layer == own_layer else f"layer {own_layer} against {layer}"
    relative = f", {100 * parallel.difference / parallel.before:+.1f} % of the mean" if parallel.before > 0 else ""
    sentences = [
        f"From {base} to {model}, {where}: the centred cosine is higher in {int((by_pair['difference'] > 0).sum())} of "
        f"{len(by_pair)} pairs (interval above nothing in {sure_up}, below in {sure_down}); on average it "
        f"changes by {_signed(parallel)}{relative}.",
        f"From {base} to {model}, {where}: the gap without centring changes by {_signed(gap)}, the share of sentences "
        f"whose language a probe tells by {100 * language.difference + 0.0:+.1f} points "
        f"[{100 * language.low:+.1f}, {100 * language.high:+.1f}].",
    ]
    if changes.loc["raw"].low > 0 and gap.low <= 0:
        sentences.append(
            f"All cosines of {model} are higher, those of translations not surely more so than the others: that alone "
            "is no better alignment."
        )
    sentences.append("The intervals hold chance in the choice of sentences, not between trainings.")
    return sentences


def _pairs(values: Mapping[str, Any]) -> int:
    number = len(values["tags"])
    return number * (number - 1) // 2


def _with_ends(value: float, low: float, high: float) -> str:
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _signed(row: Any) -> str:
    value, low, high = (f"{round(number, 3) + 0.0:+.3f}" for number in (row.difference, row.low, row.high))
    return f"{value} [{low}, {high}]"
