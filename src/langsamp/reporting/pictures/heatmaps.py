"""The heatmaps of neutrality: a table of pairs of languages for the page, and all layers for its script."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from langsamp.analysis.neutrality.record import (
    NeutralityAnalysis,
    PairChange,
    PairSimilarity,
)

MOST_LANGUAGES = 20
"""So many languages stand in the heatmaps; beyond that nobody can read them, and the file grows."""

MEASURES = {
    "parallel": "Translations, centred",
    "raw_gap": "Gap without centring",
    "raw": "Translations, raw",
    "raw_non_parallel": "No translations, raw",
    "non_parallel": "No translations, centred",
}
"""What the page calls the measures of a pair of languages."""


class NeutralityView(NamedTuple):
    """Models that were measured on the same sentences."""

    analysis: NeutralityAnalysis
    """All models together, told of at one layer, with the pairs of the languages that are shown."""
    names: Sequence[str]
    """Of the languages."""
    hidden: int
    """Languages beyond `MOST_LANGUAGES`."""
    labels: Mapping[str, str]
    """What readers call the models."""
    layers: Sequence[int]


class HeatmapCell(NamedTuple):
    """One pair of languages in a heatmap."""

    text: str
    share: int
    """Strength of its colour, 0 to 100."""
    side: str
    """`up` or `down` from nothing, or empty for the diagonal and for what was not measured."""
    pair: int | None
    """Its number among the pairs; None on the diagonal."""
    title: str


class Heatmap(NamedTuple):
    """One model, or the change between two, at one layer."""

    label: str
    rows: Sequence[tuple[str, Sequence[HeatmapCell]]]
    """Name of the language, and its cells."""


def pair_numbers(tags: Sequence[str]) -> dict[tuple[str, str], int]:
    """Number of each pair, in either order: the upper triangle, row by row."""
    number_of: dict[tuple[str, str], int] = {}
    number = 0
    for at, one in enumerate(tags):
        for other in tags[at + 1 :]:
            number_of[one, other] = number_of[other, one] = number
            number += 1
    return number_of


def scale(view: NeutralityView, measure: str) -> float:
    """The largest size of a value in any model and layer: the full colour of the measure's one scale."""
    return max(abs(getattr(line, measure)) for line in view.analysis.similarity) or 1.0


def heatmaps(view: NeutralityView) -> list[Heatmap]:
    """One for each model at the default layer: translations, centred."""
    full = scale(view, "parallel")
    maps = []
    for model in view.analysis.models:
        cells = {
            (line.first, line.second): (
                f"{line.parallel:.2f}", line.parallel / full,
                f"{line.parallel:.3f}, 95 %: {line.low:.3f} to {line.high:.3f}",
            )
            for line in view.analysis.pairs(model)
        }  # fmt: skip
        maps.append(Heatmap(view.labels[model], _rows(view, cells)))
    return maps


def change_pairs(view: NeutralityView) -> list[tuple[str, str]]:
    """Base and model of each change that was measured."""
    return list(dict.fromkeys((line.base, line.model) for line in view.analysis.change))


def change_heatmaps(view: NeutralityView) -> list[Heatmap]:
    """Changes in per cent from one model to another at the default layer, of those that were compared there."""
    changes = {
        pair: [line for line in _changes(view, *pair) if line.layer == view.analysis.layer]
        for pair in change_pairs(view)
    }
    return [_change_heatmap(view, *pair, lines) for pair, lines in changes.items() if lines]


def _change_heatmap(view: NeutralityView, base: str, model: str, chosen: Sequence[PairChange]) -> Heatmap:
    full = change_scale(view)
    cells = {
        (line.first, line.second): (
            percent_text(line.percent), line.percent / full,
            f"{line.percent:+.1f} %: from {line.before:.3f} to {line.after:.3f}",
        )
        for line in chosen
        if not math.isnan(line.percent)
    }  # fmt: skip
    return Heatmap(f"{view.labels.get(base, base)} to {view.labels.get(model, model)}", _rows(view, cells))


def change_scale(view: NeutralityView) -> float:
    """Per cent that have the full colour: the 95th percentile of all changes, so that few do not pale the rest."""
    sizes = [abs(line.percent) for line in view.analysis.change if not math.isnan(line.percent)]
    return (float(np.quantile(sizes, 0.95)) if sizes else 1.0) or 1.0


def _changes(view: NeutralityView, base: str, model: str) -> list[PairChange]:
    return [line for line in view.analysis.change if (line.base, line.model) == (base, model)]


def percent_text(value: float) -> str:
    """`+12`, `−3`, `0`."""
    return f"{round(value):+d}".replace("-", "−") if round(value) else "0"


def _rows(
    view: NeutralityView, cells: Mapping[tuple[str, str], tuple[str, float, str]]
) -> list[tuple[str, list[HeatmapCell]]]:
    numbers = pair_numbers(view.analysis.tags)
    rows = []
    for one, name in zip(view.analysis.tags, view.names, strict=True):
        line = []
        for other, other_name in zip(view.analysis.tags, view.names, strict=True):
            cell = cells.get((one, other)) or cells.get((other, one))
            if one == other:
                line.append(HeatmapCell("", 0, "", None, ""))
            elif cell is None:
                line.append(HeatmapCell("–", 0, "", numbers[one, other], f"{name} and {other_name}: not measured"))
            else:
                text, share, title = cell
                strength = round(100 * min(1.0, abs(share)))
                side = "down" if share < 0 else "up"
                said = f"{name} and {other_name}: {title}"
                line.append(HeatmapCell(text.replace("-", "−"), strength, side, numbers[one, other], said))
        rows.append((name, line))
    return rows


def neutrality_data(view: NeutralityView) -> dict[str, Any]:
    """The heatmaps of all layers for the script: thousandths by measure, model, layer and pair."""
    analysis = view.analysis
    return {
        "names": list(view.names),
        "layers": list(view.layers),
        "layer": view.layers.index(analysis.layer),
        "measures": [
            {"key": name, "label": label, "scale": round(1000 * scale(view, name)),
             "values": [_by_layer(view, (line for line in analysis.similarity if line.model == model), name, 1000)
                        for model in analysis.models]}
            for name, label in MEASURES.items()
        ],
        "change": {
            "scale": round(10 * change_scale(view)),
            "values": [_by_layer(view, _changes(view, *pair), "percent", 10) for pair in change_pairs(view)],
        },
    }  # fmt: skip


def _by_layer(
    view: NeutralityView, lines: Iterable[PairSimilarity | PairChange], column: str, unit: int
) -> list[list[int | None]]:
    """Values of one model by layer and pair, in whole parts of `1 / unit`; None where not measured."""
    numbers = pair_numbers(view.analysis.tags)
    values: list[list[int | None]] = [[None] * (len(numbers) // 2) for _ in view.layers]
    row_of = {layer: at for at, layer in enumerate(view.layers)}
    for line in lines:
        value = getattr(line, column)
        if not math.isnan(value):
            values[row_of[line.layer]][numbers[line.first, line.second]] = round(unit * value)
    return values
