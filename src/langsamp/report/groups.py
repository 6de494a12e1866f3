"""Groups of languages in one comparison: means, both standard deviations, and differences to the baseline.

A group's mean is the unweighted mean over languages of the mean over replicates, over the languages that all shown
variants have; `evaluation.groups` computes it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from langsamp.analysis.comparison import TIE
from langsamp.evaluation.groups import group_means, groups_of
from langsamp.languages.table import families
from langsamp.languages.tags import LangScript
from langsamp.report.tables import CONTROLS, Comparison

_NAMES = {"latin": "Latin", "nonlatin": "non-Latin", "unknown": "area not known"}


class Against(NamedTuple):
    """One variant against the baseline over the languages of a group."""

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

    group: str
    languages: int
    means: Mapping[str, float]
    spreads: Mapping[str, float | None]
    """Standard deviation over replicates of the group's mean, over the languages that have all; None with one."""
    language_spreads: Mapping[str, float | None]
    """Mean over languages of a language's standard deviation over replicates; None with one."""
    against: Mapping[str, Against]
    """By variant; empty without a baseline."""
    controls: Mapping[tuple[str, str], float]
    """By (control, variant)."""


def group_rows(comparisons: Sequence[Comparison], by: str = "paper") -> list[list[GroupRow]]:
    """For each comparison one line for each group of a grouping of `evaluation.groups` that holds a shared language.

    The group `all` comes first.
    """
    frames = [_long(comparison).assign(task=str(place)) for place, comparison in enumerate(comparisons)]
    if not any(len(frame) for frame in frames):
        return [[] for _ in comparisons]
    scores = pd.concat(frames, ignore_index=True)
    means: dict[str, dict[str, dict[str, Any]]] = {}
    for row in group_means(scores, by).to_dict("records"):
        means.setdefault(row["task"], {}).setdefault(row["group"], {})[row["model"]] = row
    return [
        _rows(comparison, _members(comparison.shared, by), means.get(str(place), {}))
        for place, comparison in enumerate(comparisons)
    ]


def _long(comparison: Comparison) -> pd.DataFrame:
    """The shared languages' scores as `group_means` takes them: a variant is a model, a replicate a seed."""
    parts = [
        table.melt(ignore_index=False, var_name="seed").rename_axis("tag").reset_index().assign(model=variant)
        for variant in comparison.variants
        for table in [comparison.replicates(variant).loc[comparison.shared]]
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="value")


def _rows(
    comparison: Comparison, members: Mapping[str, list[str]], means: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> list[GroupRow]:
    """The lines of one comparison; `means` has those of `group_means` by group and variant."""
    variants = comparison.variants
    others = [variant for variant in variants if variant != "none"] if "none" in variants else []
    return [
        GroupRow(
            group=families().get(group, _NAMES.get(group, group)),
            languages=len(members[group]),
            means={name: float(found[name]["mean_over_languages"]) for name in variants},
            spreads={name: _number(found[name]["sd_over_seeds"]) for name in variants},
            language_spreads={name: _number(found[name]["mean_sd_of_languages"]) for name in variants},
            against={name: against_baseline(comparison, name, members[group]) for name in others},
            controls=_controls(comparison, members[group]),
        )
        for group, found in sorted(means.items(), key=lambda item: item[0] != "all")
    ]


def against_baseline(comparison: Comparison, variant: str, tags: Collection[str]) -> Against:
    """Mean difference to the baseline and counts of better, tied and worse languages over `tags`."""
    means = comparison.means.loc[list(tags)]
    difference = means[variant] - means["none"]
    slack = TIE - 1e-9  # 43.85 - 43.8 is a little less than 0.05 in floats
    better, worse = int((difference >= slack).sum()), int((difference <= -slack).sum())
    return Against(float(difference.mean()), better, len(difference) - better - worse, worse)


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


def _controls(comparison: Comparison, tags: list[str]) -> dict[tuple[str, str], float]:
    means: pd.Series = comparison.controls.reindex(tags).mean()
    return {
        (name, variant): float(means[name, variant])
        for name in CONTROLS
        for variant in comparison.variants
        if (name, variant) in means.index
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
