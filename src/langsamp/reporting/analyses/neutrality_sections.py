"""The part of the page about language neutrality: how alike translations are, by model, layer and pair of languages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.numbers import with_minus
from langsamp.reporting.analyses.records import records
from langsamp.views.charts.vector_charts import short_name

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
        sentences=[
            with_minus(with_labels(said, labels))
            for analysis, _ in group
            for said in analysis.values.get("sentences", [])
        ],
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


def probe_rows(view: NeutralityView) -> list[dict[str, Any]]:
    """Of each model at the default layer: accuracies of both probes beside chance, and the gaps."""
    at = view.curve[view.curve["layer"] == view.layer]
    return [{**line, "label": view.labels.get(line["model"], line["model"])} for line in records(at)]
