"""The charts of the neutrality analysis: heatmaps of pairs of languages, curves over layers, probes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from langsamp.analysis.analysis import Analysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.chart import Chart
from langsamp.render.charts.pair_heatmap import Square, pair_heatmap
from langsamp.render.numbers import ABSENT
from langsamp.render.palette import GREY
from langsamp.render.svg import page_style
from langsamp.views.appearance import looks, side_name, split_name

_LINE_STYLES = ("-", "--", ":", "-.")


def figures(analysis: Analysis) -> dict[str, Chart]:
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
    if "change" in analysis.tables:
        charts["change"] = change_heatmaps(analysis)
        charts["difference"] = change_heatmaps(analysis, column="difference")
    return charts


def similarity_heatmaps(analysis: Analysis, *, layers: Mapping[str, int] | None = None) -> Chart:
    """Mean centred cosine of translations for each pair of languages (the paper's Figure 5), a panel for each model.

    `layers` chooses another layer of each model than the one told of first.
    """
    layers = layers or analysis.values["layers"]
    table = analysis.tables["similarity"]
    chosen = {
        f"{model_name(model)}, layer {layer}": table[(table["model"] == model) & (table["layer"] == layer)]
        for model, layer in layers.items()
    }
    return pair_heatmap(
        {title: _squares(rows, "parallel") for title, rows in chosen.items()},
        analysis.values["tags"],
        full=float(pd.concat(chosen.values())["parallel"].abs().max()),
        label="mean centred cosine of translations",
        name="similarity",
    )


def change_heatmaps(analysis: Analysis, *, column: Literal["percent", "difference"] = "percent") -> Chart:
    """Change of that cosine from the first model to each other one, in per cent as in the paper's Figure 4, or plainly.

    Full colour is the 95th percentile, so that few extreme pairs do not pale the rest. A dash stands where the first
    model's cosine may be nothing, so that a percentage would say nothing.
    """
    table, layers = analysis.tables["change"], analysis.values["layers"]
    chosen = {}
    for model in analysis.values["models"][1:]:
        rows = table[(table["model"] == model) & (table["model_layer"] == layers[model])]
        chosen[f"{model_name(rows['base'].iloc[0])} to {model_name(model)}, layer {layers[model]}"] = rows
    sizes = pd.concat(chosen.values())[column].abs().dropna()
    return pair_heatmap(
        {title: _squares(rows, column) for title, rows in chosen.items()},
        analysis.values["tags"],
        full=float(sizes.quantile(0.95)) if len(sizes) else 1.0,
        label=f"change of the centred cosine{', per cent' if column == 'percent' else ''}",
        name=column,
    )


def layer_curves(analysis: Analysis) -> Chart:
    """Over all layers, means over pairs of languages: translations beside other sentences, and the gap between them."""
    curve = analysis.tables["curve"]
    with page_style():
        figure = Figure(figsize=(9.6, 3.9), layout="constrained")
        centred, raw, gap = figure.subplots(1, 3)
        for model, look in _looks(analysis.values["models"]).items():
            model_curve = curve[curve["model"] == model]
            _line(centred, model_curve, "parallel", ("low", "high"), look)
            _control(centred, model_curve, "non_parallel", look)
            _line(raw, model_curve, "raw", None, look)
            _control(raw, model_curve, "raw_non_parallel", look)
            _line(gap, model_curve, "raw_gap", ("raw_gap_low", "raw_gap_high"), {**look, "label": model_name(model)})
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


def probe_curves(analysis: Analysis) -> Chart:
    """Accuracy of the linear probes by layer, beside chance; lower is more neutral."""
    curve = analysis.tables["curve"]
    probes = [probe for probe in ("language", "script") if curve[f"{probe}_probe"].notna().any()]
    with page_style():
        figure = Figure(figsize=(4.8 * len(probes), 3.4), layout="constrained")
        pictures = figure.subplots(1, len(probes), squeeze=False).ravel()
        for axes, probe in zip(pictures, probes, strict=True):
            for model, look in _looks(analysis.values["models"]).items():
                model_curve, key = curve[curve["model"] == model], f"{probe}_probe"
                _line(axes, model_curve, key, (f"{key}_low", f"{key}_high"), {**look, "label": model_name(model)})
            by_chance = curve[f"{probe}_chance"].iloc[0]
            axes.axhline(by_chance, color=GREY, linewidth=1.2, linestyle=(0, (2, 2)), label="chance")
            axes.set(title=f"A probe tells the {probe}", xlabel="layer", ylim=(0, 1.03))
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            _by_layer(axes)
        pictures[0].set_ylabel("right, share of sentences")
        figure.legend(*pictures[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, handlelength=2.4)
    return Chart(figure, {})


def model_name(model: str) -> str:
    """What readers call a model: `Baseline, seed 0`."""
    side, seed = split_name(model)
    return model if side == model else f"{side_name(side)}, seed {seed}"


def _squares(rows: pd.DataFrame, column: str) -> list[Square]:
    return [
        Square(row["first"], row["second"], float(row[column]), _written(row[column], column), _title(row, column))
        for row in rows.to_dict("records")
    ]


def _title(row: Mapping[Any, Any], column: str) -> str:
    both = " and ".join(describe(LangScript.parse(row[side])).name for side in ("first", "second"))
    if column == "parallel":
        return f"{both}: {row['parallel']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    if column == "difference":
        return f"{both}: {row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
    percent = "" if np.isnan(row["percent"]) else f"{row['percent']:+.1f} %, "
    return f"{both}: {percent}from {row['before']:.3f} to {row['after']:.3f}"


def _written(value: float, column: str) -> str:
    if np.isnan(value):
        return ABSENT
    if column == "percent":
        said = f"{value:+.0f}" if abs(value) >= 9.95 else f"{value:+.1f}" if abs(value) >= 0.05 else "0"
    else:
        said = f"{value:{'+' if column == 'difference' else ''}.2f}" if abs(value) >= 0.005 else "0.00"
    return said.replace("-", "−")


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
    axes: Axes, model_curve: pd.DataFrame, column: str, ends: tuple[str, str] | None, look: Mapping[str, Any]
) -> None:
    axes.plot(model_curve["layer"], model_curve[column], linewidth=1.8, **look)
    if ends is not None:
        axes.fill_between(
            model_curve["layer"],
            model_curve[ends[0]],
            model_curve[ends[1]],
            color=look["color"],
            alpha=0.18,
            linewidth=0,
        )


def _control(axes: Axes, model_curve: pd.DataFrame, column: str, look: Mapping[str, Any]) -> None:
    axes.plot(model_curve["layer"], model_curve[column], color=look["color"], linewidth=0.9, marker="x", markersize=4)


def _by_layer(axes: Axes) -> None:
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
