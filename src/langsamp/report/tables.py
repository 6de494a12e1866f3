"""Tables from the tidy scores: each variant beside the baseline, per group of languages and per language.

Every mean over languages is a mean of means over seeds, over the languages that all shown variants have. Scores are
in per cent, differences in points.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from langsamp.report.run import VARIANTS

CONTROLS = ("layer0", "ngram", "chance")
"""Prefixes of the control metrics, e.g. `layer0_top10_accuracy` beside `top10_accuracy`."""
TIE = 0.05
"""Differences smaller than this many points, which print as 0.0, count as ties."""
_SETTING = ["task", "protocol", "source", "layer", "selection", "precision"]


class Setting(NamedTuple):
    """What two scores must share to be compared."""

    task: str
    protocol: str
    source: str
    layer: str
    selection: str
    precision: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The main metric of one task for every variant, language by language."""

    setting: Setting
    metric: str
    scores: pd.DataFrame
    """Per cent; one line a tag, columns (variant, replicate). A replicate is a training seed with a cell's seed."""
    controls: pd.DataFrame
    """Per cent, means over seeds; one line a tag, columns (control, variant)."""
    items: pd.Series
    """Test items of each tag."""
    differing: tuple[str, ...]
    """Tags left out because the variants were scored on different texts."""

    @cached_property
    def variants(self) -> list[str]:
        """The variants that were scored, baseline first."""
        present = set(self.scores.columns.get_level_values(0))
        return [variant for variant in VARIANTS if variant in present] + sorted(present - VARIANTS.keys())

    @property
    def main(self) -> str | None:
        """The variant that the verdict compares with the baseline: `both` if it is there."""
        others = [variant for variant in self.variants if variant != "none"]
        return "both" if "both" in others else next(iter(others), None)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means over seeds; one line a tag, one column a variant, NaN where a variant has no score."""
        return pd.DataFrame({variant: _below(self.scores, variant).mean(axis=1) for variant in self.variants})

    @cached_property
    def shared(self) -> list[str]:
        """Tags that every variant has a score for: only these enter means of groups."""
        return list(self.means.dropna().index)

    def control(self, name: str, variant: str | None = None) -> pd.Series:
        """One control per tag, of one variant or averaged over all; empty where it was not measured."""
        if name not in self.controls.columns.get_level_values(0):
            return pd.Series(dtype=float)
        table = _below(self.controls, name)
        if variant is None:
            return table.mean(axis=1)
        return table[variant] if variant in table.columns else pd.Series(dtype=float)


class Against(NamedTuple):
    """One variant against the baseline over the languages of a group."""

    difference: float
    better: int
    tie: int
    worse: int


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """One group of languages in one comparison."""

    group: str
    languages: int
    means: Mapping[str, float]
    spreads: Mapping[str, float | None]
    """Standard deviation over seeds of the group mean; None with one seed."""
    against: Mapping[str, Against]
    """By variant; empty without a baseline."""
    controls: Mapping[tuple[str, str], float]
    """By (control, variant)."""


def compare(scores: pd.DataFrame, metrics: Mapping[str, str]) -> list[Comparison]:
    """One comparison per task and setting; `metrics` names the main metric of each task."""
    scores = scores.assign(
        variant=scores["model_name"].str.rpartition("-")[0],
        replicate=scores["model_name"].str.rpartition("-")[2] + "/" + scores["seed"].astype(str),
        **{name: scores[name].astype(str) for name in _SETTING},
    )
    settings = ((Setting(*map(str, key)), rows) for key, rows in scores.groupby(_SETTING, sort=True))
    return [
        _comparison(setting, metrics[setting.task], rows=rows)
        for setting, rows in settings
        if setting.task in metrics and metrics[setting.task] in set(rows["metric"])
    ]


def group_rows(comparison: Comparison, groups: Mapping[str, Collection[str]]) -> list[GroupRow]:
    """One line for each group (name: tags) that holds a language scored for every variant."""
    return [_group_row(comparison, name, tags) for name, tags in _inhabited(comparison, groups)]


def against_baseline(comparison: Comparison, variant: str, tags: Collection[str]) -> Against:
    """Mean difference to the baseline and counts of better, tied and worse languages over `tags`."""
    means = comparison.means.loc[list(tags)]
    difference = means[variant] - means["none"]
    better, worse = int((difference >= TIE).sum()), int((difference <= -TIE).sum())
    return Against(float(difference.mean()), better, len(difference) - better - worse, worse)


def seed_means(comparison: Comparison, variant: str, tags: Collection[str]) -> dict[str, float]:
    """The mean over `tags` of each seed of one variant."""
    table = _below(comparison.scores, variant).loc[list(tags)]
    return {str(name): float(table[name].mean()) for name in table.columns}


def spread(means: Mapping[str, float]) -> float | None:
    """Standard deviation over seeds (n - 1 below the line) of a group's mean; None with one seed."""
    return float(np.std(list(means.values()), ddof=1)) if len(means) > 1 else None


def _below(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns of a two-level table that stand below `name`."""
    return pd.DataFrame(table.xs(name, axis=1, level=0))


def _comparison(setting: Setting, metric: str, *, rows: pd.DataFrame) -> Comparison:
    texts = rows.groupby(["tag", "seed"])["revision"].nunique()
    differing = tuple(sorted(set(texts[texts > 1].index.get_level_values("tag"))))
    rows = rows[~rows["tag"].isin(differing)]
    main = rows[rows["metric"] == metric]
    tables = {
        control: rows[rows["metric"] == f"{control}_{metric}"].pivot_table(
            index="tag", columns="variant", values="value", aggfunc="mean"
        )
        for control in CONTROLS
    }
    measured = {control: table for control, table in tables.items() if not table.empty}
    return Comparison(
        setting=setting,
        metric=metric,
        scores=main.pivot_table(index="tag", columns=["variant", "replicate"], values="value", aggfunc="mean"),
        controls=pd.concat(measured, axis=1) if measured else pd.DataFrame(columns=pd.MultiIndex.from_arrays([[], []])),
        items=main.groupby("tag")["n"].first(),
        differing=differing,
    )


def _inhabited(comparison: Comparison, groups: Mapping[str, Collection[str]]) -> Iterator[tuple[str, list[str]]]:
    shared = set(comparison.shared)
    for name, tags in groups.items():
        if members := sorted(shared & set(tags)):
            yield name, members


def _group_row(comparison: Comparison, group: str, tags: list[str]) -> GroupRow:
    by_seed = {variant: seed_means(comparison, variant, tags) for variant in comparison.variants}
    means = comparison.means.loc[tags].mean()
    others = [variant for variant in comparison.variants if variant != "none"]
    return GroupRow(
        group=group,
        languages=len(tags),
        means={variant: float(means[variant]) for variant in comparison.variants},
        spreads={variant: spread(found) for variant, found in by_seed.items()},
        against={variant: against_baseline(comparison, variant, tags) for variant in others}
        if "none" in comparison.variants
        else {},
        controls={
            (str(name), str(variant)): float(comparison.controls.reindex(tags)[name, variant].mean())
            for name in CONTROLS
            for variant in comparison.variants
            if (name, variant) in comparison.controls.columns
        },
    )
