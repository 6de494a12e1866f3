"""Comparisons from the tidy scores: each variant beside the baseline, language by language.

Scores of different tasks, protocols, sources, layers or settings are never averaged together: each way of scoring is a
comparison of its own, and its label says what sets it apart. Scores are in per cent, differences in points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from langsamp.report.run import VARIANTS

CONTROLS = ("layer0", "ngram", "chance")
"""Prefixes of the control metrics, e.g. `layer0_top10_accuracy` beside `top10_accuracy`."""


class Setting(NamedTuple):
    """What two scores must share to be compared."""

    task: str
    protocol: str
    source: str
    layer: str
    """The hidden layer that was pooled; empty where the task is fine-tuned."""
    selection: str
    precision: str
    settings: str
    """Short fingerprint of everything else."""
    training: str
    """Revision of the text that was fine-tuned on; empty where the task is not."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One task, scored in one way, for every variant, language by language."""

    setting: Setting
    label: str
    """The task, with what sets this comparison apart where the task has several."""
    metric: str
    scores: pd.DataFrame
    """Main metric in per cent; one line a tag, columns (variant, replicate). A replicate is a training seed with the
    seed of a fine-tuning, as `0/3`."""
    controls: pd.DataFrame
    """Per cent, means over replicates; one line a tag, columns (control, variant)."""
    others: pd.DataFrame
    """The other metrics in per cent, means over replicates; one line a tag, columns (metric, variant)."""
    items: pd.Series
    """Test items of each tag."""
    cells: frozenset[str]
    """Names of the cells that the scores are from."""
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

    @property
    def compares(self) -> bool:
        """Whether there is a baseline and something to compare with it, on shared languages."""
        return self.main is not None and "none" in self.variants and bool(self.shared)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means over replicates; one line a tag, one column a variant, NaN where a variant has no score."""
        return pd.DataFrame({variant: self.replicates(variant).mean(axis=1) for variant in self.variants})

    @cached_property
    def shared(self) -> list[str]:
        """Tags that every variant has a score for: only these enter means of groups."""
        return list(self.means.dropna().index)

    def replicates(self, variant: str) -> pd.DataFrame:
        """The scores of one variant, one column a replicate."""
        return pd.DataFrame(self.scores.xs(variant, axis=1, level=0))

    def control(self, name: str, variant: str | None = None) -> pd.Series:
        """One control per tag, of one variant or averaged over all; empty where it was not measured."""
        if name not in self.controls.columns.get_level_values(0):
            return pd.Series(dtype=float)
        table = pd.DataFrame(self.controls.xs(name, axis=1, level=0))
        if variant is None:
            return table.mean(axis=1)
        return table[variant] if variant in table.columns else pd.Series(dtype=float)

    def trials(self, variant: str) -> str:
        """How many replicates a variant has, in words: `1 seed`, `5 seeds`, `2 trainings`, `2 trainings, 10 seeds`."""
        names = [str(name).split("/") for name in self.replicates(variant).columns]
        trainings = len({training for training, _ in names})
        seeds = "" if trainings == len(names) > 1 else f"{len(names)} seed{'s' * (len(names) > 1)}"
        return ", ".join(part for part in (f"{trainings} trainings" if trainings > 1 else "", seeds) if part)


def compare(scores: pd.DataFrame) -> list[Comparison]:
    """One comparison for each task and way of scoring, in the order of the table, which is that of the tasks' names."""
    names = scores["model_name"].drop_duplicates()
    parts = {name: split_name(name) for name in names}
    scores = scores.assign(
        variant=scores["model_name"].map({name: variant for name, (variant, _) in parts.items()}),
        replicate=scores["model_name"].map({name: seed for name, (_, seed) in parts.items()})
        + "/"
        + scores["seed"].astype(str),
        **{name: scores[name].astype(object).where(scores[name].notna(), "").astype(str) for name in Setting._fields},
    )
    settings = ((Setting(*map(str, key)), rows) for key, rows in scores.groupby(list(Setting._fields), sort=True))
    found = [_comparison(setting, rows) for setting, rows in settings if rows["main"].any()]
    return [replace(comparison, label=_label(comparison.setting, found)) for comparison in found]


def split_name(name: str) -> tuple[str, str]:
    """Variant and training seed of a model's name: `both-1` is `both` and `1`, `xlm-r` is all variant."""
    stem, _, seed = name.rpartition("-")
    return (stem, seed) if stem and seed.isdecimal() else (name, "0")


def not_compared(comparisons: Sequence[Comparison]) -> list[str]:
    """One sentence for each task whose variants were not all scored in one way, saying what differs."""
    said = []
    for task in dict.fromkeys(comparison.setting.task for comparison in comparisons):
        here = [comparison for comparison in comparisons if comparison.setting.task == task]
        everyone = {variant for comparison in here for variant in comparison.variants}
        if len(here) > 1 and any(set(comparison.variants) < everyone for comparison in here):
            ways = [
                f"{', '.join(VARIANTS.get(variant, variant) for variant in comparison.variants)} with "
                f"{', '.join(_apart(comparison.setting, here))}"
                for comparison in here
            ]
            said.append(f"{task} was not scored in one way: {'; '.join(ways)}. These scores are not compared.")
    return said


def _label(setting: Setting, among: Iterable[Comparison]) -> str:
    apart = _apart(setting, [other for other in among if other.setting.task == setting.task])
    return f"{setting.task} ({', '.join(apart)})" if apart else setting.task


def _apart(setting: Setting, among: Iterable[Comparison]) -> list[str]:
    """What tells a way of scoring from the others of its task, like `protocol paper`."""
    others = [other.setting for other in among]
    names = [name for name in Setting._fields if len({getattr(other, name) for other in others}) > 1]
    clear = [name for name in names if name not in ("settings", "training")] or names
    return [f"{name} {getattr(setting, name) or 'not stated'}" for name in clear]


def _comparison(setting: Setting, rows: pd.DataFrame) -> Comparison:
    texts = rows.groupby(["tag", "seed"])["revision"].nunique()
    differing = tuple(sorted(set(texts[texts > 1].index.get_level_values("tag"))))
    rows = rows[~rows["tag"].isin(differing)]
    main = rows[rows["main"].eq(True)]
    metric = str(main["metric"].iloc[0]) if len(main) else ""
    means = rows.pivot_table(index="tag", columns=["metric", "variant"], values="value", aggfunc="mean")
    controls = {f"{control}_{metric}": control for control in CONTROLS}
    is_control = means.columns.get_level_values(0).isin(controls)
    is_other = ~is_control & (means.columns.get_level_values(0) != metric)
    return Comparison(
        setting=setting,
        label=setting.task,
        metric=metric,
        scores=main.pivot_table(index="tag", columns=["variant", "replicate"], values="value", aggfunc="mean"),
        controls=means.loc[:, is_control].rename(columns=controls, level=0),
        others=means.loc[:, is_other],
        items=main.groupby("tag")["n"].first(),
        cells=frozenset(rows["cell"]),
        differing=differing,
    )
