"""All that is known of one language: who it is, what a model has seen of it, its scores, neighbours and donors.

profile = language_profile("runs/mine:both-0", "Swahili")
profile.tasks       # where it can be scored, and how well
profile.neighbours  # languages with like vectors
profile.donors      # languages to transfer from
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from langsamp.analysis.donors.analyse import rank_donors
from langsamp.analysis.donors.candidates import find_candidates
from langsamp.analysis.donors.record import Donor
from langsamp.analysis.model_refs import ModelRef, find_model_refs
from langsamp.analysis.vectors.neighbours import main_tags, nearest
from langsamp.cldr.locales import locales
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.languages.aliases import match
from langsamp.languages.search import named, search
from langsamp.languages.table import LanguageInfo, describe, notes, tags
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning, unnamed_vectors
from langsamp.model.variants import BASELINE, training_of
from langsamp.scores.grid import exact, grids
from langsamp.scores.published import published
from langsamp.scores.reading import read_scores
from langsamp.scores.score_table import main_rows
from langsamp.scores.setting import Setting, by_setting
from langsamp.scores.systems import System, choose


class TaskLine(NamedTuple):
    """One task in one way in which it was scored."""

    task: str
    text: tuple[str, ...]
    """Where there is text of the language: `paper`, in the paper's test set; `embedded`; `run`, scored in this run."""
    score: float
    """Mean over seeds, per cent; NaN where it was not scored."""
    baseline: float
    how: str
    """Protocol, source and layer."""

    @property
    def difference(self) -> float:
        """To the baseline, in points."""
        return self.score - self.baseline


class NeighbourLine(NamedTuple):
    """One of the languages with the most similar vectors; the cosine is between vectors as they are, not centred."""

    rank: int
    code: str
    name: str
    family: str
    script: str
    cosine: float
    same_family: bool
    rows: int


@dataclass(frozen=True, kw_only=True)
class LanguageProfile:
    """What `language_profile` finds; a table without lines means that there is nothing to tell, and `notes` say why."""

    info: LanguageInfo
    others: tuple[LanguageInfo, ...]
    """Other tags that the words may mean, likeliest first."""
    rows: int | None
    """Training rows of this tag; None where the model keeps no record."""
    language_rows: int | None
    """Training rows of the language in all its scripts, which its vector has seen."""
    tasks: tuple[TaskLine, ...]
    neighbours: tuple[NeighbourLine, ...]
    """Nearest first."""
    donors: tuple[Donor, ...]
    """Best first."""
    notes: tuple[str, ...]

    @property
    def family(self) -> str:
        """Name of the family, or what stands for it."""
        return self.info.family_name or "not known"


def language_profile(model: ModelRef | str, words: str, *, candidates: str = "all", k: int = 5) -> LanguageProfile:
    """The language that `words` mean (a name, a code or a tag) as `model` knows it, with `k` neighbours and donors.

    `model` is what `model_refs.find_model_refs` takes; of a run's several models the first with vectors counts, a
    control with shuffled ids last. The baseline is the model of the same run that was trained without vectors. Donors
    are chosen among `candidates`: `all` trained languages, `paper` or a selector, as in
    `candidates.find_candidates`.

    Raises:
        UserError: where no language fits the words, or there is no such model.
        DamagedError: where the scores of the run or the vectors cannot be read.
    """
    subject = model if isinstance(model, ModelRef) else _first(find_model_refs([model]))
    conditioning = subject.conditioning()
    seen = (
        {tag: rows for tag, rows in conditioning.rows_seen.items() if rows or conditioning.gave_gradient(tag)}
        if conditioning
        else {}
    )
    counts = conditioning is not None and not conditioning.trained  # an import does not know how much text it saw
    info, *others = _meant(words, seen)
    said: list[str] = list(notes(info.tag))
    tasks = _tasks(subject, info.tag, said)
    neighbours: tuple[NeighbourLine, ...] = ()
    donors: tuple[Donor, ...] = ()
    if conditioning is None:
        none = f"{subject.name} has no language vectors, so it has no neighbours and no donors to tell"
        said.append(unnamed_vectors(subject.folder) or none)
    elif conditioning.language is None:
        said.append(f"{subject.name} was trained without language vectors (variant {conditioning.variant})")
    else:
        neighbours = tuple(_neighbours(conditioning, info.tag, k))
        donors = _donors(conditioning, info.tag, candidates, k)
        said += [warning for warning in {donor.target_warnings for donor in donors} if warning]
    return LanguageProfile(
        info=info,
        others=tuple(others),
        rows=seen.get(info.tag, 0) if counts else None,
        language_rows=conditioning.rows_of_language(info.tag.language) if conditioning and counts else None,
        tasks=tasks,
        neighbours=neighbours,
        donors=donors,
        notes=tuple(said),
    )


def _first(subjects: list[ModelRef]) -> ModelRef:
    def order(subject: ModelRef) -> tuple[bool, bool]:
        conditioning = subject.conditioning()
        return not subject.has_vectors, conditioning is not None and conditioning.is_shuffled

    return min(subjects, key=order)


def _meant(words: str, seen: Mapping[LangScript, int]) -> list[LanguageInfo]:
    """The tags that the words may mean: of equally good ones those that the model has seen come first."""
    infos = search(words)
    if not infos:
        if "_" in words.strip():
            return [describe(LangScript.parse(words.strip()))]
        raise UserError(
            f"no language matches {words.strip()!r}: try a part of its name, another name, or its code"
            if words.strip()
            else "type the name of a language, such as Swahili, or its code"
        )
    exact = set(named(words, tags())) or {info.tag for info in infos if info.tag.language == infos[0].tag.language}
    return sorted(infos, key=lambda info: (info.tag not in exact, -seen.get(info.tag, 0) if info.tag in exact else 0))


def _neighbours(conditioning: Conditioning, tag: LangScript, k: int) -> Iterator[NeighbourLine]:
    """The nearest trained vectors; none where the language has no trained one."""
    by_code = main_tags(conditioning)
    family = describe(tag).family
    for rank, (code, cosine) in enumerate(nearest(conditioning, k=k).get(tag.language, []), start=1):
        info = describe(by_code[code])
        is_kin = family is not None and info.family == family
        rows = conditioning.rows_of_language(code)
        yield NeighbourLine(rank, code, info.name, info.family_name or "", info.script_name, cosine, is_kin, rows)


def _donors(conditioning: Conditioning, tag: LangScript, candidates: str, k: int) -> tuple[Donor, ...]:
    among = [each for each in find_candidates(candidates, conditioning).tags if each.language != tag.language]
    return tuple(rank_donors(conditioning, tag, candidates=among, k=k))


def _tasks(subject: ModelRef, tag: LangScript, said: list[str]) -> tuple[TaskLine, ...]:
    """One line for each task in each way in which it was scored; `said` gets what could not be told."""
    text, scored = _text(tag), _scored(subject, tag, said)
    lines: list[TaskLine] = []
    for task in dict.fromkeys([*TASKS, *(line.task for line in scored)]):
        of_task = [line for line in scored if line.task == task]
        where = (*text.get(task, ()), *(["run"] if of_task else []))
        unscored = [TaskLine(task, (), math.nan, math.nan, "")]
        lines += [line._replace(text=where) for line in of_task or unscored]
    return tuple(lines)


def _text(tag: LangScript) -> dict[str, list[str]]:
    """Where each task is known to have text of a language."""
    tasks: dict[str, list[str]] = {name: ["embedded"] for name in TASKS if name.endswith("-cldr")}
    if not match([tag], locales()):
        tasks = {}
    paper = published("paper:baseline")
    for task, rows in paper.groupby("task", sort=False):
        if match([tag], [LangScript.parse(word) for word in rows.tag.unique()]):
            tasks[str(task)] = ["paper"]
    return tasks


def _scored(subject: ModelRef, tag: LangScript, said: list[str]) -> list[TaskLine]:
    """What the run of a model says of one language: a line for each task and way of scoring."""
    if subject.run is None:
        said.append("scores are shown for the models of a run: give the folder of one to see them")
        return []
    try:
        scores = read_scores(str(subject.run))
        system = choose(scores, name=subject.name, model=subject.name, among=str(subject.run))
    except DataMissingError:
        said.append(f"{subject.run} has no scores yet: `langsamp run` or `langsamp evaluate` makes them")
        return []
    except UserError as error:
        said.append(str(error))
        return []
    system = replace(system, scores=main_rows(system.scores))
    training = training_of(subject.name)
    is_baseline = training is not None and training.variant == BASELINE
    baselines = {} if is_baseline else _baselines(system, main_rows(scores), tag, said)
    taken = match([tag], [LangScript.parse(word) for word in system.scores.tag.unique()]).get(tag)
    lines = []
    for setting, rows in by_setting(system.scores[system.scores.tag == str(taken)]).items():
        score, baseline = float(rows.value.mean()), baselines.get(setting, math.nan)
        lines.append(TaskLine(setting.task, (), score, baseline, _how(setting, rows.seed.nunique())))
    return lines


def _baselines(system: System, scores: pd.DataFrame, tag: LangScript, said: list[str]) -> dict[Setting, float]:
    """The baseline's score of a language by how the system was scored."""
    trainings = {name: training_of(str(name)) for name in scores.model_name.unique()}
    if not any(training is not None and training.variant == BASELINE for training in trainings.values()):
        said.append("no model without vectors was scored here, so there is no baseline to compare with")
        return {}
    same_seed = f"{BASELINE}-{system.name.rpartition('-')[2]}"
    try:
        baseline = choose(scores, name=BASELINE, model=same_seed if same_seed in trainings else BASELINE)
        matched = grids([baseline, system], match=exact)
    except UserError as error:
        said.append(f"there is no baseline to compare with: {error}")
        return {}
    means = {}
    for grid in matched:
        taken = match([tag], [LangScript.parse(word) for word in grid.tags]).get(tag) if len(grid.systems) > 1 else None
        if taken is not None:
            means[grid.settings[system.name]] = float(grid.means[baseline.name][str(taken)])
    return means


def _how(setting: Setting, seeds: int) -> str:
    words = [f"from {setting.source}"] + ([f"layer {setting.layer}"] if setting.layer is not None else [])
    return ", ".join([*words, f"protocol {setting.protocol}", f"{seeds} seed{'s' if seeds != 1 else ''}"])
