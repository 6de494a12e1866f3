"""The analyses that a report is made from: those in the runs; what vectors know is computed where it is not stored."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.read_analyses import read_analyses
from langsamp.analysis.vectors.analyse import analyse_vectors
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.disk.layout import RunLayout
from langsamp.errors import DataMissingError
from langsamp.model.variants import DISPLAY_NAMES
from langsamp.reporting.analyses.vector_sections import VectorView
from langsamp.reporting.inputs.run_folder import Model, Run

Kind = TypeVar("Kind", bound=Analysis)

COMMANDS = {
    "neutrality": ("How alike translations are at each layer", "langsamp analyze neutrality {run}"),
    "donors": ("Which language to transfer from, for every target", "langsamp donors --all --model {run}"),
    "transfer": ("What transfer from those donors gives", "langsamp analyze transfer {run}"),
    "ablation": ("Variants side by side", "langsamp analyze ablation {run}"),
    "families": ("Scores by language family", "langsamp analyze families {run}"),
}
"""By kind what an analysis tells, and the command that makes it."""


class Stored(NamedTuple, Generic[Kind]):
    """An analysis of a run, with what readers call the run's models."""

    analysis: Kind
    labels: Mapping[str, str]
    run: Run


def read_stored(runs: Sequence[Run]) -> list[Stored[Analysis]]:
    """Every analysis of some runs.

    Raises:
        DamagedError: where one cannot be read.
    """
    return [
        Stored(analysis, {model.name: model.label for model in run.models}, run)
        for run in runs
        if run.folder.is_dir()  # published scores have none
        for analysis in read_analyses(RunLayout(run.folder).analyses)
    ]


def of_kind(stored: Sequence[Stored[Analysis]], kind: type[Kind]) -> list[Stored[Kind]]:
    """Those of one kind."""
    return [Stored(each.analysis, each.labels, each.run) for each in stored if isinstance(each.analysis, kind)]


def key_of(each: Stored[Kind]) -> str:
    """What tells its subject from all others of the page."""
    return f"{each.run.folder}:{each.analysis.subject}"


def label_of(each: Stored[Kind]) -> str:
    """What readers call its subject."""
    return each.labels.get(each.analysis.subject, each.analysis.subject)


def names_of(each: Stored[Kind]) -> Mapping[str, str]:
    """Readers' names of models and of variants, whichever an analysis speaks of."""
    return {**DISPLAY_NAMES, **each.labels}


def _is_main(view: VectorView, runs: Sequence[Run]) -> bool:
    """Whether a view is of LangSAMP itself, which is shown first."""
    return any(
        view.key == f"{run.folder}:{model.name}" and model.variant == "both" for run in runs for model in run.models
    )


def vector_views(runs: Sequence[Run], stored: Sequence[Stored[Analysis]]) -> list[VectorView]:
    """The vectors of every model that has some, LangSAMP itself first: as stored, else computed now."""
    stored_views = {
        key_of(each): VectorView(key_of(each), label_of(each), each.analysis)
        for each in of_kind(stored, VectorsAnalysis)
    }
    views = []
    for run in runs:
        for model in run.models:
            key = f"{run.folder}:{model.name}"
            view = stored_views.pop(key, None) or _computed(run, model, key)
            if view is not None:
                views.append(view)
    return sorted([*views, *stored_views.values()], key=lambda view: not _is_main(view, runs))


def _computed(run: Run, model: Model, key: str) -> VectorView | None:
    """What the vectors of a model know, computed now; None where it has none, or too few to compare."""
    there = model.conditioning
    if there is None or (there.language is None and there.script is None):
        return None
    folder = RunLayout(run.folder).model(model.name).export
    try:
        return VectorView(key, model.label, analyse_vectors(ModelRef(model.name, folder, run.folder)))
    except DataMissingError:
        return None


def missing_analyses(runs: Sequence[Run], stored: Sequence[Stored[Analysis]]) -> list[tuple[str, str, str]]:
    """Kind and meaning of what could be known of the runs and is not stored, and the command that makes it."""
    return [
        (kind, tells, command.format(run=shlex.quote(str(run.folder))))
        for run in runs
        if any(model.conditioning is not None for model in run.models)
        for kind, (tells, command) in COMMANDS.items()
        if not any(each.run is run and each.analysis.kind == kind for each in stored)
    ]
