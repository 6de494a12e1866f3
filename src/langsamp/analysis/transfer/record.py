"""What the study of source languages holds."""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from langsamp.analysis.analysis import Analysis

Role = Literal["english", "closest", "family", "kinship", "neighbours", "random", "best"]


class TargetScore(NamedTuple):
    """One target under one way of choosing its source."""

    task: str
    model: str
    target: str
    role: Role
    source: str
    """Empty for `random`."""
    score: float
    """Per cent, mean over seeds."""
    draws: int
    """How many donors the mean is over: 1, for `random` all candidates."""
    regret: float
    seeds: int
    ndcg: float = math.nan
    """Of the role's ranking of all candidates (`ranking_quality.py`); NaN where the role does not rank them."""


class RoleMean(NamedTuple):
    """One way of choosing over the languages of a group; intervals are NaN with fewer than two families."""

    task: str
    model: str
    group: str
    """The paper's, or one of `analyse.KIN_GROUPS`."""
    role: Role
    score: float
    languages: int
    difference: float
    """To English, with its 95 % interval."""
    low: float
    high: float
    regret: float
    """Mean over languages of the best score less this one, with its interval; NaN where the best is not known."""
    regret_low: float
    regret_high: float
    hits: float
    """Share of languages for which the role's source is the best one; NaN for `random`."""
    ndcg: float = math.nan
    """Mean over languages of the quality of the role's ranking; NaN where the role does not rank."""


class SourceUse(NamedTuple):
    """For how many targets a source is the donor."""

    task: str
    model: str
    source: str
    items: int | None
    """Its training items, where they are known."""
    closest: int
    family: int
    best: int


class LeftOut(NamedTuple):
    """Targets that are not in the study."""

    task: str
    model: str
    reason: str
    targets: tuple[str, ...]


class TransferAnalysis(Analysis):
    """What each way of choosing a source gives.

    Intervals are percentile intervals of a bootstrap over families and seeds (`bootstrap.difference_interval`).
    """

    kind: ClassVar[str] = "transfer"

    donors: Mapping[str, Mapping[str, str | Mapping[str, str]]]
    """By model and target the closest donor, or the donor by task where tasks differ."""
    left_out: tuple[LeftOut, ...]
    transfer: tuple[TargetScore, ...]
    means: tuple[RoleMean, ...]
    sources: tuple[SourceUse, ...]

    @property
    def studies(self) -> list[tuple[str, str]]:
        """Task and model of each part, in order."""
        return list(dict.fromkeys((line.task, line.model) for line in self.means))

    def means_of(self, task: str, model: str) -> list[RoleMean]:
        """The means of one task and model."""
        return [line for line in self.means if (line.task, line.model) == (task, model)]

    def scores_of(self, task: str, model: str) -> dict[str, dict[Role, TargetScore]]:
        """By target and role the scores of one task and model."""
        scores: dict[str, dict[Role, TargetScore]] = {}
        for line in self.transfer:
            if (line.task, line.model) == (task, model):
                scores.setdefault(line.target, {})[line.role] = line
        return scores
