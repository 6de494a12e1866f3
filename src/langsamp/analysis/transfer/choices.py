"""Which source each way of choosing takes for one target, and how good its ranking of the candidates is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from langsamp.analysis.donors.analyse import by_kinship, rank_donors
from langsamp.analysis.donors.candidates import is_same, trained_tags, vector_tag
from langsamp.analysis.transfer.ranking_quality import chance_ndcg, ndcg
from langsamp.analysis.transfer.record import Role
from langsamp.analysis.vectors.neighbours import Floats
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning

ENGLISH = "eng_Latn"


@dataclass(frozen=True, kw_only=True)
class TargetScores:
    """What is chosen for one target."""

    pool: tuple[str, ...]
    """Its candidate sources."""
    sources: Mapping[Role, str]
    """By role but `random`."""
    orders: Mapping[Role, tuple[str, ...]]
    """By role that ranks, its candidate sources, best first."""
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

    def ndcg(self, role: Role, by_source: Mapping[str, Floats]) -> float:
        """How good a role's ranking of the candidates is, by their mean scores."""
        scores = {source: float(by_source[source].mean()) for source in self.pool}
        if role == "best":
            return 1.0
        return chance_ndcg(scores) if role == "random" else ndcg(self.orders[role], scores)


def why_unfit(
    target: str,
    pool: Mapping[LangScript, str],
    by_source: Mapping[str, Floats],
    conditioning: Conditioning,
    voted: Mapping[LangScript, float] | None,
) -> str:
    """Why a target cannot be in the study; empty where it can."""
    if are_same(target, ENGLISH):
        return "English itself, which English cannot transfer to"
    if not pool:
        return "the only candidate itself"
    if vector_tag(LangScript.parse(target), trained_tags(conditioning)) is None:
        return "no trained vector"
    if not {ENGLISH, *pool.values()} <= set(by_source):
        return "not scored from every source"
    return (
        "" if voted is None or {*pool} <= {*voted} else "no sentences of it, or of a candidate, to find neighbours of"
    )


def choose_sources(
    target: str,
    pool: Mapping[LangScript, str],
    by_source: Mapping[str, Floats],
    conditioning: Conditioning,
    voted: Mapping[LangScript, float] | None,
) -> TargetScores:
    """The sources of a fit target; `pool` names the candidates as the scores do, `voted` is by candidate."""
    tag, rows = LangScript.parse(target), conditioning.rows_seen
    ranked = rank_donors(conditioning, tag, candidates=[*pool])
    kin_first = by_kinship(tag, [*pool], rows)
    orders: dict[Role, list[LangScript]] = {
        "closest": [LangScript.parse(donor.donor) for donor in ranked], "kinship": kin_first,
    }  # fmt: skip
    if voted is not None:
        orders["neighbours"] = sorted(kin_first, key=lambda donor: -voted[donor])
    by_role = {role: tuple(pool[donor] for donor in order) for role, order in orders.items()}
    family = describe(tag).family
    kin = [donor for donor in pool if family is not None and describe(donor).family == family]
    kin.sort(key=lambda donor: (-rows[donor], donor))
    known = [ENGLISH, *(source for source in pool.values() if source != ENGLISH)]
    sources: dict[Role, str] = {
        "english": ENGLISH,
        **{role: order[0] for role, order in by_role.items()},
        "family": pool[kin[0]] if kin else ENGLISH,
        "best": max(known, key=lambda source: float(by_source[source].mean())),
    }
    tie = len(kin) > 1 and rows[kin[0]] == rows[kin[1]]
    rewritten = any(donor.language == tag.language for donor in pool)
    return TargetScores(
        pool=tuple(pool.values()), sources=sources, orders=by_role, kin=len(kin), tie=tie, rewritten=rewritten
    )


def are_same(target: str, source: str) -> bool:
    """Whether two tags, as scores write them, mean one language in one script."""
    return is_same(LangScript.parse(target), LangScript.parse(source))
