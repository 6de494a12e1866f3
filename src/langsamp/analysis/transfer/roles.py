"""Who is transferred from under each way of choosing a source, and what each target scores then: one model, one task.

The ways (roles), for a target and a set of candidate sources:

- `english`: English, as everywhere but in the paper's case study;
- `closest`: the candidate whose language vector has the largest cosine with the target's (the paper's section 5.4);
- `family`: what one would do without vectors: of the candidates of the target's top-level Glottolog family the one with
  the most rows of text, equals by tag; English where there is none;
- `random`: the mean over all candidates, which is what a donor drawn at random gives on average;
- `best`: the source, candidate or English, with the best score. It is chosen by the very test scores that it is shown
  with, so it is a bound that no way of choosing can pass, and lies the higher the more chance is in the scores.

Transfer is zero-shot: a target is never its own source, nor is its alias. English as a target is left out, and so is a
target without a vector: for it there is no closest donor.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import pandas as pd

from langsamp.analysis.donors.analyse import rank_donors
from langsamp.analysis.donors.candidates import is_same, sources_of, trained_tags, vector_tag
from langsamp.analysis.transfer.record import Role
from langsamp.analysis.vectors.neighbours import Floats
from langsamp.errors import DataMissingError
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.scores.published import CLOSEST

ROLES: tuple[Role, ...] = get_args(Role)
ENGLISH = "eng_Latn"


@dataclass(frozen=True, kw_only=True)
class RoleScores:
    """What the targets of one model and task score under each role."""

    task: str
    model: str
    metric: str
    targets: tuple[str, ...]
    scores: Mapping[Role, Floats]
    """By role, shape (targets, seeds), in per cent."""
    sources: Mapping[Role, tuple[str, ...]]
    """By role, the source of each target as the scores call it; empty for `random`."""
    seeds: tuple[int, ...]
    pools: tuple[tuple[str, ...], ...] = ()
    """The candidate sources of each target; none where they are not known (published scores)."""
    kin: tuple[bool, ...] = ()
    """Whether each target has a candidate of its own family."""
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Targets that are not here, by reason."""
    notes: tuple[str, ...] = ()


def choose_roles(
    rows: pd.DataFrame,
    conditioning: Conditioning,
    candidates: Sequence[LangScript],
    *,
    among: Iterable[str] | None = None,
) -> RoleScores:
    """The roles of every target that `rows` scores from English and from each of its candidates.

    `rows` are tidy rows (`scores.cells.COLUMNS`) of one model, one task, one way of scoring and its main metric;
    `candidates` are tags of the model. Seeds count that all sources have; `among` keeps only these targets.

    Raises:
        DataMissingError: where English or all candidates have no score, or no seed or target is left.
    """
    task, model, metric = (str(rows[name].iloc[0]) for name in ("task", "model_name", "metric"))
    there = [LangScript.parse(source) for source in sorted(rows.source.unique())]
    source_of = {str(donor): str(source) for donor, source in sources_of(candidates, there).items()}
    needed = {ENGLISH, *source_of.values()}
    if ENGLISH not in map(str, there) or not source_of:
        raise DataMissingError(
            f"{task}: {model} has scores from {', '.join(map(str, there))}; needed are those from {ENGLISH} and from "
            f"the candidates ({', '.join(map(str, candidates))}). Let the study run them, or choose others"
        )
    seeds, scores = _by_target(rows[rows.source.isin(needed)], task)
    wanted = set(scores) if among is None else set(among)
    fits: dict[str, TargetScores] = {}
    left_out = dict[str, list[str]]()
    for target in sorted(wanted & set(scores)):
        pool = {donor: source for donor, source in source_of.items() if not _same(target, source)}
        if reason := _unfit(target, pool, scores[target], conditioning):
            left_out.setdefault(reason, []).append(target)
        else:
            fits[target] = _choices(target, pool, scores[target], conditioning)
    if not fits:
        reasons = "; ".join(f"{reason} ({len(tags)})" for reason, tags in left_out.items())
        raise DataMissingError(f"{task}: no target of {model} can be compared: {reasons or 'none was scored'}")
    return RoleScores(
        task=task,
        model=model,
        metric=metric,
        targets=tuple(fits),
        scores={role: np.stack([fit.scores(role, scores[target]) for target, fit in fits.items()]) for role in ROLES},
        sources={role: tuple(fit.sources.get(role, "") for fit in fits.values()) for role in ROLES},
        seeds=seeds,
        pools=tuple(fit.pool for fit in fits.values()),
        kin=tuple(fit.kin > 0 for fit in fits.values()),
        left_out={reason: tuple(tags) for reason, tags in left_out.items()},
        notes=(*_notes(task, candidates, source_of, set(map(int, rows.seed)) - set(seeds)), *_kin_notes(task, fits)),
    )


def published_roles(rows: pd.DataFrame) -> RoleScores:
    """The two roles of the paper's own scores (`paper:donors`), of one task; which donor it was, the paper rarely says.

    All languages with both scores count, as in the paper's Table 3, which also keeps English and the candidates.
    """
    task, model, metric = (str(rows[name].iloc[0]) for name in ("task", "model_name", "metric"))
    table = rows.pivot(index="tag", columns="source", values="value").dropna(subset=[ENGLISH, CLOSEST])
    lost = tuple(sorted(set(rows.tag) - set(table.index)))
    sides: dict[Role, str] = {"english": ENGLISH, "closest": CLOSEST}
    return RoleScores(
        task=task,
        model=model,
        metric=metric,
        targets=tuple(map(str, table.index)),
        scores={role: table[[source]].to_numpy(float) for role, source in sides.items()},
        sources={role: (source,) * len(table) for role, source in sides.items()},
        seeds=(0,),
        left_out={"not scored from both": lost} if lost else {},
    )


@dataclass(frozen=True, kw_only=True)
class TargetScores:
    """What is chosen for one target."""

    pool: tuple[str, ...]
    """Its candidate sources."""
    sources: Mapping[Role, str]
    """By role but `random`."""
    kin: int
    """How many candidates are of its family."""
    tie: bool
    """Whether the most text is that of several of them."""
    rewritten: bool
    """Whether a candidate is the target's own language in another script, which has the same vector."""

    def scores(self, role: Role, by_source: Mapping[str, Floats]) -> Floats:
        """The score of each seed under a role."""
        if role == "random":
            return np.asarray(np.mean([by_source[source] for source in self.pool], axis=0))
        return by_source[self.sources[role]]


def _by_target(rows: pd.DataFrame, task: str) -> tuple[tuple[int, ...], dict[str, dict[str, Floats]]]:
    """The seeds that every source has, and by target and source the score of each."""
    seeds = set.intersection(*(set(group.seed) for _, group in rows.groupby("source")))
    if not seeds:
        named = ", ".join(sorted(rows.source.unique()))
        raise DataMissingError(f"{task}: the sources share no seed ({named}); fine-tune each with the same seeds")
    rows = rows[rows.seed.isin(seeds)]
    table = rows.pivot(index=["tag", "source"], columns="seed", values="value").dropna()
    scores: dict[str, dict[str, Floats]] = {}
    for (tag, source), values in zip(table.index, table.to_numpy(float), strict=True):
        scores.setdefault(str(tag), {})[str(source)] = values
    return tuple(int(seed) for seed in table.columns), scores


def _same(target: str, source: str) -> bool:
    return is_same(LangScript.parse(target), LangScript.parse(source))


def _unfit(target: str, pool: Mapping[str, str], by_source: Mapping[str, Floats], conditioning: Conditioning) -> str:
    """Why a target cannot be in the study; empty where it can."""
    if _same(target, ENGLISH):
        return "English itself, which English cannot transfer to"
    if not pool:
        return "the only candidate itself"
    if vector_tag(LangScript.parse(target), trained_tags(conditioning)) is None:
        return "no trained vector"
    return "" if {ENGLISH, *pool.values()} <= set(by_source) else "not scored from every source"


def _choices(
    target: str, pool: Mapping[str, str], by_source: Mapping[str, Floats], conditioning: Conditioning
) -> TargetScores:
    tag, donors = LangScript.parse(target), [LangScript.parse(donor) for donor in pool]
    closest = str(rank_donors(conditioning, tag, candidates=donors, k=1)[0].donor)
    family, rows = describe(tag).family, conditioning.rows_seen
    kin = [donor for donor in donors if family is not None and describe(donor).family == family]
    kin.sort(key=lambda donor: (-rows[donor], donor))
    known = [ENGLISH, *(source for source in pool.values() if source != ENGLISH)]
    sources: dict[Role, str] = {
        "english": ENGLISH,
        "closest": pool[closest],
        "family": pool[str(kin[0])] if kin else ENGLISH,
        "best": max(known, key=lambda source: float(by_source[source].mean())),
    }
    tie = len(kin) > 1 and rows[kin[0]] == rows[kin[1]]
    rewritten = any(donor.language == tag.language for donor in donors)
    return TargetScores(pool=tuple(pool.values()), sources=sources, kin=len(kin), tie=tie, rewritten=rewritten)


def _notes(
    task: str, candidates: Sequence[LangScript], source_of: Mapping[str, str], unused: Iterable[int]
) -> list[str]:
    notes = []
    if lost := [str(donor) for donor in candidates if str(donor) not in source_of]:
        notes.append(f"{task}: no scores from {', '.join(lost)}, which are no donors there")
    if others := {donor: source for donor, source in source_of.items() if donor != source}:
        notes.append(f"{task}: " + ", ".join(f"{source} stands for {donor}" for donor, source in others.items()))
    if unused:
        notes.append(f"{task}: seeds {', '.join(map(str, sorted(unused)))} are left out, which not every source has")
    return notes


def _kin_notes(task: str, fits: Mapping[str, TargetScores]) -> list[str]:
    alone, ties = sum(not fit.kin for fit in fits.values()), sum(fit.tie for fit in fits.values())
    notes = []
    if alone:
        notes.append(f"{task}: {alone} of {len(fits)} targets have no candidate of their family; English stands in")
    if ties:
        notes.append(f"{task}: of {ties} targets several same-family candidates have the most text; the first by tag")
    if scripts := [target for target, fit in fits.items() if fit.rewritten]:
        notes.append(f"{task}: {', '.join(scripts)} have their own language in another script among the candidates")
    return notes
