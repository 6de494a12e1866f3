"""Which fine-tunings the study of source languages needs, and running those that are missing.

A cell is (model, task, source, seed). Needed are English and each candidate that a task has training text of, with
every seed; `evaluation.run` names cells by content, so what was scored before, for whatever reason, is not run again.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from langsamp.analysis.donors.candidates import (
    Chosen,
    find_candidates,
    has_language_vectors,
    sources_of,
    trained_tags,
    vector_tag,
)
from langsamp.analysis.donors.neighbour_votes import NeighbourConfig, Votes, neighbour_votes
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.transfer.analyse import analyse_transfer
from langsamp.analysis.transfer.choices import ENGLISH
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.analysis.transfer.roles import RoleScores, choose_roles
from langsamp.disk.layout import RunLayout
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.plan import PlannedCell, plan
from langsamp.evaluation.run import Failure, evaluate
from langsamp.evaluation.tasks.lookup import task
from langsamp.languages.select import select_each
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.scores.score_table import main_rows

ELSEWHERE = Path("runs/evaluation")
"""Where the scores of a model outside a run are kept, as `langsamp evaluate` does."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is fine-tuned for one model and task."""

    subject: ModelRef
    config: EvaluationConfig
    """With this task alone, its sources, and the targets whose language has a vector."""
    candidates: Chosen
    items: Mapping[str, int]
    """Training items by source; one that cannot be read is not there."""
    scores: Path
    """Folder that keeps the scores: the run's own, where English may be scored already."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study that has been run."""

    analysis: TransferAnalysis
    failures: tuple[Failure, ...]
    cells_run: int


def study_parts(subjects: Sequence[ModelRef], config: EvaluationConfig, *, candidates: str = "paper") -> list[Part]:
    """What is to be fine-tuned on what: one part for each model with language vectors and each task of `config`.

    `config.sources` says nothing here: the sources are English and the candidates. `config.languages` selects targets.

    Raises:
        DataMissingError: where no model has language vectors, or a task's data are absent.
        UserError: for unknown languages, and a task that is not fine-tuned or has no text of English or any candidate.
    """
    able = [subject for subject in subjects if has_language_vectors(subject)]
    if not able:
        named = ", ".join(subject.name for subject in subjects)
        raise DataMissingError(
            f"{named}: no language vectors there, so there is no closest donor. Name a model of the variant `both` or "
            "`language`"
        )
    readers = {name: _reader(name, config) for name in config.tasks}
    return [_part(subject, config, candidates, readers, name) for subject in able for name in config.tasks]


def plan_study(parts: Sequence[Part]) -> list[PlannedCell]:
    """Every cell that the study needs, done or not.

    Raises:
        UserError: as `evaluation.plan.plan` does.
    """
    return [
        cell for part in parts for cell in plan([part.subject.folder], part.config, part.scores, names=_names(part))
    ]


def run_study(
    parts: Sequence[Part], *, subject: str, device: str | None = None, neighbours: NeighbourConfig | None = None
) -> Study:
    """Run the fine-tunings that are missing, and analyse all of them; with `neighbours` that ranking, too.

    Raises:
        DataMissingError: where so much failed that nothing can be compared.
        UserError: as `evaluation.run.evaluate` does.
    """
    failures: list[Failure] = []
    cells, scored_parts = 0, []
    for part in parts:
        done = evaluate([part.subject.folder], part.config, part.scores, device=device, names=_names(part))
        failures += done.failures
        cells += done.cells_run
        scored_parts.append((part, main_rows(done.scores)))
    roles, lost = list[RoleScores](), list[str]()
    for part, scores in scored_parts:
        if len(scores):
            vectors, tags = Conditioning.load(part.subject.folder), part.candidates.tags
            votes = votes_for(scores, part.subject, tags, neighbours, device=device)
            try:
                roles.append(choose_roles(scores, vectors, tags, votes=votes))
            except DataMissingError as error:  # the others can be compared all the same
                lost.append(str(error))
    if not roles:
        raise DataMissingError(
            "\n  ".join(lost) or "every fine-tuning failed, as said above; mend that and run the same command again"
        )
    analysis = analyse_transfer(
        roles,
        subject=subject,
        settings={**_settings(parts), **settings_of(neighbours)},
        items={task(part.config.tasks[0]).name: part.items for part in parts},
        notes=[*(note for part in parts for note in part.candidates.notes), *lost],
    )
    return Study(analysis=analysis, failures=tuple(failures), cells_run=cells)


def votes_for(
    scores: pd.DataFrame,
    subject: ModelRef,
    candidates: Sequence[LangScript],
    neighbours: NeighbourConfig | None,
    *,
    device: str | None = None,
) -> Votes | None:
    """The votes of the targets in `scores`; None where they are not asked for."""
    if neighbours is None:
        return None
    targets = [LangScript.parse(tag) for tag in sorted(set(scores["tag"]))]
    return neighbour_votes(subject.folder, targets, candidates, neighbours, device=device)


def settings_of(neighbours: NeighbourConfig | None) -> dict[str, object]:
    """What to store of the sentences that voted."""
    return {} if neighbours is None else {"neighbours": neighbours.model_dump(mode="json", exclude={"data"})}


def scores_folder(subject: ModelRef) -> Path:
    """Where the scores of a model are kept."""
    return RunLayout(subject.run).evaluation.folder if subject.run is not None else ELSEWHERE


def _reader(name: str, config: EvaluationConfig) -> Any:
    if task(name).kind == "retrieval":
        raise UserError(f"{name} is not fine-tuned, so it has no donors; choose tasks that are (`langsamp tasks`)")
    return task(name).open(config.where)


def _part(subject: ModelRef, config: EvaluationConfig, candidates: str, readers: Mapping[str, Any], name: str) -> Part:
    each, reader, conditioning = task(name), readers[name], Conditioning.load(subject.folder)
    chosen = find_candidates(candidates, conditioning)
    sources = dict.fromkeys(map(str, (LangScript.parse(ENGLISH), *sources_of(chosen.tags, reader.sources).values())))
    if len(sources) < 2 or LangScript.parse(ENGLISH) not in reader.sources:
        raise DataMissingError(
            f"{name}: a study needs training text of {ENGLISH} and of a candidate "
            f"({', '.join(map(str, chosen.tags))}); there is text of {', '.join(map(str, reader.sources)) or 'none'}"
        )
    there = trained_tags(conditioning)
    # A task need not have all that the run was trained on: what is asked for must be known here or elsewhere.
    places = {**{other: each_reader.tags for other, each_reader in readers.items()}, "the model": there}
    wanted = select_each(config.languages, places, uses={other: {} for other in places})[name]
    targets = [tag for tag in wanted if vector_tag(tag, there)]
    if not targets:
        raise UserError(f"{name}: none of the targets {config.languages!r} has a language vector in {subject.name}")
    fine_tuning = {key: value for key, value in config.fine_tuning.items() if key in (each.kind, each.name)}
    changed = {
        "tasks": (name,),
        "sources": tuple(sources),
        "languages": ",".join(map(str, targets)),
        "fine_tuning": fine_tuning,
    }
    items: dict[str, int] = {}
    for source in sources:
        with suppress(UserError):  # which planning and scoring tell, and which costs this source only
            items[source] = len(reader.training(LangScript.parse(source)).train)
    return Part(
        subject=subject,
        config=EvaluationConfig.model_validate({**config.model_dump(), **changed}),
        candidates=chosen,
        scores=scores_folder(subject),
        items=items,
    )


def _names(part: Part) -> dict[str, str]:
    return {str(part.subject.folder): part.subject.name}


def _settings(parts: Sequence[Part]) -> dict[str, object]:
    """What decides the result beside the scores, by part."""
    return {
        f"{part.subject.name} {part.config.tasks[0]}": {
            **part.config.model_dump(mode="json", exclude={"tasks"}),
            "candidates": [str(tag) for tag in part.candidates.tags],
        }
        for part in parts
    }
