"""Comparisons from the tidy scores: each side (`views.appearance`) beside the baseline, language by language.

Scores of different tasks, protocols, sources, layers or settings are never averaged together: each way of scoring is a
comparison of its own, and its label says what sets it apart. Scores are in per cent, differences in points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from langsamp.scores.published import PREFIX
from langsamp.views.appearance import in_order, is_baseline, is_langsamp, is_start, side_name, split_name

CONTROLS = ("layer0", "ngram", "chance")
"""Prefixes of the control metrics, e.g. `layer0_top10_accuracy` beside `top10_accuracy`."""
ENGLISH = "eng_Latn"
_NAMED = 6
"""At most this many source languages are named in one line."""


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
class SystemComparison:
    """One task, scored in one way, for every side, language by language."""

    setting: Setting
    label: str
    """The task, with what sets this comparison apart where the task has several."""
    metric: str
    scores: pd.DataFrame
    """Main metric in per cent; one line a tag, columns (side, replicate). A replicate is a training seed with the
    seed of a fine-tuning, as `0/3`."""
    controls: pd.DataFrame
    """Per cent, means over replicates; one line a tag, columns (control, side)."""
    other_metrics: pd.DataFrame
    """The other metrics in per cent, means over replicates; one line a tag, columns (metric, side)."""
    items: pd.Series
    """Test items of each tag."""
    cells: frozenset[str]
    """Names of the cells that the scores are from."""
    differing: tuple[str, ...]
    """Tags left out because the sides were scored on different texts."""
    rows: pd.DataFrame
    """The tidy rows of the main metric, with `side` and `replicate`."""
    chosen: str | None = None
    """The side that the report compares with; this comparison may lack it."""

    @cached_property
    def sides(self) -> list[str]:
        """The sides that were scored, the baseline first."""
        present = dict.fromkeys(map(str, self.scores.columns.get_level_values(0)))
        return in_order(present, first=self.baseline)

    @cached_property
    def baseline(self) -> str | None:
        """What the others are compared with: the report's baseline, else one by its name; None where neither is."""
        present = list(dict.fromkeys(map(str, self.scores.columns.get_level_values(0))))
        return self.chosen if self.chosen in present else next(filter(is_baseline, in_order(present)), None)

    @property
    def others(self) -> list[str]:
        """The sides that are compared with the baseline; a start is what all of them are compared with elsewhere."""
        return [side for side in self._trained if side != self.baseline] if self.baseline is not None else []

    @property
    def _trained(self) -> list[str]:
        return [side for side in self.sides if not is_start(side)]

    @property
    def main(self) -> str | None:
        """The side that single sentences and pictures set against the baseline: LangSAMP if it is there."""
        others = [side for side in self._trained if side != self.baseline]
        return next(filter(is_langsamp, others), next(iter(others), None))

    @property
    def compares(self) -> bool:
        """Whether there is a baseline and something to compare with it, on shared languages."""
        return bool(self.others and self.shared)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means over replicates; one line a tag, one column a side, NaN where a side has no score."""
        return pd.DataFrame({side: self.replicates(side).mean(axis=1) for side in self.sides})

    @cached_property
    def shared(self) -> list[str]:
        """Tags that every side has a score for: only these enter means of groups."""
        return list(self.means.dropna().index)

    def differences(self, side: str | None = None) -> pd.Series:
        """A side's (by default the main one's) lead over the baseline by tag, in points; empty without both."""
        side = side or self.main
        if side is None or self.baseline is None:
            return pd.Series(dtype=float)
        return self.means[side] - self.means[self.baseline]

    def replicates(self, side: str) -> pd.DataFrame:
        """The scores of one side, one column a replicate."""
        return pd.DataFrame(self.scores.xs(side, axis=1, level=0))

    def control(self, name: str, side: str | None = None) -> pd.Series:
        """One control per tag, of one side or averaged over all; empty where it was not measured."""
        if name not in self.controls.columns.get_level_values(0):
            return pd.Series(dtype=float)
        table = pd.DataFrame(self.controls.xs(name, axis=1, level=0))
        if side is None:
            return table.mean(axis=1)
        return table[side] if side in table.columns else pd.Series(dtype=float)

    def trials(self, side: str) -> str:
        """How many replicates a side has, in words: `1 seed`, `5 seeds`, `2 trainings`, `2 trainings, 10 seeds`."""
        if side.startswith(PREFIX):
            return "printed mean"
        names = [str(name).split("/") for name in self.replicates(side).columns]
        trainings = len({training for training, _ in names})
        seeds = "" if trainings == len(names) > 1 else f"{len(names)} seed{'s' * (len(names) > 1)}"
        return ", ".join(part for part in (f"{trainings} trainings" if trainings > 1 else "", seeds) if part)


def compare(scores: pd.DataFrame, baseline: str | None = None) -> list[SystemComparison]:
    """One comparison for each task and way of scoring, in the order of the table, which is that of the tasks' names.

    `baseline` is the side to compare with; a comparison that lacks it takes one that is a baseline by its name.
    """
    names = scores["model_name"].drop_duplicates()
    parts = {name: split_name(name) for name in names}
    scores = scores.assign(
        side=scores["model_name"].map({name: side for name, (side, _) in parts.items()}),
        replicate=scores["model_name"].map({name: seed for name, (_, seed) in parts.items()})
        + "/"
        + scores["seed"].astype(str),
        **{name: scores[name].astype(object).where(scores[name].notna(), "").astype(str) for name in Setting._fields},
    )
    words = scores.select_dtypes(include=["string"]).columns
    scores = scores.astype(dict.fromkeys(words, object))  # which are read one by one in many places
    settings = ((Setting(*map(str, key)), rows) for key, rows in scores.groupby(list(Setting._fields), sort=True))
    comparisons = [_comparison(setting, rows, baseline) for setting, rows in settings if rows["main"].eq(True).any()]
    return [replace(comparison, label=_label(comparison.setting, comparisons)) for comparison in comparisons]


def from_english(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The scores of tasks that have some from English, without those from other languages; a sentence for each task.

    A study of transfer fine-tunes on many sources. Its scores answer another question than which encoder is better.
    """
    other = scores["source"].isin(_other_tags(scores["source"]))
    other &= scores["task"].isin(set(scores.loc[scores["source"] == ENGLISH, "task"]))
    said = [
        f"{task} has scores of other sources than English too ({_few(sorted(set(rows['source'])))}). They are no part "
        "of the tables of scores: the study of transfer (langsamp analyze transfer) shows them, under Donors."
        for task, rows in scores[other].groupby("task", sort=False)
    ]
    return scores[~other], said


def _other_tags(sources: pd.Series) -> list[str]:
    """The sources that are a tag, without English; `closest` of the paper's donors is none."""
    return [source for source in sources.dropna().astype(str).unique() if "_" in source and source != ENGLISH]


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def not_compared(comparisons: Sequence[SystemComparison]) -> list[str]:
    """One sentence for each task whose sides were not all scored in one way, saying what differs."""
    said = []
    for task in dict.fromkeys(comparison.setting.task for comparison in comparisons):
        here = [comparison for comparison in comparisons if comparison.setting.task == task]
        everyone = {side for comparison in here for side in comparison.sides}
        if len(here) > 1 and any(set(comparison.sides) < everyone for comparison in here):
            ways = [
                f"{', '.join(map(side_name, comparison.sides))} with {', '.join(_apart(comparison.setting, here))}"
                for comparison in here
            ]
            said.append(f"{task} was not scored in one way: {'; '.join(ways)}. These scores are not compared.")
    return said


def _label(setting: Setting, among: Iterable[SystemComparison]) -> str:
    """The task, with one thing that tells the way of scoring from all others of the task, or all where none does."""
    same = [other for other in among if other.setting.task == setting.task]
    apart = _apart(setting, same)
    single = [
        words for number, words in enumerate(apart) if len({_apart(o.setting, same)[number] for o in same}) == len(same)
    ]
    apart = single[:1] or apart
    return f"{setting.task} ({', '.join(apart)})" if apart else setting.task


def _apart(setting: Setting, among: Iterable[SystemComparison]) -> list[str]:
    """What tells a way of scoring from the others of its task, like `protocol paper`."""
    others = [other.setting for other in among]
    names = [name for name in Setting._fields if len({getattr(other, name) for other in others}) > 1]
    clear = [name for name in names if name not in ("settings", "training")] or names
    return [f"{name} {getattr(setting, name) or 'not stated'}" for name in clear]


def _comparison(setting: Setting, rows: pd.DataFrame, baseline: str | None) -> SystemComparison:
    texts = rows.groupby(["tag", "seed"])["revision"].nunique()
    differing = tuple(sorted(set(texts[texts > 1].index.get_level_values("tag"))))
    rows = rows[~rows["tag"].isin(differing)]
    main = rows[rows["main"].eq(True)]
    metric = str(main["metric"].iloc[0]) if len(main) else ""
    means = rows.pivot_table(index="tag", columns=["metric", "side"], values="value", aggfunc="mean")
    controls = {f"{control}_{metric}": control for control in CONTROLS}
    is_control = means.columns.get_level_values(0).isin(controls)
    is_other = ~is_control & (means.columns.get_level_values(0) != metric)
    return SystemComparison(
        setting=setting,
        label=setting.task,
        metric=metric,
        scores=main.pivot_table(index="tag", columns=["side", "replicate"], values="value", aggfunc="mean"),
        controls=means.loc[:, is_control].rename(columns=controls, level=0),
        other_metrics=means.loc[:, is_other],
        items=main.groupby("tag")["n"].first(),
        cells=frozenset(rows["cell"]),
        differing=differing,
        rows=main,
        chosen=baseline,
    )
