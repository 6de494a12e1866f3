"""Columns against each other, group by group: differences of means with intervals, tests and what they tell apart."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from scipy import stats

from langsamp.scores.columns import Columns
from langsamp.scores.comparison import Comparison, compare
from langsamp.scores.groups import group_means
from langsamp.scores.statistics.bootstrap import LEVEL
from langsamp.scores.systems import System

NUMBERS = ("difference", "low", "high", "p")


def means(columns: Columns, by: Sequence[str]) -> pd.DataFrame:
    """Columns `task`, `label`, `group`, `mean`, `deviation` (over seeds, of the mean), `seeds`, `languages`.

    Groups are those of `scores.groups.group_means` for each grouping in `by`, in its order; tasks and labels in
    that of `columns`.
    """
    table = pd.concat([group_means(columns.scores, grouping) for grouping in by], ignore_index=True)
    names = {"model_name": "label", "mean_over_languages": "mean", "sd_over_seeds": "deviation"}
    table = table.rename(columns=names)[["task", "label", "group", "mean", "deviation", "seeds", "languages"]]
    tasks = list(dict.fromkeys(columns.scores["task"]))
    order = table["task"].map(tasks.index) * len(columns.labels) + table["label"].map(columns.labels.index)
    return table.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def compared(columns: Columns, first: str, second: str, *, by: Sequence[str], seed: int = 0) -> Comparison | None:
    """The column `second` against `first` (`scores.comparison`); None where no task has both.

    Columns that were scored in different ways are compared all the same: their notes say what differs.
    """
    one, other = (_side(columns, label) for label in (first, second))
    if not set(one.scores["task"]) & set(other.scores["task"]):
        return None
    return compare(one, other, by=by, allow_mixed=True, per_language=False, seed=seed)


def difference_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """`task`, `group` and `NUMBERS` of each task and group: second - first in points, its 95 % interval, Wilcoxon's p.

    The interval is clustered on family where there are several, else over languages, else absent (NaN).
    """
    rows = []
    for task in comparison.tasks:
        for groups in task.groups.values():
            for group, difference in groups.items():
                low, high = difference.clustered or difference.plain or (float("nan"), float("nan"))
                numbers = (difference.mean, low, high, difference.p)
                rows.append({"task": task.pair.task, "group": group, **dict(zip(NUMBERS, numbers, strict=True))})
    return rows


def lines(table: pd.DataFrame) -> list[Any]:
    """The rows of a table, their columns as attributes."""
    return list(table.itertuples())


def with_verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with `q` and `told_apart`.

    q is Benjamini and Hochberg's of `p` over all rows of one `group`, so over tasks and over what is compared. A
    difference is told apart where q < 0.05 and its interval excludes zero. Rows without a difference have neither.
    """
    rows = rows.astype(dict.fromkeys(NUMBERS, float))  # a task with one variant alone has columns of nothing
    tested = rows["p"].notna()
    q = rows["p"][tested].groupby(rows["group"][tested]).transform(stats.false_discovery_control).astype(float)
    rows = rows.assign(q=q.reindex(rows.index))
    sure = (rows["q"] < LEVEL) & ((rows["low"] > 0) | (rows["high"] < 0))
    return rows.assign(told_apart=sure)


def comparison_notes(comparisons: Iterable[Comparison]) -> list[str]:
    """What limits the comparisons, each thing once."""
    notes = [
        f"{task.pair.task}: {note}." for comparison in comparisons for task in comparison.tasks for note in task.notes
    ]
    return list(dict.fromkeys(notes))


def _side(columns: Columns, label: str) -> System:
    """One column as a side; its replicates are its trainings where there are several, else its seeds."""
    rows = columns.scores[columns.scores["model_name"] == label]
    parts = rows["seed"].astype(str).str.rpartition("/")
    training = parts[0] if parts[0].nunique() > 1 else pd.Series(label, index=rows.index)
    replicate = training if training.nunique() > 1 else parts[2]
    return System(name=label, scores=rows.assign(model=training, seed=parts[2], main=True, replicate=replicate))
