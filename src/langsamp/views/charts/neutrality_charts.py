"""The charts of the neutrality analysis: heatmaps of pairs of languages, curves over layers, probes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from langsamp.analysis.neutrality.record import LayerMeans, NeutralityAnalysis, PairChange, PairSimilarity
from langsamp.render.chart import Chart
from langsamp.render.charts.pair_heatmap import Square, pair_heatmap
from langsamp.render.document import is_absent
from langsamp.render.numbers import ABSENT
from langsamp.render.palette import GREY
from langsamp.render.svg import page_style
from langsamp.views.appearance import looks, side_name, split_name
from langsamp.views.names import known

_LINE_STYLES = ("-", "--", ":", "-.")
_PROBES: tuple[Literal["language", "script"], ...] = ("language", "script")


def figures(analysis: NeutralityAnalysis) -> dict[str, Chart]:
    """All charts of one analysis, heatmaps at the layer told of first, by name.

    `similarity`: centred cosine of translations, a heatmap for each model on one colour scale; `layers` and `probes`:
    curves over layers; with two models or more `change` and `difference`: how far each is from the first one, in per
    cent and plainly.
    """
    charts = {
        "similarity": similarity_heatmaps(analysis),
        "layers": layer_curves(analysis),
        "probes": probe_curves(analysis),
    }
    if analysis.change:
        charts["change"] = change_heatmaps(analysis)
        charts["difference"] = change_heatmaps(analysis, column="difference")
    return charts


def similarity_heatmaps(analysis: NeutralityAnalysis) -> Chart:
    """Mean centred cosine of translations for each pair of languages (the paper's Figure 5), a panel for each model."""
    panels = {
        f"{model_name(model)}, layer {analysis.layers[model]}": [_similarity(pair) for pair in analysis.pairs(model)]
        for model in analysis.models
    }
    return pair_heatmap(
        panels,
        analysis.tags,
        full=max(abs(square.value) for squares in panels.values() for square in squares),
        label="mean centred cosine of translations",
        name="similarity",
    )


def change_heatmaps(analysis: NeutralityAnalysis, *, column: Literal["percent", "difference"] = "percent") -> Chart:
    """Change of that cosine from the first model to each other one, in per cent as in the paper's Figure 4, or plainly.

    Full colour is the 95th percentile, so that few extreme pairs do not pale the rest. A dash stands where the first
    model's cosine may be nothing, so that a percentage would say nothing.
    """
    square = _percent if column == "percent" else _difference
    base = model_name(analysis.models[0])
    panels = {
        f"{base} to {model_name(model)}, layer {analysis.layers[model]}": [*map(square, analysis.changes(model))]
        for model in analysis.models[1:]
    }
    sizes = [abs(each.value) for squares in panels.values() for each in squares if not is_absent(each.value)]
    return pair_heatmap(
        panels,
        analysis.tags,
        full=float(np.quantile(sizes, 0.95)) if sizes else 1.0,
        label=f"change of the centred cosine{', per cent' if column == 'percent' else ''}",
        name=column,
    )


def layer_curves(analysis: NeutralityAnalysis) -> Chart:
    """Over all layers, means over pairs of languages: translations beside other sentences, and the gap between them."""
    with page_style():
        figure = Figure(figsize=(9.6, 3.9), layout="constrained")
        centred, raw, gap = figure.subplots(1, 3)
        for model, look in _looks(analysis.models).items():
            curve = analysis.curve_of(model)
            _line(centred, curve, [(line.parallel, line.low, line.high) for line in curve], look)
            _control(centred, curve, [line.non_parallel for line in curve], look)
            _line(raw, curve, [(line.raw,) for line in curve], look)
            _control(raw, curve, [line.raw_non_parallel for line in curve], look)
            gaps = [(line.raw_gap, line.raw_gap_low, line.raw_gap_high) for line in curve]
            _line(gap, curve, gaps, {**look, "label": model_name(model)})
        titles = ("Centred cosine", "Cosine without centring", "Gap without centring")
        for axes, title in zip((centred, raw, gap), titles, strict=True):
            axes.set(title=title, xlabel="layer")
            _by_layer(axes)
        centred.set_ylabel("mean over pairs of languages")
        gap.plot([], [], color=GREY, linewidth=1.8, label="translations")
        gap.plot([], [], color=GREY, linewidth=0.9, marker="x", markersize=4, label="other sentences")
        gap.fill_between([], [], color=GREY, alpha=0.25, linewidth=0, label="95 % over sentences")
        figure.legend(*gap.get_legend_handles_labels(), loc="outside lower center", ncols=5, handlelength=2.4)
    return Chart(figure, {})


def probe_curves(analysis: NeutralityAnalysis) -> Chart:
    """Accuracy of the linear probes by layer, beside chance; lower is more neutral."""
    probes = [of for of in _PROBES if not all(is_absent(line.probe(of)[0]) for line in analysis.curve)]
    with page_style():
        figure = Figure(figsize=(4.8 * len(probes), 3.4), layout="constrained")
        pictures = figure.subplots(1, len(probes), squeeze=False).ravel()
        for axes, of in zip(pictures, probes, strict=True):
            for model, look in _looks(analysis.models).items():
                curve = analysis.curve_of(model)
                _line(axes, curve, [line.probe(of)[:3] for line in curve], {**look, "label": model_name(model)})
            by_chance = analysis.curve[0].probe(of)[3]
            axes.axhline(by_chance, color=GREY, linewidth=1.2, linestyle=(0, (2, 2)), label="chance")
            axes.set(title=f"A probe tells the {of}", xlabel="layer", ylim=(0, 1.03))
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            _by_layer(axes)
        pictures[0].set_ylabel("right, share of sentences")
        figure.legend(*pictures[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, handlelength=2.4)
    return Chart(figure, {})


def model_name(model: str) -> str:
    """What readers call a model: `Baseline, seed 0`."""
    side, seed = split_name(model)
    return model if side == model else f"{side_name(side)}, seed {seed}"


def _similarity(pair: PairSimilarity) -> Square:
    title = f"{_both(pair)}: {pair.parallel:.3f} [{pair.low:.3f}, {pair.high:.3f}]"
    return Square(pair.first, pair.second, pair.parallel, _written(pair.parallel, ".2f"), title)


def _difference(pair: PairChange) -> Square:
    title = f"{_both(pair)}: {pair.difference:+.3f} [{pair.low:+.3f}, {pair.high:+.3f}]"
    return Square(pair.first, pair.second, pair.difference, _written(pair.difference, "+.2f"), title)


def _percent(pair: PairChange) -> Square:
    percent = "" if is_absent(pair.percent) else f"{pair.percent:+.1f} %, "
    title = f"{_both(pair)}: {percent}from {pair.before:.3f} to {pair.after:.3f}"
    size = abs(pair.percent)
    written = "0" if size < 0.05 else _written(pair.percent, "+.0f" if size >= 9.95 else "+.1f")
    return Square(pair.first, pair.second, pair.percent, written, title)


def _both(pair: PairSimilarity | PairChange) -> str:
    return f"{known(pair.first).name} and {known(pair.second).name}"


def _written(value: float, form: str) -> str:
    if is_absent(value):
        return ABSENT
    return (f"{value:{form}}" if abs(value) >= 0.005 else "0.00").replace("-", "−")


def _looks(models: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Line of each model: the colour of its side, another dash for each training of it."""
    marks = looks(list(dict.fromkeys(split_name(model)[0] for model in models)))
    look_of: dict[str, dict[str, Any]] = {}
    for model in models:
        side = split_name(model)[0]
        number = sum(split_name(other)[0] == side for other in look_of)
        look_of[model] = {"color": marks[side].colour, "linestyle": _LINE_STYLES[number % len(_LINE_STYLES)]}
    return look_of


def _line(
    axes: Axes, curve: Sequence[LayerMeans], values: Sequence[tuple[float, ...]], look: Mapping[str, Any]
) -> None:
    """A line of the first of the values, a band between the others where there are some."""
    layers = [line.layer for line in curve]
    axes.plot(layers, [value[0] for value in values], linewidth=1.8, **look)
    if len(values[0]) > 1:
        low, high = [value[1] for value in values], [value[2] for value in values]
        axes.fill_between(layers, low, high, color=look["color"], alpha=0.18, linewidth=0)


def _control(axes: Axes, curve: Sequence[LayerMeans], values: Sequence[float], look: Mapping[str, Any]) -> None:
    layers = [line.layer for line in curve]
    axes.plot(layers, values, color=look["color"], linewidth=0.9, marker="x", markersize=4)


def _by_layer(axes: Axes) -> None:
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
