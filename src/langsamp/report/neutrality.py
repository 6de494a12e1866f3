"""The part of the page about language neutrality: how alike translations are, by model, layer and pair of languages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from langsamp.analysis.stored import Analysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.report.analysis_figures.vectors import short_name
from langsamp.report.records import records

MOST_LANGUAGES = 20
"""So many languages stand in the heatmaps; beyond that nobody can read them, and the file grows."""

MEASURES = {
    "parallel": ("Translations, centred", "mean cosine of translations, after the mean vector of each language is "
                 "taken away"),
    "raw_gap": ("Gap without centring", "mean cosine of translations less that of sentences that are no translations"),
    "gap": ("Gap, centred", "the same with centring; for few sentences it is tied to the first measure"),
    "raw": ("Translations, raw", "mean cosine of translations as the model gives them"),
    "raw_non_parallel": ("No translations, raw", "mean cosine of sentences that are no translations: the control"),
    "non_parallel": ("No translations, centred", "mean cosine of sentences that are no translations, after centring"),
}  # fmt: skip
"""Columns of the table `similarity`: what the page calls them, and what they are."""


class Cell(NamedTuple):
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
    rows: Sequence[tuple[str, Sequence[Cell]]]
    """Name of the language, and its cells."""


class NeutralityView(NamedTuple):
    """Models that were measured on the same sentences."""

    text: str
    number: int
    tags: Sequence[str]
    names: Sequence[str]
    hidden: int
    """Languages beyond `MOST_LANGUAGES`."""
    models: Sequence[str]
    labels: Mapping[str, str]
    layers: Sequence[int]
    layer: int
    sentences: Sequence[str]
    notes: Sequence[str]
    similarity: pd.DataFrame
    curve: pd.DataFrame
    change: pd.DataFrame | None
    measures: Sequence[str]

    def as_analysis(self) -> Analysis:
        """All models together as one analysis, as charts take it."""
        values = {"models": list(self.models), "layer": self.layer, "layers": dict.fromkeys(self.models, self.layer)}
        tables = {"curve": self.curve, "similarity": self.similarity}
        return Analysis(kind="neutrality", subject="", settings={}, values=values, tables=tables)


def neutrality_views(analyses: Sequence[tuple[Analysis, Mapping[str, str]]]) -> list[NeutralityView]:
    """Analyses with readers' names of their models; those of the same sentences stand side by side."""
    groups: dict[str, list[tuple[Analysis, Mapping[str, str]]]] = {}
    for analysis, labels in analyses:
        groups.setdefault(_same_text(analysis), []).append((analysis, labels))
    return [_view(group) for group in groups.values()]


def _same_text(analysis: Analysis) -> str:
    values, settings = analysis.values, analysis.settings
    pairs = analysis.tables["similarity"][["first", "second"]].drop_duplicates()
    seen = (values.get("text"), values.get("number"), values.get("seed"), settings.get("text_revision"))
    return repr((seen, sorted(map(tuple, pairs.to_numpy().tolist()))))


def _view(group: Sequence[tuple[Analysis, Mapping[str, str]]]) -> NeutralityView:
    first, _ = group[0]
    labels = {name: label for analysis, names in group for name, label in _labels(analysis, names)}
    similarity = _together(group, "similarity", ["model", "layer", "first", "second"])
    tags = list(dict.fromkeys([*first.tables["similarity"]["first"], *first.tables["similarity"]["second"]]))
    shown = tags[:MOST_LANGUAGES]
    similarity = similarity[similarity["first"].isin(shown) & similarity["second"].isin(shown)]
    layers = sorted({int(layer) for layer in similarity["layer"]})
    layer = int(first.values.get("layer", layers[-1]))
    changes = [analysis.tables["change"] for analysis, _ in group if "change" in analysis.tables]
    return NeutralityView(
        text=str(first.values.get("text", "")),
        number=int(first.values.get("number", 0)),
        tags=shown,
        names=[short_name(describe(LangScript.parse(tag)).name) for tag in shown],
        hidden=len(tags) - len(shown),
        models=list(dict.fromkeys(similarity["model"])),
        labels=labels,
        layers=layers,
        layer=layer if layer in layers else layers[-1],
        sentences=[with_labels(said, labels) for analysis, _ in group for said in analysis.values.get("sentences", [])],
        notes=list(dict.fromkeys(note for analysis, _ in group for note in analysis.values.get("notes", []))),
        similarity=similarity,
        curve=_together(group, "curve", ["model", "layer"]),
        change=_change(changes, shown),
        measures=_measures(similarity),
    )


def _measures(similarity: pd.DataFrame) -> list[str]:
    """Those that were measured; of the two gaps the one without centring, which is the better control."""
    there = [name for name in MEASURES if name in similarity and similarity[name].notna().any()]
    return [name for name in there if name != "gap" or "raw_gap" not in there]


def with_labels(said: str, labels: Mapping[str, str]) -> str:
    """A sentence with readers' names in place of those of the models."""
    for name, label in labels.items():
        said = re.sub(rf"(?<![\w@-]){re.escape(name)}(?![\w@-])", label, said)
    return said


def _labels(analysis: Analysis, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(analysis.tables["similarity"]["model"]):
        yield name, names.get(name, name)


def _together(group: Sequence[tuple[Analysis, Mapping[str, str]]], table: str, keys: list[str]) -> pd.DataFrame:
    return pd.concat([analysis.tables[table] for analysis, _ in group]).drop_duplicates(keys).reset_index(drop=True)


def _change(changes: Sequence[pd.DataFrame], shown: Sequence[str]) -> pd.DataFrame | None:
    if not changes:
        return None
    change = pd.concat(changes).drop_duplicates(["base", "model", "layer", "first", "second"])
    return change[change["first"].isin(shown) & change["second"].isin(shown)].reset_index(drop=True)


def pair_numbers(tags: Sequence[str]) -> dict[tuple[str, str], int]:
    """Number of each pair, in either order: the upper triangle, row by row."""
    found: dict[tuple[str, str], int] = {}
    number = 0
    for at, one in enumerate(tags):
        for other in tags[at + 1 :]:
            found[one, other] = found[other, one] = number
            number += 1
    return found


def scale(view: NeutralityView, measure: str) -> float:
    """The largest size of a value in any model and layer: the full colour of the measure's one scale."""
    return float(view.similarity[measure].abs().max()) or 1.0


def heatmaps(view: NeutralityView) -> list[Heatmap]:
    """One for each model at the default layer: translations, centred."""
    full = scale(view, "parallel")
    found = []
    for model in view.models:
        rows = view.similarity[(view.similarity["model"] == model) & (view.similarity["layer"] == view.layer)]
        cells = {}
        for line in rows.to_dict("records"):
            value = line["parallel"]
            title = f"{value:.3f}, 95 %: {line['low']:.3f} to {line['high']:.3f}"
            cells[line["first"], line["second"]] = (f"{value:.2f}", value / full, title)
        found.append(Heatmap(view.labels[model], _rows(view, cells)))
    return found


def change_pairs(view: NeutralityView) -> list[tuple[str, str]]:
    """Base and model of each change that was measured."""
    if view.change is None:
        return []
    return list(dict.fromkeys(zip(view.change["base"], view.change["model"], strict=True)))


def change_heatmap(view: NeutralityView, base: str, model: str) -> Heatmap | None:
    """Change in per cent from one model to another at the default layer; None where that layer was not compared."""
    if view.change is None:
        return None
    change = view.change
    chosen = change[(change["base"] == base) & (change["model"] == model) & (change["layer"] == view.layer)]
    if chosen.empty:
        return None
    full = change_scale(view)
    cells = {}
    for line in chosen.to_dict("records"):
        percent = line["percent"]
        if not pd.isna(percent):
            title = f"{percent:+.1f} %: from {line['before']:.3f} to {line['after']:.3f}"
            cells[line["first"], line["second"]] = (percent_text(percent), percent / full, title)
    return Heatmap(f"{view.labels.get(base, base)} to {view.labels.get(model, model)}", _rows(view, cells))


def change_scale(view: NeutralityView) -> float:
    """Per cent that have the full colour: the 95th percentile of all changes, so that few do not pale the rest."""
    if view.change is None or view.change["percent"].isna().all():
        return 1.0
    return float(view.change["percent"].abs().quantile(0.95)) or 1.0


def percent_text(value: float) -> str:
    """`+12`, `−3`, `0`."""
    return f"{round(value):+d}".replace("-", "−") if round(value) else "0"


def _rows(
    view: NeutralityView, cells: Mapping[tuple[str, str], tuple[str, float, str]]
) -> list[tuple[str, list[Cell]]]:
    numbers = pair_numbers(view.tags)
    rows = []
    for one, name in zip(view.tags, view.names, strict=True):
        line = []
        for other, other_name in zip(view.tags, view.names, strict=True):
            found = cells.get((one, other)) or cells.get((other, one))
            if one == other:
                line.append(Cell("", 0, "", None, ""))
            elif found is None:
                line.append(Cell("–", 0, "", numbers[one, other], f"{name} and {other_name}: not measured"))
            else:
                text, share, title = found
                strength = round(100 * min(1.0, abs(share)))
                side = "down" if share < 0 else "up"
                said = f"{name} and {other_name}: {title}"
                line.append(Cell(text.replace("-", "−"), strength, side, numbers[one, other], said))
        rows.append((name, line))
    return rows


def probe_rows(view: NeutralityView) -> list[dict[str, Any]]:
    """Of each model at the default layer: accuracies of both probes beside chance, and the gaps."""
    at = view.curve[view.curve["layer"] == view.layer]
    return [{**line, "label": view.labels.get(line["model"], line["model"])} for line in records(at)]


def neutrality_data(view: NeutralityView) -> dict[str, Any]:
    """The heatmaps of all layers for the script: thousandths by measure, model, layer and pair."""
    return {
        "names": list(view.names),
        "layers": list(view.layers),
        "layer": view.layers.index(view.layer),
        "measures": [
            {"key": name, "label": MEASURES[name][0], "scale": round(1000 * scale(view, name)),
             "values": [_by_layer(view, view.similarity[view.similarity["model"] == model], name, 1000)
                        for model in view.models]}
            for name in view.measures
        ],
        "change": {
            "scale": round(10 * change_scale(view)),
            "values": [
                _by_layer(view, view.change[(view.change["base"] == base) & (view.change["model"] == model)],
                          "percent", 10)
                for base, model in change_pairs(view)
            ] if view.change is not None else [],
        },
    }  # fmt: skip


def _by_layer(view: NeutralityView, rows: pd.DataFrame, column: str, unit: int) -> list[list[int | None]]:
    """Values of one model by layer and pair, in whole parts of `1 / unit`; None where not measured."""
    numbers = pair_numbers(view.tags)
    found: list[list[int | None]] = [[None] * (len(numbers) // 2) for _ in view.layers]
    place = {layer: at for at, layer in enumerate(view.layers)}
    for layer, one, other, value in zip(rows["layer"], rows["first"], rows["second"], rows[column], strict=True):
        if not pd.isna(value):
            found[place[int(layer)]][numbers[one, other]] = round(unit * float(value))
    return found
