"""All that is known of one language: who it is, what a model has seen of it, its scores, neighbours and donors.

profile = language_profile("runs/mine:both-0", "Swahili")
profile.tasks       # where it can be scored, and how well
profile.neighbours  # languages with like vectors
profile.donors      # languages to transfer from
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from langsamp.analysis.donors.analyse import rank_donors
from langsamp.analysis.donors.candidates import find_candidates
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
from langsamp.scores.pairing import STAMPS, pairs
from langsamp.scores.published import published
from langsamp.scores.reading import read_scores
from langsamp.scores.systems import System, choose

TASK_COLUMNS = ("task", "text", "score", "baseline", "difference", "metric", "how")
NEIGHBOUR_COLUMNS = ("rank", "code", "name", "family", "script", "cosine", "same_family", "rows")
_BASELINE = "none"


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
    tasks: pd.DataFrame
    """`TASK_COLUMNS`: `text` says where there is text of the language (`paper`: in the paper's test set; `embedded`: in
    the embedded one; `run`: scored in this run), `score` and `baseline` are means over seeds in per cent, `difference`
    is score - baseline in points, `how` says protocol, source and layer."""
    neighbours: pd.DataFrame
    """`NEIGHBOUR_COLUMNS`, nearest first; the cosine is between vectors as they are, not centred."""
    donors: pd.DataFrame
    """The columns of `analyse.rank_donors`, best first."""
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
    neighbours, donors = pd.DataFrame(columns=list(NEIGHBOUR_COLUMNS)), pd.DataFrame()
    if conditioning is None:
        none = f"{subject.name} has no language vectors, so it has no neighbours and no donors to tell"
        said.append(unnamed_vectors(subject.folder) or none)
    elif conditioning.language is None:
        said.append(f"{subject.name} was trained without language vectors (variant {conditioning.variant})")
    else:
        neighbours = _neighbours(conditioning, info.tag, k)
        donors = _donors(conditioning, info.tag, candidates, k)
        if donors["target_warnings"].any():
            said.append(str(donors["target_warnings"].iloc[0]))
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


def _neighbours(conditioning: Conditioning, tag: LangScript, k: int) -> pd.DataFrame:
    """The nearest trained vectors; none where the language has no trained one."""
    by_code = main_tags(conditioning)
    family = describe(tag).family
    rows = [
        {
            "rank": rank, "code": code, "name": info.name, "family": info.family_name or "", "script": info.script_name,
            "cosine": cosine, "same_family": family is not None and info.family == family,
            "rows": conditioning.rows_of_language(code),
        }
        for rank, (code, cosine) in enumerate(nearest(conditioning, k=k).get(tag.language, []), start=1)
        for info in [describe(by_code[code])]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(NEIGHBOUR_COLUMNS))


def _donors(conditioning: Conditioning, tag: LangScript, candidates: str, k: int) -> pd.DataFrame:
    among = [each for each in find_candidates(candidates, conditioning).tags if each.language != tag.language]
    return rank_donors(conditioning, tag, candidates=among, k=k)


def _tasks(subject: ModelRef, tag: LangScript, said: list[str]) -> pd.DataFrame:
    """One line for each task in each way in which it was scored; `said` gets what could not be told."""
    text = _text(tag)
    scored = _scored(subject, tag, said)
    rows = []
    for task in dict.fromkeys([*TASKS, *(line["task"] for line in scored)]):
        task_scores = [line for line in scored if line["task"] == task]
        where = [*text.get(task, ()), *(["run"] if task_scores else [])]
        for line in task_scores or [{"task": task, "metric": TASKS[task].metric}]:
            rows.append({"text": ", ".join(where)} | line)
    return pd.DataFrame(rows, columns=list(TASK_COLUMNS)).astype(dict.fromkeys(TASK_COLUMNS[2:5], float))


def _text(tag: LangScript) -> dict[str, list[str]]:
    """Where each task is known to have text of a language."""
    tasks: dict[str, list[str]] = {name: ["embedded"] for name in TASKS if name.endswith("-cldr")}
    if not match([tag], locales()):
        tasks = {}
    paper = published("paper:baseline")
    for task, rows in paper.groupby("task", sort=False):
        if match([tag], [LangScript.parse(word) for word in rows["tag"].unique()]):
            tasks[str(task)] = ["paper"]
    return tasks


def _scored(subject: ModelRef, tag: LangScript, said: list[str]) -> list[dict[str, Any]]:
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
    baselines = _baselines(system, scores, tag, said) if subject.name.rpartition("-")[0] != _BASELINE else {}
    rows = system.scores[system.scores["main"].eq(True)]
    taken = match([tag], [LangScript.parse(word) for word in rows["tag"].unique()]).get(tag)
    rows = rows[rows["tag"] == str(taken)].astype(dict.fromkeys(STAMPS, object)).fillna(dict.fromkeys(STAMPS, ""))
    lines = []
    for (task, *stamp), members in rows.groupby(["task", *STAMPS], sort=False):
        score, baseline = float(members["value"].mean()), baselines.get((str(task), *map(str, stamp)))
        lines.append(
            {
                "task": task, "metric": members["metric"].iloc[0], "score": score, "baseline": baseline,
                "difference": None if baseline is None else score - baseline,
                "how": _how(dict(zip(STAMPS, map(str, stamp), strict=True)), members),
            }
        )  # fmt: skip
    return lines


def _baselines(system: System, scores: pd.DataFrame, tag: LangScript, said: list[str]) -> dict[tuple[str, ...], float]:
    """The baseline's score of a language by task and way of scoring."""
    names = list(dict.fromkeys(scores["model_name"].astype(str)))
    if not any(name.partition("-")[0] == _BASELINE for name in names):
        said.append("no model without vectors was scored here, so there is no baseline to compare with")
        return {}
    same_seed = f"{_BASELINE}-{system.name.rpartition('-')[2]}"
    try:
        baseline = choose(scores, name=_BASELINE, model=same_seed if same_seed in names else _BASELINE)
        matched = pairs(baseline, system)
    except UserError as error:
        said.append(f"there is no baseline to compare with: {error}")
        return {}
    means = {}
    for pair in matched:
        taken = match([tag], [LangScript.parse(word) for word in pair.tags]).get(tag)
        if taken is not None:
            key = (pair.task, *(pair.stamp_b[name] for name in STAMPS))
            means[key] = float(pair.a.mean(axis=1)[str(taken)])
    return means


def _how(stamp: Mapping[str, str], members: pd.DataFrame) -> str:
    seeds = members["seed"].nunique()
    words = [f"from {stamp['source']}"] if stamp["source"] else []
    words += [f"layer {stamp['layer']}"] if stamp["layer"] else []
    return ", ".join([*words, f"protocol {stamp['protocol']}", f"{seeds} seed{'s' if seeds != 1 else ''}"])
