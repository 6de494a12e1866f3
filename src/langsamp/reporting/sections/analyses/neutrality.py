"""Language neutrality: how alike translations are, by model, layer and pair of languages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from langsamp.analysis.neutrality.record import NeutralityAnalysis
from langsamp.render.chart import Picture
from langsamp.render.document import Table
from langsamp.reporting.inputs.stored import Stored
from langsamp.reporting.pictures.heatmaps import (
    MOST_LANGUAGES,
    Heatmap,
    NeutralityView,
    change_heatmaps,
    heatmaps,
    neutrality_data,
)
from langsamp.reporting.pictures.vector_data import as_script
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.neutrality_charts import layer_curves, probe_curves
from langsamp.views.names import known, short_name
from langsamp.views.neutrality import model_tables

Line = TypeVar("Line")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Models that were measured on the same sentences, in tables and pictures."""

    view: NeutralityView
    heatmaps: Sequence[Heatmap]
    changes: Sequence[Heatmap]
    pictures: Sequence[Picture]
    """Similarity, then probes, over all layers."""
    tables: Sequence[Table]
    data: Markup
    """For the script."""


@dataclass(frozen=True, kw_only=True)
class Neutrality(Section):
    """How neutral the encoders are."""

    id = "neutrality"
    title = "Neutrality"
    parts: Sequence[Part]


def neutrality(report: Report) -> Neutrality | None:
    """How neutral the encoders are; None where it was not measured."""
    views = neutrality_views(report.of_kind(NeutralityAnalysis))
    return Neutrality(parts=[_part(view, number) for number, view in enumerate(views, start=1)]) if views else None


def _part(view: NeutralityView, number: int) -> Part:
    return Part(
        view=view,
        heatmaps=heatmaps(view),
        changes=change_heatmaps(view),
        pictures=[
            Picture(
                f"layers-{number}",
                layer_curves(view.analysis),
                "From layer to layer",
                "Means over all pairs of languages, of translations and of sentences that are no translations; bands "
                "are 95 % intervals over sentences.",
                summary="Cosines of translations and of other sentences by layer",
            ),
            Picture(
                f"probes-{number}",
                probe_curves(view.analysis),
                "Probes from layer to layer",
                "How often a linear reader tells the language, or the script, from a sentence's vector. Lower is more "
                "neutral.",
                summary="Accuracy of probes for language and script by layer",
            ),
        ],
        tables=model_tables(view.analysis, view.labels),
        data=as_script(neutrality_data(view)),
    )


def neutrality_views(stored: Sequence[Stored[NeutralityAnalysis]]) -> list[NeutralityView]:
    """Analyses of the same sentences stand side by side."""
    groups: dict[str, list[Stored[NeutralityAnalysis]]] = {}
    for each in stored:
        analysis = each.analysis
        seen = (analysis.text, analysis.number, analysis.seed, analysis.settings.get("text_revision"))
        pairs = sorted({(line.first, line.second) for line in analysis.similarity})
        groups.setdefault(repr((seen, pairs)), []).append(each)
    return [_view(group) for group in groups.values()]


def _view(group: Sequence[Stored[NeutralityAnalysis]]) -> NeutralityView:
    analyses = [each.analysis for each in group]
    first = analyses[0]
    labels = {model: each.labels.get(model, model) for each in group for model in each.analysis.models}
    tags = list(dict.fromkeys(tag for side in ("first", "second") for tag in _side(first, side)))
    shown = tags[:MOST_LANGUAGES]
    layers = sorted({line.layer for analysis in analyses for line in analysis.similarity})
    layer = first.layer if first.layer in layers else layers[-1]
    together = first.model_copy(
        update={
            "models": tuple(labels),
            "layers": dict.fromkeys(labels, layer),
            "tags": tuple(shown),
            "sentences": tuple(said for each in group for said in each.sentences),
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
