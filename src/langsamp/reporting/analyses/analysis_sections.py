"""The sections of the page that show analyses: vectors, neutrality, donors and transfer, ablation and families.

Analyses are read from the runs' `analysis` folders. What the vectors know is cheap and needs no encoder, so it is
computed here for models of which it is not stored; all others are named with the command that makes them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.analysis.neutrality.record import NeutralityAnalysis
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.analysis.vectors.analyse import TABLES
from langsamp.analysis.vectors.neighbours import Table as VectorTable
from langsamp.render.chart import Chart, embedded
from langsamp.render.document import Table
from langsamp.render.numbers import with_minus
from langsamp.reporting.analyses.analyses_of_runs import (
    Kind,
    Stored,
    key_of,
    label_of,
    missing_analyses,
    names_of,
    of_kind,
    vector_views,
)
from langsamp.reporting.analyses.donor_sections import ROLES, donor_rows, transfer_tables
from langsamp.reporting.analyses.neutrality_heatmaps import change_heatmap, change_pairs, heatmaps, neutrality_data
from langsamp.reporting.analyses.neutrality_sections import (
    MEASURES,
    NeutralityView,
    neutrality_views,
    with_labels,
)
from langsamp.reporting.analyses.picture_data import Picture, as_script, vector_data
from langsamp.reporting.analyses.variant_sections import ablation_tables, family_tables
from langsamp.reporting.analyses.vector_sections import (
    NEIGHBOURS,
    VectorView,
    neighbour_rows,
    statistic_rows,
)
from langsamp.reporting.inputs.run_folder import Run
from langsamp.views.charts.ablation_charts import figures as ablation_figures
from langsamp.views.charts.family_charts import figures as family_figures
from langsamp.views.charts.neutrality_charts import layer_curves, probe_curves
from langsamp.views.charts.transfer_charts import study_charts
from langsamp.views.charts.vector_charts import first_picture, tree_picture
from langsamp.views.identification import filled_tables, identification_sentence

_CAPTIONS = {
    "contrasts": "What each part brings, task by task",
    "strategies": "What each way to choose a source gives, beside English",
    "regret": "How far each way to choose a source stays behind the best one",
}


class _Shown(NamedTuple):
    """An analysis as the page shows it."""

    analysis: Analysis
    tables: Sequence[Any]
    """As its own module makes them for the template."""
    pictures: Sequence[tuple[str, Markup]]
    """Each with its caption."""
    sentences: Sequence[str]
    """What was found, in words, with readers' names of the models."""


class _Identified(NamedTuple):
    """What the vectors of one model do to its predictions."""

    label: str
    sentence: str
    tables: Sequence[Table]
    """The likeliest tokens of a sentence each."""
    notes: Sequence[str]


def analysis_parts(runs: Sequence[Run], stored: Sequence[Stored[Analysis]]) -> dict[str, Any]:
    """Every value that these sections print, by name; `stored` are the analyses of `runs` (`read_stored`)."""
    views = vector_views(runs, stored)
    donors = {key_of(each): each for each in of_kind(stored, DonorsAnalysis)}
    return {
        **_vector_parts(views, {key: each.analysis for key, each in donors.items()}),
        "identified": [_identified(each) for each in of_kind(stored, IdentificationAnalysis)],
        **_neutrality_parts(of_kind(stored, NeutralityAnalysis)),
        **_donor_parts(list(donors.values()), views),
        "ablations": _shown(
            of_kind(stored, AblationAnalysis), lambda each: ablation_tables(each.analysis), ablation_figures,
            "variants side by side",
        ),
        "families": _shown(
            of_kind(stored, FamiliesAnalysis), lambda each: family_tables(each.analysis, names_of(each)),
            family_figures, "means by family",
        ),
        "transfers": _shown(
            of_kind(stored, TransferAnalysis), lambda each: transfer_tables(each.analysis, names_of(each)),
            study_charts, "ways to choose a source",
        ),
        "missing": missing_analyses(runs, stored),
    }  # fmt: skip


def _identified(stored: Stored[IdentificationAnalysis]) -> _Identified:
    analysis = stored.analysis
    return _Identified(label_of(stored), identification_sentence(analysis), filled_tables(analysis), analysis.notes)


def _shown(
    stored: Sequence[Stored[Kind]],
    tables: Callable[[Stored[Kind]], Sequence[Any]],
    charts: Callable[[Kind], Mapping[str, Chart]],
    summary: str,
) -> list[_Shown]:
    """The analyses of one kind, each with its tables and charts; `summary` says what the chart of a task shows."""
    return [
        _Shown(
            each.analysis,
            tables(each),
            _charts(f"{each.analysis.kind}-{number}", charts(each.analysis), summary),
            [with_minus(with_labels(said, each.labels)) for said in each.analysis.sentences],
        )
        for number, each in enumerate(stored, start=1)
    ]


def _charts(name: str, charts: Mapping[str, Chart], summary: str) -> list[tuple[str, Markup]]:
    """Each chart with its caption; a key that is in `_CAPTIONS` says what it shows, any other is a task."""
    embedded_charts = []
    for key, chart in charts.items():
        caption = _CAPTIONS.get(key, f"{key}: {summary}")
        embedded_charts.append((caption, embedded(f"{name}-{key}", chart, caption)))
    return embedded_charts


def _vector_parts(views: Sequence[VectorView], donors: Mapping[str, DonorsAnalysis]) -> dict[str, Any]:
    shown = views[0] if views else None
    return {
        "shown": shown,
        "pictures": _pictures(shown) if shown else [],
        "languages_near": neighbour_rows(shown, "language") if shown else [],
        "scripts_near": neighbour_rows(shown, "script") if shown else [],
        "statistics": statistic_rows(views),
        "vector_notes": [f"{view.label}: {note}" for view in views for note in view.analysis.notes],
        "trees": _trees(shown) if shown else [],
        "vector_data": as_script(vector_data(Picture(views, donors))) if views else None,
        "neighbours": NEIGHBOURS,
        "counted": shown.analysis.settings.get("neighbours", NEIGHBOURS) if shown else NEIGHBOURS,
        "shuffles": shown.analysis.settings.get("shuffles") if shown else None,
    }


def _pictures(shown: VectorView) -> list[tuple[str, Markup]]:
    """The vectors of each table on their principal components."""
    return [
        (
            table,
            embedded(
                f"dots-{table}", first_picture(shown.analysis, table),
                f"{table.capitalize()} vectors of {shown.label} on two principal components; the tables below have the "
                "neighbours",
            ),
        )
        for table in TABLES
        if shown.points(table)
    ]  # fmt: skip


def _trees(shown: VectorView) -> list[tuple[str, Markup]]:
    """A tree of each table, with what is in it."""
    words: dict[VectorTable, str] = {"language": "language vectors", "script": "script vectors"}
    return [
        (said, embedded(f"tree-{table}", tree_picture(shown.analysis, table), f"Tree of the {said} of {shown.label}"))
        for table, said in words.items()
        if shown.points(table)
    ]


def _curves(view: NeutralityView, number: int) -> list[Markup]:
    """Similarity and probes over all layers."""
    whole = view.analysis
    return [
        embedded(f"layers-{number}", layer_curves(whole), "Cosines of translations and of other sentences by layer"),
        embedded(f"probes-{number}", probe_curves(whole), "Accuracy of probes for language and script by layer"),
    ]


def _neutrality_parts(stored: Sequence[Stored[NeutralityAnalysis]]) -> dict[str, Any]:
    views = neutrality_views([(each.analysis, each.labels) for each in stored])
    return {
        "measures": MEASURES,
        "neutrality": [
            {
                "view": view,
                "heatmaps": heatmaps(view),
                "changes": [
                    heatmap for base, model in change_pairs(view)
                    if (heatmap := change_heatmap(view, base, model)) is not None
                ],
                "pictures": _curves(view, number),
                "data": as_script(neutrality_data(view)),
            }
            for number, view in enumerate(views, start=1)
        ],
    }  # fmt: skip


def _donor_parts(donors: Sequence[Stored[DonorsAnalysis]], views: Sequence[VectorView]) -> dict[str, Any]:
    order = [view.key for view in views]
    ordered = sorted(donors, key=lambda each: order.index(key_of(each)) if key_of(each) in order else len(order))
    first = ordered[0] if ordered else None
    return {
        "donor_model": label_of(first) if first else None,
        "donor_analysis": first.analysis if first else None,
        "donors": donor_rows(first.analysis, {label_of(each): each.analysis for each in ordered[1:]}) if first else [],
        "roles": ROLES,
    }
