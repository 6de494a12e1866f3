"""Groups of languages, and means over them as the paper's tables have them, with both standard deviations.

A language counts once: its score is the mean over its replicates (`systems.replicates`), and a group's mean is the
unweighted mean over its languages. Two standard deviations answer two questions, and the paper does not say which it
prints:

- `sd_over_seeds`: how far the group's mean moves from replicate to replicate;
- `mean_sd_of_languages`: how far one language's score does, on average over the group.

Both divide by the number of replicates less one, and are missing where there is one.
"""

from collections.abc import Callable, Sequence
from math import fsum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.errors import UserError, did_you_mean
from langsamp.languages.select import GROUPS
from langsamp.languages.table import AREAS, FAMILY_GROUPS, describe
from langsamp.languages.tags import LangScript
from langsamp.scores.grid import Grid

_BY_TAG: dict[str, Callable[[LangScript], str]] = {
    "tier": lambda tag: "head" if GROUPS["head"](tag) else "tail",
    "latin": lambda tag: "latin" if GROUPS["latin"](tag) else "nonlatin",
    "family": lambda tag: describe(tag).family_group,
    "area": lambda tag: describe(tag).area or "unknown",
    "script": lambda tag: tag.script,
    "all": lambda _: "all",
}
GROUPINGS = ("paper", *_BY_TAG)
"""What languages can be grouped by: `paper` has head, tail, latin, nonlatin and all; `family` the groups of Table 6."""
_ORDER = (*GROUPS, *FAMILY_GROUPS, *AREAS)


def groups_of(tag: LangScript, by: str) -> list[str]:
    """The groups of one grouping that a tag belongs to.

    Raises:
        UserError: where a code of the tag does not exist, as `languages.table.check` says.
    """
    return [group for group, belongs in GROUPS.items() if belongs(tag)] if by == "paper" else [_BY_TAG[by](tag)]


def members(tags: Sequence[str], by: str) -> dict[str, NDArray[np.intp]]:
    """The indices of the tags of each inhabited group, groups in the order of the paper, those it lacks by size.

    Raises:
        UserError: for an unknown grouping `by`.
    """
    if by not in GROUPINGS:
        raise UserError(f"no grouping {by!r}.{did_you_mean(by, GROUPINGS)} There are {', '.join(GROUPINGS)}")
    indices: dict[str, list[int]] = {}
    for index, tag in enumerate(tags):
        for group in groups_of(LangScript.parse(tag), by):
            indices.setdefault(group, []).append(index)

    def order(group: str) -> tuple[int, int]:
        return _ORDER.index(group) if group in _ORDER else len(_ORDER), -len(indices[group])

    return {group: np.array(indices[group]) for group in sorted(indices, key=order)}


class GroupMean(NamedTuple):
    """One system over one group of languages, in the unit of the scores."""

    system: str
    group: str
    mean: float
    sd_over_seeds: float
    """Over the languages that have all replicates of the group; NaN with one replicate, or where none has all."""
    mean_sd_of_languages: float
    """Over the languages with two replicates or more; NaN where none has."""
    languages: int
    seeds: int
    """Replicates: trainings where the system has several, else seeds."""
    fewest_seeds: int
    """Of a language."""


def group_means(grid: Grid, by: Sequence[str] = ("paper",)) -> list[GroupMean]:
    """Each system over each inhabited group of the groupings in `by`, over the languages that it has itself.

    Raises:
        UserError: for an unknown grouping.
    """
    means = []
    for name in grid.names:
        table = grid.replicates(name).dropna(how="all")
        scores_LR = table.to_numpy(np.float64)
        for grouping in by:
            groups = members([str(tag) for tag in table.index], grouping)
            means += [_group_mean(name, group, scores_LR[indices]) for group, indices in groups.items()]
    return means


def _group_mean(system: str, group: str, scores_LR: NDArray[np.float64]) -> GroupMean:
    scores_LR = scores_LR[:, ~np.isnan(scores_LR).all(axis=0)]
    counts_L = (~np.isnan(scores_LR)).sum(axis=1)
    whole_LR = scores_LR[counts_L == scores_LR.shape[1]]
    several_LR = scores_LR[counts_L > 1]
    has_spread = scores_LR.shape[1] > 1 and len(whole_LR)
    return GroupMean(
        system=system,
        group=group,
        # of scores with one decimal many a mean lies half-way: it prints alike in whatever order its languages come
        mean=round(fsum(np.nanmean(scores_LR, axis=1)) / len(scores_LR), 12),
        sd_over_seeds=float(whole_LR.mean(axis=0).std(ddof=1)) if has_spread else float("nan"),
        mean_sd_of_languages=float(np.nanstd(several_LR, axis=1, ddof=1).mean()) if len(several_LR) else float("nan"),
        languages=len(scores_LR),
        seeds=scores_LR.shape[1],
        fewest_seeds=int(counts_L.min()),
    )
