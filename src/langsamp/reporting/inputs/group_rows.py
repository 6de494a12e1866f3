"""Groups of languages in one comparison: means, both standard deviations, and differences to the baseline.

A group's mean is the unweighted mean over languages of the mean over replicates, over the languages that all shown
sides have; `scores.groups` computes it. Intervals are those of `scores.difference`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from langsamp.reporting.inputs.comparisons import CONTROLS, SystemComparison
from langsamp.scores.difference import Difference, TaskComparison
from langsamp.scores.groups import group_means, members
from langsamp.scores.published import Printed, group_sizes, printed
from langsamp.scores.setting import Setting
from langsamp.views.names import group_name

Tests = Mapping[tuple[Setting, str], TaskComparison]
"""What tests say of each comparison and each side of it against the baseline."""


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
    """Standard deviation over replicates of the group's mean, over the languages that have all; the printed one of a
    published side over all its languages, else None with one."""
    language_spreads: Mapping[str, float | None]
    """Mean over languages of a language's standard deviation over replicates; None with one."""
    against: Mapping[str, Difference]
    """Each side that is compared less the baseline; empty without one."""
    printed: Mapping[str, Printed]
    """What the paper prints for this task and group, by published side; empty where it prints nothing."""
    controls: Mapping[tuple[str, str], float]
    """By (control, side)."""


def group_rows(comparisons: Sequence[SystemComparison], by: str, tests: Tests) -> list[list[GroupRow]]:
    """For each comparison one line for each group of a grouping of `scores.groups` that holds a shared language.

    The group `all` comes first. `tests` are those of `verdict.significance`, made with this grouping.
    """
    return [_rows(comparison, by, tests) for comparison in comparisons]


def _rows(comparison: SystemComparison, by: str, tests: Tests) -> list[GroupRow]:
    grid, setting, sides = comparison.over_shared, comparison.setting, comparison.sides
    means = {(each.group, each.system): each for each in group_means(grid, (by,))}
    rows = []
    for group, indices in sorted(members(grid.tags, by).items(), key=lambda item: item[0] != "all"):
        of_side = {side: means[group, side] for side in sides}
        printed = _printed(by).get((setting.task, group), {})
        deviations = {side: each.sd for side, each in printed.items() if each.languages in (None, len(indices))}
        rows.append(
            GroupRow(
                code=group,
                group=group_name(group),
                languages=len(indices),
                means={side: mean.mean for side, mean in of_side.items()},
                spreads={side: _number(mean.sd_over_seeds, deviations.get(side)) for side, mean in of_side.items()},
                language_spreads={side: _number(mean.mean_sd_of_languages) for side, mean in of_side.items()},
                against={side: tests[setting, side].groups[by][group] for side in comparison.others},
                printed=printed,
                controls=_controls(comparison, [grid.tags[index] for index in indices]),
            )
        )
    return rows


@cache
def _printed(by: str) -> dict[tuple[str, str], dict[str, Printed]]:
    """What Table 1 (groups of the paper) or Table 6 (families) prints, by task and group."""
    number = {"paper": 1, "family": 6}.get(by)
    by_group: dict[tuple[str, str], dict[str, Printed]] = {}
    for row in printed(number) if number else ():
        languages = group_sizes().get((row.task, row.group)) if row.languages is None else row.languages
        by_group.setdefault((row.task, row.group), {})[row.column] = row._replace(languages=languages)
    return by_group


def _controls(comparison: SystemComparison, tags: list[str]) -> dict[tuple[str, str], float]:
    means = comparison.controls.reindex(tags).mean()
    return {
        (name, side): float(means[name, side])
        for name in CONTROLS
        for side in comparison.sides
        if (name, side) in means.index
    }


def _number(value: float, otherwise: float | None = None) -> float | None:
    return otherwise if np.isnan(value) else float(value)
