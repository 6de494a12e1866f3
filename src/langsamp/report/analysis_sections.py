"""The sections of the page that show analyses: vectors, neutrality, donors and transfer, ablation and families.

Analyses are read from the runs' `analysis` folders. What the vectors know is cheap and needs no encoder, so it is
computed here for models of which it is not stored; all others are named with the command that makes them.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from langsamp.analysis.conditioning import Table
from langsamp.analysis.stored import Analysis, read_analyses
from langsamp.analysis.subjects import Subject
from langsamp.analysis.vectors import analyse_vectors
from langsamp.errors import DataMissingError
from langsamp.report.analysis_data import Picture, as_script, vector_data
from langsamp.report.analysis_figures.ablation import figures as ablation_figures
from langsamp.report.analysis_figures.families import figures as family_figures
from langsamp.report.analysis_figures.neutrality import layer_curves, probe_curves
from langsamp.report.analysis_figures.transfer import study_charts
from langsamp.report.analysis_figures.vectors import tree_picture
from langsamp.report.donor_sections import ROLES, donor_rows, transfer_tables
from langsamp.report.figures import Chart, embedded
from langsamp.report.neutrality import (
    MEASURES,
    NeutralityView,
    change_heatmap,
    change_pairs,
    heatmaps,
    neutrality_data,
    neutrality_views,
    probe_rows,
)
from langsamp.report.run import VARIANTS, Model, Run
from langsamp.report.scatter import SHAPES
from langsamp.report.variant_tables import ablation_tables, family_tables
from langsamp.report.vectors import (
    NEIGHBOURS,
    VectorView,
    first_picture,
    legend,
    neighbour_rows,
    statistic_rows,
)

FOLDER = "analysis"
"""Where analyses lie in a run."""

COMMANDS = {
    "neutrality": ("How alike translations are at each layer", "langsamp analyze neutrality {run}"),
    "donors": ("Which language to transfer from, for every target", "langsamp donors --all --model {run}"),
    "transfer": ("What transfer from those donors gives", "langsamp analyze transfer {run}"),
    "ablation": ("Variants side by side", "langsamp analyze ablation {run}"),
    "families": ("Scores by language family", "langsamp analyze families {run}"),
}
"""By kind what an analysis tells, and the command that makes it."""


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

    @property
    def sentences(self) -> Sequence[str]:
        """What was found, in words."""
        return list(self.analysis.values.get("sentences", []))

    @property
    def notes(self) -> Sequence[str]:
        """What a reader should know of how it was found."""
        return list(self.analysis.values.get("notes", []))


class _Stored(NamedTuple):
    """An analysis of a run, with what readers call the run's models."""

    analysis: Analysis
    labels: Mapping[str, str]
    run: Run


def analysis_parts(*runs: Run) -> dict[str, Any]:
    """Every value that these sections print, by name.

    Raises:
        DamagedError: where a stored analysis cannot be read.
    """
    stored = [
        _Stored(analysis, {model.name: model.label for model in run.models}, run)
        for run in runs
        if run.folder.is_dir()  # published scores have none
        for analysis in read_analyses(run.folder / FOLDER)
    ]
    views = _vector_views(runs, stored)
    views = sorted(views, key=lambda view: not _is_main(view, runs))
    donors = {_key(each): each for each in _of(stored, "donors")}
    return {
        **_vector_parts(views, {key: each.analysis for key, each in donors.items()}),
        **_neutrality_parts(_of(stored, "neutrality")),
        **_donor_parts(list(donors.values()), views, _of(stored, "transfer")),
        "ablations": [
            _Shown(
                each.analysis,
                ablation_tables(each.analysis),
                _charts(f"ablation-{number}", ablation_figures(each.analysis), "variants side by side"),
            )
            for number, each in enumerate(_of(stored, "ablation"), start=1)
        ],
        "families": [
            _Shown(
                each.analysis,
                family_tables(each.analysis, _names(each)),
                _charts(f"families-{number}", family_figures(each.analysis), "means by family"),
            )
            for number, each in enumerate(_of(stored, "families"), start=1)
        ],
        "missing": _missing(runs, stored),
    }


def _of(stored: Sequence[_Stored], kind: str) -> list[_Stored]:
    return [each for each in stored if each.analysis.kind == kind]


def _key(each: _Stored) -> str:
    return f"{each.run.folder}:{each.analysis.subject}"


def _label(each: _Stored) -> str:
    return each.labels.get(each.analysis.subject, each.analysis.subject)


def _charts(name: str, charts: Mapping[str, Chart], summary: str) -> list[tuple[str, Markup]]:
    """Each chart with its caption; a key that is in `_CAPTIONS` says what it shows, any other is a task."""
    found = []
    for key, chart in charts.items():
        caption = _CAPTIONS.get(key, f"{key}: {summary}")
        found.append((caption, embedded(f"{name}-{key}", chart, caption)))
    return found


def _names(each: _Stored) -> Mapping[str, str]:
    """Readers' names of models and of variants, whichever an analysis speaks of."""
    return {**VARIANTS, **each.labels}


def _is_main(view: VectorView, runs: Sequence[Run]) -> bool:
    """Whether a view is of LangSAMP itself, which is shown first."""
    return any(
        view.key == f"{run.folder}:{model.name}" and model.variant == "both" for run in runs for model in run.models
    )


def _vector_views(runs: Sequence[Run], stored: Sequence[_Stored]) -> list[VectorView]:
    """The vectors of every model that has some: as stored, else computed now."""
    found = {_key(each): VectorView(_key(each), _label(each), each.analysis) for each in _of(stored, "vectors")}
    views = []
    for run in runs:
        for model in run.models:
            key = f"{run.folder}:{model.name}"
            view = found.pop(key, None) or _computed(run, model, key)
            if view is not None:
                views.append(view)
    return [*views, *found.values()]


def _computed(run: Run, model: Model, key: str) -> VectorView | None:
    """What the vectors of a model know, computed now; None where it has none, or too few to compare."""
    there = model.conditioning
    if there is None or (there.language is None and there.script is None):
        return None
    folder = run.folder / "models" / model.name / "export"
    try:
        return VectorView(key, model.label, analyse_vectors(Subject(model.name, folder, run.folder)))
    except DataMissingError:
        return None


def _vector_parts(views: Sequence[VectorView], donors: Mapping[str, Analysis]) -> dict[str, Any]:
    shown = views[0] if views else None
    return {
        "shown": shown,
        "pictures": _pictures(shown) if shown else [],
        "legends": {table: legend(shown, table) for table in ("language", "script")} if shown else {},
        "languages_near": neighbour_rows(shown, "language") if shown else [],
        "scripts_near": neighbour_rows(shown, "script") if shown else [],
        "statistics": statistic_rows(views),
        "vector_notes": [f"{view.label}: {note}" for view in views for note in view.analysis.values.get("notes", [])],
        "shapes": SHAPES,
        "trees": _trees(shown) if shown else [],
        "vector_data": as_script(vector_data(Picture(views, donors))) if views else None,
        "neighbours": NEIGHBOURS,
        "counted": shown.analysis.settings.get("neighbours", NEIGHBOURS) if shown else NEIGHBOURS,
        "shuffles": shown.analysis.settings.get("shuffles") if shown else None,
    }


def _pictures(shown: VectorView) -> list[tuple[str, Markup]]:
    found = [(table, first_picture(shown, table)) for table in ("language", "script")]
    return [(table, picture) for table, picture in found if picture is not None]


def _trees(shown: VectorView) -> list[tuple[str, Markup]]:
    """A tree of each table, with what is in it."""
    words: dict[Table, str] = {"language": "language vectors", "script": "script vectors"}
    return [
        (said, embedded(f"tree-{table}", tree_picture(shown.analysis, table), f"Tree of the {said} of {shown.label}"))
        for table, said in words.items()
        if not shown.points(table).empty
    ]


def _curves(view: NeutralityView, number: int) -> list[Markup]:
    """Similarity and probes over all layers."""
    whole = view.as_analysis()
    return [
        embedded(f"layers-{number}", layer_curves(whole), "Cosines of translations and of other sentences by layer"),
        embedded(f"probes-{number}", probe_curves(whole), "Accuracy of probes for language and script by layer"),
    ]


def _neutrality_parts(stored: Sequence[_Stored]) -> dict[str, Any]:
    views = neutrality_views([(each.analysis, each.labels) for each in stored])
    return {
        "measures": MEASURES,
        "neutrality": [
            {
                "view": view,
                "heatmaps": heatmaps(view),
                "changes": [
                    found for base, model in change_pairs(view)
                    if (found := change_heatmap(view, base, model)) is not None
                ],
                "probes": probe_rows(view),
                "pictures": _curves(view, number),
                "data": as_script(neutrality_data(view)),
            }
            for number, view in enumerate(views, start=1)
        ],
    }  # fmt: skip


def _donor_parts(donors: Sequence[_Stored], views: Sequence[VectorView], transfer: Sequence[_Stored]) -> dict[str, Any]:
    order = [view.key for view in views]
    ordered = sorted(donors, key=lambda each: order.index(_key(each)) if _key(each) in order else len(order))
    first = ordered[0] if ordered else None
    return {
        "donor_model": _label(first) if first else None,
        "donor_values": first.analysis.values if first else {},
        "donors": donor_rows(first.analysis, {_label(each): each.analysis for each in ordered[1:]}) if first else [],
        "roles": ROLES,
        "transfers": [
            _Shown(
                each.analysis,
                transfer_tables(each.analysis, _names(each)),
                _charts(f"transfer-{number}", study_charts(each.analysis), "ways to choose a source"),
            )
            for number, each in enumerate(transfer, start=1)
        ],
    }


def _missing(runs: Sequence[Run], stored: Sequence[_Stored]) -> list[tuple[str, str, str]]:
    """Kind and meaning of what could be known of the runs and is not stored, and the command that makes it."""
    return [
        (kind, tells, command.format(run=shlex.quote(str(run.folder))))
        for run in runs
        if any(model.conditioning is not None for model in run.models)
        for kind, (tells, command) in COMMANDS.items()
        if not any(each.run is run for each in _of(stored, kind))
    ]
