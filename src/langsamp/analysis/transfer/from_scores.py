"""The study of source languages from scores that are there: those kept with a model, or the paper's own."""

from collections.abc import Sequence

import pandas as pd

from langsamp.analysis.donors.candidates import find_candidates, has_language_vectors
from langsamp.analysis.donors.neighbour_votes import NeighbourConfig
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.transfer.analyse import analyse_transfer
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.analysis.transfer.roles import RoleScores, choose_roles, published_roles
from langsamp.analysis.transfer.study import scores_folder, settings_of, votes_for
from langsamp.disk.layout import EvaluationLayout
from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.evaluation.models import model_fingerprint
from langsamp.languages.select import Uses, select
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.scores.cells import COLUMNS, ONE_TABLE
from langsamp.scores.published import published
from langsamp.scores.reading import read_scores
from langsamp.scores.score_table import main_rows
from langsamp.scores.setting import row_numbers


def read_stored(
    subjects: Sequence[ModelRef],
    *,
    subject: str,
    candidates: str = "paper",
    tasks: Sequence[str] = (),
    languages: str = "all",
    neighbours: NeighbourConfig | None = None,
) -> TransferAnalysis:
    """The study from the scores that are kept with each model; no fine-tuning is run.

    With no `tasks` all are taken that were scored from several sources. Models without language vectors or scores, and
    tasks of which nothing can be compared, are left out and named.

    Raises:
        DataMissingError: where nothing can be compared.
        UserError: where a task was scored in several ways, or has no scores from several sources.
    """
    roles: list[RoleScores] = []
    notes, lost = list[str](), list[str]()
    several: set[str] = set()
    for each in subjects:
        rows = _stored(each)
        if rows.empty or not has_language_vectors(each):
            notes.append(
                f"{each.name} is left out: {'it has no language vectors' if len(rows) else 'it has no scores'}"
            )
            continue
        conditioning = Conditioning.load(each.folder)
        chosen = find_candidates(candidates, conditioning)
        notes += chosen.notes
        for name, task_rows in rows.groupby("task", sort=False):
            if task_rows.source.nunique() > 1:
                several.add(str(name))
                if not tasks or name in tasks:
                    _check_one_way(task_rows, str(name))
                    votes = votes_for(task_rows, each, chosen.tags, neighbours)
                    among = _among(task_rows, languages)
                    try:
                        roles.append(choose_roles(task_rows, conditioning, chosen.tags, among=among, votes=votes))
                    except DataMissingError as error:
                        lost.append(str(error))
    if unknown := [name for name in tasks if name not in several]:
        raise UserError(
            f"no task {unknown[0]!r} with scores from several sources.{did_you_mean(unknown[0], several)} There are "
            f"{', '.join(sorted(several)) or 'none'}; without --read the study runs the fine-tunings"
        )
    if not roles:
        raise DataMissingError(
            "\n  ".join(lost)
            or "no model with language vectors has scores of one task from several sources. Let the study run the "
            "fine-tunings, with the tasks' data"
        )
    said = {
        "candidates": candidates,
        "tasks": list(tasks),
        "languages": languages,
        "read": True,
        **settings_of(neighbours),
    }
    return analyse_transfer(roles, subject=subject, settings=said, notes=[*notes, *lost])


def _stored(subject: ModelRef) -> pd.DataFrame:
    """The main scores of one model, where they are kept."""
    folder = scores_folder(subject)
    if not EvaluationLayout(folder).scores.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    scores = read_scores(str(folder))
    known = scores.model == model_fingerprint(subject.folder)
    return main_rows(scores[known])


def published_study(name: str, tasks: Sequence[str] = ()) -> TransferAnalysis:
    """The paper's own scores from English and from the closest donor: `paper:donors`.

    Raises:
        UserError: for other published scores, which are from English only, and for an unknown task.
    """
    rows = published(name)
    if rows.source.nunique() < 2:
        raise UserError(f"{name} holds scores from English only; those from donors too are called paper:donors")
    there = list(dict.fromkeys(rows.task))
    if unknown := [each for each in tasks if each not in there]:
        raise UserError(f"no published donors for {unknown[0]!r}; there are {', '.join(there)}")
    roles = [published_roles(rows[rows.task == each]) for each in there if not tasks or each in tasks]
    lost = "every fifth language of the paper's Tables 15 to 19 is lost, but for those of Table 4"
    return analyse_transfer(roles, subject=name, settings={"read": True, "tasks": list(tasks)}, notes=[lost])


def _check_one_way(rows: pd.DataFrame, name: str) -> None:
    """Accept the scores of one model and task that differ in nothing but source, training text, seed and language."""
    columns = [column for column in ONE_TABLE if column not in ("source", "training")]
    if len(set(row_numbers(rows, columns))) > 1:
        differing = [column for column in columns if rows[column].nunique(dropna=False) > 1]
        raise UserError(
            f"{name} was scored in several ways ({', '.join(differing)} differ), which cannot stand in one study. Keep "
            "them in folders of their own, or let the study run with the settings that are wanted"
        )


def _among(rows: pd.DataFrame, languages: str) -> list[str]:
    uses: Uses = {}
    tags = [LangScript.parse(tag) for tag in sorted(set(rows.tag))]
    return [str(tag) for tag in select(languages, tags, uses=uses)]
