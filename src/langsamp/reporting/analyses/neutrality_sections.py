"""The part of the page about language neutrality: how alike translations are, by model, layer and pair of languages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from langsamp.analysis.neutrality.record import EDIT_NAMES, LayerMeans, NeutralityAnalysis, PostHoc
from langsamp.render.numbers import with_minus
from langsamp.views.names import known, short_name

Line = TypeVar("Line")

MOST_LANGUAGES = 20
"""So many languages stand in the heatmaps; beyond that nobody can read them, and the file grows."""

MEASURES = {
    "parallel": ("Translations, centred", "mean cosine of translations, after the mean vector of each language is "
                 "taken away"),
    "raw_gap": ("Gap without centring", "mean cosine of translations less that of sentences that are no translations"),
    "raw": ("Translations, raw", "mean cosine of translations as the model gives them"),
    "raw_non_parallel": ("No translations, raw", "mean cosine of sentences that are no translations: the control"),
    "non_parallel": ("No translations, centred", "mean cosine of sentences that are no translations, after centring"),
}  # fmt: skip
"""Columns of the table `similarity`: what the page calls them, and what they are."""


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

    @property
    def probes(self) -> list[tuple[str, LayerMeans]]:
        """Each model's label with its means at the layer told of."""
        lines = {line.model: line for line in self.analysis.curve if line.layer == self.analysis.layer}
        return [(self.labels.get(model, model), line) for model, line in lines.items()]

    @property
    def edits(self) -> list[tuple[str, str, PostHoc]]:
        """Each model's label and what was done to its vectors without training, with what that gives."""
        return [
            (self.labels.get(line.model, line.model), EDIT_NAMES[line.edit], line) for line in self.analysis.post_hoc
        ]


Named = tuple[NeutralityAnalysis, Mapping[str, str]]
"""An analysis with readers' names of its models."""


def neutrality_views(analyses: Sequence[Named]) -> list[NeutralityView]:
    """Analyses of the same sentences stand side by side."""
    groups: dict[str, list[Named]] = {}
    for analysis, labels in analyses:
        seen = (analysis.text, analysis.number, analysis.seed, analysis.settings.get("text_revision"))
        pairs = sorted({(line.first, line.second) for line in analysis.similarity})
        groups.setdefault(repr((seen, pairs)), []).append((analysis, labels))
    return [_view(group) for group in groups.values()]


def _view(group: Sequence[Named]) -> NeutralityView:
    analyses = [analysis for analysis, _ in group]
    first = analyses[0]
    labels = {model: names.get(model, model) for analysis, names in group for model in analysis.models}
    tags = list(dict.fromkeys(tag for side in ("first", "second") for tag in _side(first, side)))
    shown = tags[:MOST_LANGUAGES]
    layers = sorted({line.layer for analysis in analyses for line in analysis.similarity})
    layer = first.layer if first.layer in layers else layers[-1]
    together = first.model_copy(
        update={
            "models": tuple(labels),
            "layers": dict.fromkeys(labels, layer),
            "tags": tuple(shown),
            "sentences": tuple(with_minus(with_labels(said, labels)) for each in analyses for said in each.sentences),
            "notes": _once(note for each in analyses for note in each.notes),
            "similarity": _once(
                line for each in analyses for line in each.similarity if {line.first, line.second} <= {*shown}
            ),
            "post_hoc": _once(line for each in analyses for line in each.post_hoc),
            "curve": _once(line for each in analyses for line in each.curve),
            "change": _once(line for each in analyses for line in each.change if {line.first, line.second} <= {*shown}),
        }
    )
    names = [short_name(known(tag).name) for tag in shown]
    return NeutralityView(together, names, len(tags) - len(shown), labels, layers)


def _side(analysis: NeutralityAnalysis, side: str) -> list[str]:
    return [getattr(line, side) for line in analysis.similarity]


def _once(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Of the lines about one thing, as two analyses of one model have them, the first."""
    first: dict[object, Line] = {}
    for line in lines:
        keys = tuple(getattr(line, name) for name in _KEYS if hasattr(line, name))
        first.setdefault(keys or line, line)
    return tuple(first.values())


_KEYS = ("base", "model", "edit", "layer", "first", "second")


def with_labels(said: str, labels: Mapping[str, str]) -> str:
    """A sentence with readers' names in place of those of the models."""
    for name, label in labels.items():
        said = re.sub(rf"(?<![\w@-]){re.escape(name)}(?![\w@-])", label, said)
    return said
