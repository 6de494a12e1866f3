"""The comparisons of a page: one grid of scores each, every side (`views.appearance`) beside the baseline.

Scores of different tasks, protocols, sources, layers or settings are never averaged together: each way of scoring is a
comparison of its own, and its label says what sets it apart. Scores are in per cent, differences in points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from langsamp.errors import first_of
from langsamp.scores.grid import OTHER_TEXT, Grid, grids
from langsamp.scores.published import PREFIX
from langsamp.scores.setting import Setting, apart, by_setting
from langsamp.scores.systems import systems_of
from langsamp.views.appearance import in_order, is_baseline, is_langsamp, is_start, side_name, split_name

CONTROLS = ("layer0", "ngram", "chance")
"""Prefixes of the control metrics, e.g. `layer0_top10_accuracy` beside `top10_accuracy`."""
ENGLISH = "eng_Latn"
_NAMED = 6
"""At most this many source languages are named in one line."""


@dataclass(frozen=True, kw_only=True)
class SystemComparison:
    """One task, scored in one way, for every side, language by language."""

    grid: Grid
    """Main metric in per cent; a system is a side."""
    controls: pd.DataFrame
    """Per cent, means over all scores; one line a tag, columns (control, side)."""
    other_metrics: pd.DataFrame
    """The other metrics in per cent, means over all scores; one line a tag, columns (metric, side)."""
    chosen: str | None = None
    """The side that the report compares with; this comparison may lack it."""

    @property
    def setting(self) -> Setting:
        """How the scores were made."""
        return self.grid.setting

    @property
    def label(self) -> str:
        """The task, with what sets this comparison apart where the task has several."""
        return self.grid.label

    @property
    def metric(self) -> str:
        """The main metric."""
        return self.setting.metric

    @property
    def differing(self) -> tuple[str, ...]:
        """Tags left out because the sides were scored on different texts."""
        return self.grid.dropped.get(OTHER_TEXT, ())

    @cached_property
    def items(self) -> pd.Series:
        """Test items of each tag."""
        return self.grid.rows.groupby("tag").n.first()

    @cached_property
    def cells(self) -> frozenset[str]:
        """Names of the cells that the scores are from."""
        return frozenset(self.grid.rows.cell)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The tidy rows of the main metric, with `side` and `replicate`: training seed and seed, as `0/3`."""
        rows = self.grid.rows
        training = rows.model_name.map({name: split_name(name)[1] for name in rows.model_name.unique()})
        return rows.assign(side=rows.system, replicate=training + "/" + rows.seed.astype(str))

    @cached_property
    def sides(self) -> list[str]:
        """The sides that were scored, the baseline first."""
        return in_order(self.grid.names, first=self.baseline)

    @cached_property
    def names(self) -> dict[str, str]:
        """What readers call the sides."""
        return {side: side_name(side) for side in self.sides}

    @cached_property
    def baseline(self) -> str | None:
        """What the others are compared with: the report's baseline, else one by its name; None where neither is."""
        present = self.grid.names
        return self.chosen if self.chosen in present else next(filter(is_baseline, in_order(present)), None)

    @property
    def others(self) -> list[str]:
        """The sides that are compared with the baseline; a start is what all of them are compared with elsewhere."""
        return [side for side in self.trained if side != self.baseline] if self.baseline is not None else []

    @property
    def trained(self) -> list[str]:
        """The sides that are no start."""
        return [side for side in self.sides if not is_start(side)]

    @property
    def main(self) -> str | None:
        """The side that single sentences and pictures set against the baseline: LangSAMP if it is there."""
        others = [side for side in self.trained if side != self.baseline]
        return next(filter(is_langsamp, others), next(iter(others), None))

    @property
    def compares(self) -> bool:
        """Whether there is a baseline and something to compare with it, on shared languages."""
        return bool(self.others and self.shared)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means over replicates; one line a tag, one column a side, NaN where a side has no score."""
        return self.grid.means[self.sides].sort_index()

    @cached_property
    def over_shared(self) -> Grid:
        """The grid over the languages that every side has: only these enter means of groups and tests."""
        return self.grid.over_shared()

    @property
    def shared(self) -> list[str]:
        """Tags that every side has a score for."""
        return list(self.means.dropna().index)

    def differences(self, side: str | None = None) -> pd.Series:
        """A side's (by default the main one's) lead over the baseline by tag, in points; empty without both."""
        side = side or self.main
        if side is None or self.baseline is None:
            return pd.Series(dtype=float)
        return self.means[side] - self.means[self.baseline]

    def tries(self, side: str) -> pd.DataFrame:
        """Every single score of one side: one line a tag, one column a training seed and seed, as `0/3`."""
        table = self.grid.tries(side)
        names, seeds = (table.columns.get_level_values(level) for level in (0, 1))
        labels = [f"{split_name(str(name))[1]}/{seed}" for name, seed in zip(names, seeds, strict=True)]
        return table.set_axis(labels, axis=1)

    def control(self, name: str, side: str | None = None) -> pd.Series:
        """One control per tag, of one side or averaged over all; empty where it was not measured."""
        if name not in self.controls.columns.get_level_values(0):
            return pd.Series(dtype=float)
        table = pd.DataFrame(self.controls.xs(name, axis=1, level=0))
        if side is None:
            return table.mean(axis=1)
        return table[side] if side in table.columns else pd.Series(dtype=float)

    def trials(self, side: str) -> str:
        """What ± and intervals are over, in words: `1 seed`, `5 seeds`, `2 trainings`, `2 trainings of 3 seeds`."""
        if side.startswith(PREFIX):
            return "printed mean"
        replicates, tries = self.grid.replicates(side).shape[1], self.grid.tries(side).shape[1]
        each = f" of {tries // replicates} seeds" if tries > replicates and tries % replicates == 0 else ""
        return self.grid.trials(side) + each


def compare(scores: pd.DataFrame, baseline: str | None = None) -> list[SystemComparison]:
    """One comparison for each task and way of scoring, tasks by name.

    `baseline` is the side to compare with; a comparison that lacks it takes one that is a baseline by its name.
    """
    words = scores.select_dtypes(include=["string"]).columns
    scores = scores.astype(dict.fromkeys(words, object))  # which are read one by one in many places
    is_main = scores.main.eq(True)
    others = {system.name: by_setting(system.scores) for system in systems_of(scores[~is_main])}
    all_grids = grids(systems_of(scores[is_main]), mixed="apart")
    ordered = sorted(all_grids, key=lambda grid: [str(value or "") for value in grid.setting])
    return [_comparison(grid, others, baseline) for grid in ordered]


def _comparison(
    grid: Grid, others: Mapping[str, Mapping[Setting, pd.DataFrame]], baseline: str | None
) -> SystemComparison:
    metric = grid.setting.metric
    parts = [
        rows.assign(system=name)
        for name, setting in grid.settings.items()
        for other, rows in others.get(name, {}).items()
        if other._replace(metric=metric) == setting
    ]
    rows = pd.concat([*parts, grid.rows.assign(metric=metric)], ignore_index=True)
    rows = rows[rows.tag.isin(grid.tags) & (rows.metric != metric)]
    means = rows.pivot_table(index="tag", columns=["metric", "system"], values="value", aggfunc="mean")
    controls = {f"{control}_{metric}": control for control in CONTROLS}
    is_control = means.columns.get_level_values(0).isin(controls)
    return SystemComparison(
        grid=grid,
        controls=means.loc[:, is_control].rename(columns=controls, level=0),
        other_metrics=means.loc[:, ~is_control],
        chosen=baseline,
    )


def from_english(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The scores of tasks that have some from English, without those from other languages; a sentence for each task.

    A study of transfer fine-tunes on many sources. Its scores answer another question than which encoder is better.
    """
    other = scores.source.isin(_other_tags(scores.source))
    other &= scores.task.isin(set(scores.loc[scores.source == ENGLISH, "task"]))
    said = [
        f"{task} has scores of other sources than English too ({first_of(sorted(set(rows.source)), _NAMED)}). They are "
        "no part of the tables of scores: the study of transfer (langsamp analyze transfer) shows them, under Donors."
        for task, rows in scores[other].groupby("task", sort=False)
    ]
    return scores[~other], said


def _other_tags(sources: pd.Series) -> list[str]:
    """The sources that are a tag, without English; `closest` of the paper's donors is none."""
    return [source for source in sources.dropna().astype(str).unique() if "_" in source and source != ENGLISH]


def not_compared(comparisons: Sequence[SystemComparison]) -> list[str]:
    """One sentence for each task whose sides were not all scored in one way, saying what differs."""
    said = []
    for task in dict.fromkeys(comparison.setting.task for comparison in comparisons):
        here = [comparison for comparison in comparisons if comparison.setting.task == task]
        everyone = {side for comparison in here for side in comparison.sides}
        if len(here) > 1 and any(set(comparison.sides) < everyone for comparison in here):
            settings = [comparison.setting for comparison in here]
            ways = [
                f"{', '.join(each.names.values())} with {', '.join(apart(each.setting, settings))}" for each in here
            ]
            said.append(f"{task} was not scored in one way: {'; '.join(ways)}. These scores are not compared.")
    return said
