"""Groups of languages in one comparison: means, both standard deviations, and differences to the baseline.

A group's mean is the unweighted mean over languages of the mean over replicates, over the languages that all shown
sides have; `scores.groups` computes it. Intervals are those of `scores.difference`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from langsamp.reporting.inputs.comparisons import CONTROLS, SystemComparison
from langsamp.scores.difference import TIE, TaskComparison, counts
from langsamp.scores.groups import group_means, members
from langsamp.scores.published import Printed, group_sizes, printed
from langsamp.scores.setting import Setting
from langsamp.scores.statistics.bootstrap import Interval
from langsamp.views.names import group_name

Tests = Mapping[tuple[Setting, str], TaskComparison]
"""What tests say of each comparison and each side of it against the baseline."""


class Against(NamedTuple):
    """One side against the baseline over the languages of a group."""

    difference: float
    better: int
    tie: int
    worse: int

    @property
    def tone(self) -> str:
        """`better`, `worse` or empty."""
        return tone(self.difference)


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """One group of languages in one comparison."""

    code: str
    """As `scores.groups` calls it: `latin`, `indo1319`."""
    group: str
    """What readers call it."""
    languages: int
    means: Mapping[str, float]
    """By side."""
    spreads: Mapping[str, float | None]
    """Standard deviation over replicates of the group's mean, over the languages that have all; None with one."""
    language_spreads: Mapping[str, float | None]
    """Mean over languages of a language's standard deviation over replicates; None with one."""
    against: Mapping[str, Against]
    """By side that is compared; empty without a baseline."""
    intervals: Mapping[str, Interval]
    """95 % interval of the difference by side, families (and seeds) drawn anew; absent where there is one family."""
    printed: Mapping[str, Printed]
    """What the paper prints for this task and group, by published side; empty where it prints nothing."""
    controls: Mapping[tuple[str, str], float]
    """By (control, side)."""

    def spread(self, side: str) -> float | None:
        """The deviation to show beside a mean: over replicates, or the printed one of a published side."""
        printed = self.printed.get(side)
        computed = self.spreads.get(side)
        return (
            computed
            if computed is not None
            else printed.sd
            if printed and printed.languages in (None, self.languages)
            else None
        )


def group_rows(
    comparisons: Sequence[SystemComparison], by: str = "paper", tests: Tests | None = None
) -> list[list[GroupRow]]:
    """For each comparison one line for each group of a grouping of `scores.groups` that holds a shared language.

    The group `all` comes first. `tests` are those of `verdict.significance`, made with this grouping.
    """
    return [_rows(comparison, by, tests or {}) for comparison in comparisons]


def _rows(comparison: SystemComparison, by: str, tests: Tests) -> list[GroupRow]:
    grid, setting, sides = comparison.over_shared, comparison.setting, comparison.sides
    means = {(each.group, each.system): each for each in group_means(grid, (by,))}
    rows = []
    for group, indices in sorted(members(grid.tags, by).items(), key=lambda item: item[0] != "all"):
        tags = [grid.tags[index] for index in indices]
        of_side = {side: means[group, side] for side in sides}
        rows.append(
            GroupRow(
                code=group,
                group=group_name(group),
                languages=len(tags),
                means={side: mean.mean for side, mean in of_side.items()},
                spreads={side: _number(mean.sd_over_seeds) for side, mean in of_side.items()},
                language_spreads={side: _number(mean.mean_sd_of_languages) for side, mean in of_side.items()},
                against={side: against_baseline(comparison, side, tags) for side in comparison.others},
                intervals=_intervals(comparison, by, group, tests),
                printed=_printed(by).get((setting.task, group), {}),
                controls=_controls(comparison, tags),
            )
        )
    return rows


def against_baseline(comparison: SystemComparison, side: str, tags: Collection[str]) -> Against:
    """Mean difference to the baseline and counts of better, tied and worse languages over `tags`."""
    difference = comparison.differences(side).loc[list(tags)]
    return Against(float(difference.mean()), *counts(difference.to_numpy(np.float64)))


def _intervals(comparison: SystemComparison, by: str, group: str, tests: Tests) -> dict[str, Interval]:
    intervals = {}
    for side in comparison.others:
        test = tests.get((comparison.setting, side))
        difference = test.groups.get(by, {}).get(group) if test else None
        if difference is not None and difference.clustered is not None:
            intervals[side] = difference.clustered
    return intervals


@cache
def _printed(by: str) -> dict[tuple[str, str], dict[str, Printed]]:
    """What Table 1 (groups of the paper) or Table 6 (families) prints, by task and group."""
    number = {"paper": 1, "family": 6}.get(by)
    by_group: dict[tuple[str, str], dict[str, Printed]] = {}
    for row in printed(number) if number else ():
        languages = group_sizes().get((row.task, row.group)) if row.languages is None else row.languages
        by_group.setdefault((row.task, row.group), {})[row.column] = row._replace(languages=languages)
    return by_group


def tone(difference: float | None) -> str:
    """`better`, `worse`, or empty for a difference that counts as a tie or is absent."""
    if difference is None or np.isnan(difference) or abs(difference) < TIE:
        return ""
    return "better" if difference > 0 else "worse"


def _controls(comparison: SystemComparison, tags: list[str]) -> dict[tuple[str, str], float]:
    means = comparison.controls.reindex(tags).mean()
    return {
        (name, side): float(means[name, side])
        for name in CONTROLS
        for side in comparison.sides
        if (name, side) in means.index
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
