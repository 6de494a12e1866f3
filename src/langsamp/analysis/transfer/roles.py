"""Who is transferred from under each way of choosing a source, and what each target scores then: one model, one task.

The ways (roles), for a target and a set of candidate sources:

- `english`: English, as everywhere but in the paper's case study;
- `closest`: the candidate whose language vector has the largest cosine with the target's (the paper's section 5.4);
- `family`: what one would do without vectors: of the candidates of the target's top-level Glottolog family the one with
  the most rows of text, equals by tag; English where there is none;
- `kinship`: the candidate that is nearest in Glottolog's tree, then on the globe, then with the most rows;
- `neighbours`, where it was asked for: the one that most neighbours of the target's sentences are of
  (`donors.neighbour_votes`), equals in the order of kinship;
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

from langsamp.analysis.donors.candidates import sources_of
from langsamp.analysis.donors.neighbour_votes import Votes
from langsamp.analysis.transfer.choices import ENGLISH, TargetScores, are_same, choose_sources, why_unfit
from langsamp.analysis.transfer.record import Role
from langsamp.analysis.vectors.neighbours import Floats
from langsamp.errors import DataMissingError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.scores.published import CLOSEST

ROLES: tuple[Role, ...] = tuple(role for role in get_args(Role) if role != "neighbours")
"""Those that every study has; without sentences there are no neighbours."""


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
    ndcg: Mapping[Role, Floats] = field(default_factory=dict)
    """By role that ranks all candidates, how good the ranking is for each target."""
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
    votes: Votes | None = None,
) -> RoleScores:
    """The roles of every target that `rows` scores from English and from each of its candidates.

    `rows` are tidy rows (`scores.cells.COLUMNS`) of one model, one task, one way of scoring and its main metric;
    `candidates` are tags of the model. Seeds count that all sources have; `among` keeps only these targets,
    and with `votes` those that have some for every candidate.

    Raises:
        DataMissingError: where English or all candidates have no score, or no seed or target is left.
    """
    task, model, metric = (str(rows[name].iloc[0]) for name in ("task", "model_name", "metric"))
    there = [LangScript.parse(source) for source in sorted(rows.source.unique())]
    source_of = {donor: str(source) for donor, source in sources_of(candidates, there).items()}
    needed = {ENGLISH, *source_of.values()}
    if ENGLISH not in map(str, there) or not source_of:
        raise DataMissingError(
            f"{task}: {model} has scores from {', '.join(map(str, there))}; needed are those from {ENGLISH} and from "
            f"the candidates ({', '.join(map(str, candidates))}). Let the study run them, or choose others"
        )
    seeds, scores = _by_target(rows[rows["source"].isin(needed)], task)
    wanted = [target for target in sorted(scores) if among is None or target in {*among}]
    pools = {
        target: {donor: source for donor, source in source_of.items() if not are_same(target, source)}
        for target in wanted
    }
    fits, left_out = _fits(pools, scores, conditioning, votes)
    roles: list[Role] = [role for role in get_args(Role) if role in ROLES or votes is not None]
    if not fits:
        reasons = "; ".join(f"{reason} ({len(tags)})" for reason, tags in left_out.items())
        raise DataMissingError(f"{task}: no target of {model} can be compared: {reasons or 'none was scored'}")
    return RoleScores(
        task=task,
        model=model,
        metric=metric,
        targets=tuple(fits),
        scores={role: np.stack([fit.scores(role, scores[target]) for target, fit in fits.items()]) for role in roles},
        sources={role: tuple(fit.sources.get(role, "") for fit in fits.values()) for role in roles},
        seeds=seeds,
        ndcg={
            role: np.array([fit.ndcg(role, scores[target]) for target, fit in fits.items()])
            for role in roles
            if role not in ("english", "family")
        },
        pools=tuple(fit.pool for fit in fits.values()),
        kin=tuple(fit.kin > 0 for fit in fits.values()),
        left_out={reason: tuple(tags) for reason, tags in left_out.items()},
        notes=(*_notes(task, candidates, source_of, set(map(int, rows.seed)) - set(seeds)), *_kin_notes(task, fits)),
    )


def _fits(
    pools: Mapping[str, Mapping[LangScript, str]],
    scores: Mapping[str, Mapping[str, Floats]],
    conditioning: Conditioning,
    votes: Votes | None,
) -> tuple[dict[str, TargetScores], dict[str, list[str]]]:
    """What is chosen for each target that can be in the study, and the others by reason."""
    fits: dict[str, TargetScores] = {}
    left_out: dict[str, list[str]] = {}
    for target, pool in pools.items():
        voted = None if votes is None else votes.get(LangScript.parse(target), {})
        if reason := why_unfit(target, pool, scores[target], conditioning, voted):
            left_out.setdefault(reason, []).append(target)
        else:
            fits[target] = choose_sources(target, pool, scores[target], conditioning, voted)
    return fits, left_out


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


def _notes(
    task: str, candidates: Sequence[LangScript], source_of: Mapping[LangScript, str], unused: Iterable[int]
) -> list[str]:
    notes = []
    if lost := [str(donor) for donor in candidates if donor not in source_of]:
        notes.append(f"{task}: no scores from {', '.join(lost)}, which are no donors there")
    if others := {donor: source for donor, source in source_of.items() if str(donor) != source}:
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
