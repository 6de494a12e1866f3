"""Groups of languages in one comparison: means, both standard deviations, and differences to the baseline.

A group's mean is the unweighted mean over languages of the mean over replicates, over the languages that all shown
sides have; `scores.groups` computes it. Intervals are those of `scores.comparison`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from langsamp.languages.table import families
from langsamp.languages.tags import LangScript
from langsamp.reporting.inputs.comparisons import CONTROLS, Setting, SystemComparison
from langsamp.scores.comparison import TIE, TaskComparison
from langsamp.scores.groups import group_means, groups_of
from langsamp.scores.published import printed, printed_tasks
from langsamp.scores.statistics.bootstrap import Interval

Tests = Mapping[tuple[Setting, str], TaskComparison]
"""What tests say of each comparison and each side of it against the baseline."""
_NAMES = {"latin": "Latin", "nonlatin": "non-Latin", "unknown": "area not known"}


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


class Printed(NamedTuple):
    """A number of the paper's own tables."""

    mean: float
    sd: float | None
    """Of what, the paper does not say."""
    languages: int | None


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
    frames = [_long(comparison).assign(task=str(number)) for number, comparison in enumerate(comparisons)]
    if not any(len(frame) for frame in frames):
        return [[] for _ in comparisons]
    scores = pd.concat(frames, ignore_index=True)
    means: dict[str, dict[str, dict[str, Any]]] = {}
    for row in group_means(scores, by).to_dict("records"):
        means.setdefault(row["task"], {}).setdefault(row["group"], {})[row["model"]] = row
    printed = _printed(by)
    return [
        [
            _row(
                comparison,
                group,
                members=_members(comparison.shared, by)[group],
                means=side_means,
                intervals=_intervals(comparison, by, group, tests or {}),
                printed=printed.get((comparison.setting.task, group), {}),
            )
            for group, side_means in sorted(means.get(str(number), {}).items(), key=lambda item: item[0] != "all")
        ]
        for number, comparison in enumerate(comparisons)
    ]


def _long(comparison: SystemComparison) -> pd.DataFrame:
    """The shared languages' scores as `group_means` takes them: a side is a model, a replicate a seed."""
    parts = [
        table.melt(ignore_index=False, var_name="seed").rename_axis("tag").reset_index().assign(model=side)
        for side in comparison.sides
        for table in [comparison.replicates(side).loc[comparison.shared]]
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="value")


def _row(  # one line from the parts that were computed for all at once
    comparison: SystemComparison,
    group: str,
    *,
    members: list[str],
    means: Mapping[str, Mapping[str, Any]],
    intervals: Mapping[str, Interval],
    printed: Mapping[str, Printed],
) -> GroupRow:
    sides = comparison.sides
    return GroupRow(
        code=group,
        group=group_name(group),
        languages=len(members),
        means={side: float(means[side]["mean_over_languages"]) for side in sides},
        spreads={side: _number(means[side]["sd_over_seeds"]) for side in sides},
        language_spreads={side: _number(means[side]["mean_sd_of_languages"]) for side in sides},
        against={side: against_baseline(comparison, side, members) for side in comparison.others},
        intervals=intervals,
        printed=printed,
        controls=_controls(comparison, members),
    )


def against_baseline(comparison: SystemComparison, side: str, tags: Collection[str]) -> Against:
    """Mean difference to the baseline and counts of better, tied and worse languages over `tags`."""
    difference = comparison.differences(side).loc[list(tags)]
    slack = TIE - 1e-9  # 43.85 - 43.8 is a little less than 0.05 in floats
    better, worse = int((difference >= slack).sum()), int((difference <= -slack).sum())
    return Against(float(difference.mean()), better, len(difference) - better - worse, worse)


def _intervals(comparison: SystemComparison, by: str, group: str, tests: Tests) -> dict[str, Interval]:
    intervals = {}
    for side in comparison.others:
        test = tests.get((comparison.setting, side))
        difference = test.groups.get(by, {}).get(group) if test else None
        if difference is not None and difference.clustered is not None:
            intervals[side] = difference.clustered
    return intervals


def _printed(by: str) -> dict[tuple[str, str], dict[str, Printed]]:
    """What Table 1 (groups of the paper) or Table 6 (families) prints, by task and group."""
    number = {"paper": 1, "family": 6}.get(by)
    by_task: dict[tuple[str, str], dict[str, Printed]] = {}
    sizes = printed_tasks()
    for row in printed(number).to_dict("records") if number else ():
        facts = sizes[row["task"]]
        of_group = facts["head"] + facts["tail"] if row["group"] == "all" else facts.get(row["group"])
        languages = of_group if pd.isna(row["languages"]) else int(row["languages"])
        value = Printed(float(row["mean"]), None if pd.isna(row["sd"]) else float(row["sd"]), languages)
        by_task.setdefault((row["task"], row["group"]), {})[row["column"]] = value
    return by_task


def group_name(group: str) -> str:
    """What readers call a group: `Latin` for `latin`, a family's name for its code; else the group's own name."""
    return families().get(group, _NAMES.get(group, group))


def tone(difference: float | None) -> str:
    """`better`, `worse`, or empty for a difference that counts as a tie or is absent."""
    if difference is None or np.isnan(difference) or abs(difference) < TIE:
        return ""
    return "better" if difference > 0 else "worse"


def _members(tags: Collection[str], by: str) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for tag in tags:
        for group in groups_of(LangScript.parse(tag), by):
            members.setdefault(group, []).append(tag)
    return members


def _controls(comparison: SystemComparison, tags: list[str]) -> dict[tuple[str, str], float]:
    means: pd.Series = comparison.controls.reindex(tags).mean()
    return {
        (name, side): float(means[name, side])
        for name in CONTROLS
        for side in comparison.sides
        if (name, side) in means.index
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
