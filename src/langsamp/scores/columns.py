"""Which columns a table has: one label for each model, told apart from every other, and what must be said about them.

The trainings of one variant (`both-0`, `both-1`, as a run names them) stand together as one column, each training's
seeds counting as seeds. One model that was scored under several settings gives several columns, and so do two models of
one name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from langsamp.errors import UserError, did_you_mean
from langsamp.model.variants import DISPLAY_NAMES, training_of
from langsamp.scores.comparability import DAGGER, comparability_notes, counted, listed
from langsamp.scores.groups import ONE_TABLE, row_numbers

_SETTINGS = ("protocol", "metric", "layer", "selection", "precision", "settings")
_LETTERS = 6
"""Letters of a value or fingerprint that tell columns apart; enough for every protocol, selection and precision."""
_NAMES = ("label", "training", "prefix", "variant")
_KEPT = (*ONE_TABLE, "seed", "tag", "value", "revision")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The main metrics of all tasks, with `model` and `model_name` replaced by the label of the column."""

    scores: pd.DataFrame
    labels: tuple[str, ...]
    """In the order of the table."""
    variants: Mapping[str, str] = field(default_factory=dict)
    """By label the variant, its place before it (`first:both`), where a column is the trainings of one."""
    notes: tuple[str, ...]

    def heading(self, label: str) -> str:
        """The label as tables show it, with a dagger where the model was chosen by test scores."""
        selections = self.scores.loc[self.scores["model_name"] == label, "selection"]
        return f"{label} {DAGGER}" if (selections == "test").any() else label


def columns_of(scores: pd.DataFrame, tasks: Sequence[str] | None = None) -> Columns:
    """The columns that a tidy table gives, of some tasks or of all.

    Raises:
        UserError: where a task has no score here.
    """
    scores = _main(scores)
    if tasks is not None:
        present = set(scores["task"])
        for name in tasks:
            if name not in present:
                raise UserError(
                    f"no score of task {name!r} here.{did_you_mean(name, present)} There are {listed(sorted(present))}"
                )
        scores = scores[scores["task"].isin(tasks)]
    kinds = ["model", "model_name", "task", *_SETTINGS]
    number = row_numbers(scores, kinds)
    series = scores[kinds].assign(number=number).drop_duplicates("number").set_index("number").sort_index()
    series = _named(series)
    labels, training = series["label"].to_numpy()[number], series["training"].to_numpy()[number]
    several = series.groupby("label")["training"].nunique()
    scores = scores.assign(model=labels, model_name=labels)
    if (several > 1).any():
        scores["seed"] = pd.Series(training, index=scores.index) + "/" + scores["seed"].astype(str)
    order = _order(series)
    named: list[Any] = list(series.itertuples())
    return Columns(
        scores=scores,
        labels=order,
        variants={row.label: row.prefix + row.variant for row in named if row.variant},
        notes=(*_trainings(series, order), *comparability_notes(scores, order)),
    )


def one_source(columns: Columns, source: str) -> Columns:
    """The columns with the scores of one source tag; tasks that a model was not trained for from it are left out.

    Raises:
        UserError: where no score has that source.
    """
    kept = columns.scores["source"] == source
    if len(kept) and not kept.any():
        there = sorted(columns.scores["source"].unique())
        raise UserError(f"no score from {source} here.{did_you_mean(source, there)} Sources are {listed(there)}")
    pairs = columns.scores[["model_name", "task"]]
    lost = set(map(tuple, pairs[~kept].drop_duplicates().to_numpy())) - set(
        map(tuple, pairs[kept].drop_duplicates().to_numpy())
    )
    notes = [f"{label}, {task}: no score from {source}, left out." for label, task in sorted(lost)]
    return _narrowed(columns, columns.scores if kept.all() else columns.scores[kept], notes)


def shared_languages(columns: Columns) -> Columns:
    """The columns over the languages that every model has which is scored on the task; what is left out is noted."""
    scores = columns.scores
    cells = scores[["task", "model_name", "tag"]].drop_duplicates()
    models = cells.drop_duplicates(["task", "model_name"]).groupby("task").size()
    having = cells.groupby(["task", "tag"]).size()
    whole = having[having == having.index.get_level_values("task").map(models.to_dict().__getitem__)]
    number = row_numbers(pd.concat([scores[["task", "tag"]], whole.index.to_frame(index=False)]), ["task", "tag"])
    kept = np.isin(number[: len(scores)], number[len(scores) :])
    notes = []
    remaining = scores[kept].groupby("task")["tag"].nunique().to_dict()
    for task, rows in scores[~kept].groupby("task"):
        tags = sorted(rows["tag"].unique())
        over = counted(remaining.get(task, 0))
        notes.append(f"{task}: over {over} that all columns have; left out {len(tags)}: {listed(tags)}.")
    return _narrowed(columns, scores if kept.all() else scores[kept], notes)


def only(columns: Columns, labels: Collection[str]) -> Columns:
    """These columns alone."""
    return _narrowed(columns, columns.scores[columns.scores["model_name"].isin(labels)], [])


def _narrowed(columns: Columns, scores: pd.DataFrame, notes: Sequence[str]) -> Columns:
    present = set(scores["model_name"])
    labels = tuple(label for label in columns.labels if label in present)
    return replace(columns, scores=scores, labels=labels, notes=(*columns.notes, *notes))


def _main(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of each task's main metric."""
    scores = scores[scores["main"].eq(True)]
    return scores.assign(**{name: None for name in ONE_TABLE if name not in scores})[list(_KEPT)]


def _named(series: pd.DataFrame) -> pd.DataFrame:
    """`series` (one row for each model, task and settings) with the columns `_NAMES`."""
    rows = series.astype(object).where(series.notna(), None).to_dict("records")
    models: dict[str, set[str]] = {}
    for row in rows:
        models.setdefault(row["model_name"], set()).add(row["model"])
    for row in rows:
        twins = len(models[row["model_name"]]) > 1
        training = None if twins else training_of(row["model_name"])
        row["training"] = row["model_name"] + (f" ({row['model'][:_LETTERS]})" if twins else "")
        row["prefix"], row["variant"] = (training.place, training.variant) if training else ("", "")
        row["label"] = row["prefix"] + DISPLAY_NAMES[row["variant"]] if training else row["training"]
    for name in _SETTINGS:
        values: dict[tuple[str, str], set[Any]] = {}
        for row in rows:
            values.setdefault((row["label"], row["task"]), set()).add(row[name])
        several = {label for (label, _), models in values.items() if len(models) > 1}
        for row in rows:
            if row["label"] in several and row[name] is not None:
                row["label"] += f" ({name} {str(row[name])[:_LETTERS]})"
    return pd.DataFrame(rows, index=series.index, columns=[*series.columns, *_NAMES])


def _order(series: pd.DataFrame) -> tuple[str, ...]:
    """Labels as they first appear; the variants of one run stand together, the baseline first."""
    rank_of: dict[str, tuple[int, int, int]] = {}
    first_of_run: dict[str, int] = {}
    for at, row in enumerate(series[["label", "prefix", "variant"]].to_dict("records")):
        first = first_of_run.setdefault(row["prefix"], at) if row["variant"] else at
        rank = list(DISPLAY_NAMES).index(row["variant"]) if row["variant"] else 0
        rank_of.setdefault(row["label"], (first, rank, at))
    return tuple(sorted(rank_of, key=rank_of.__getitem__))


def _trainings(series: pd.DataFrame, order: Sequence[str]) -> list[str]:
    names = series.groupby("label")["training"].unique()
    return [
        f"{label}: {len(names[label])} trainings ({listed(sorted(names[label]))}), each with its seeds."
        for label in order
        if len(names[label]) > 1
    ]
