"""Model B against model A over the languages both have: how much, how sure, and for whom.

`difference.py` says what is computed of each task; q is Benjamini and Hochberg's over the tasks compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.languages.aliases import match as match_aliases
from langsamp.scores import fail_if
from langsamp.scores.comparability import trained_otherwise
from langsamp.scores.difference import TaskComparison, difference, with_tests
from langsamp.scores.grid import Grid, Match, grids
from langsamp.scores.groups import members
from langsamp.scores.setting import by_setting
from langsamp.scores.systems import System


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What `compare` gives back."""

    a: System
    b: System
    tasks: tuple[TaskComparison, ...]
    notes: tuple[str, ...]
    """What was not compared, and what differs although the sides were compared."""

    @property
    def gated(self) -> list[fail_if.Difference]:
        """What `fail_if.check_fail_if` looks at."""
        differences = []
        for each in self.tasks:
            low, high = each.difference.clustered or (None, None)
            task = each.grid.setting.task
            differences.append(fail_if.Difference(task, each.grid.label, each.difference.mean, low, high))
        return differences


def compare(
    a: System,
    b: System,
    *,
    metrics: Mapping[str, str] | None = None,
    by: Sequence[str] = ("paper",),
    match: Match = match_aliases,
    allow_mixed: bool = False,
    per_language: bool = True,
    seed: int = 0,
) -> Comparison:
    """B against A on every task both have, over all languages both have and over the groups of each grouping in `by`.

    `metrics` names another than the main metric of a task, `match` finds languages that the sides call differently.
    With `per_language` each language is tested too, where both sides keep predictions. The same scores and `seed`
    always give the same result.

    Raises:
        DataMissingError: where the sides share no scored language.
        DamagedError: where kept predictions cannot be read.
        UserError: where they were scored in different ways and `allow_mixed` is not set, and for an unknown grouping.
    """
    for grouping in by:
        members([], grouping)
    other = replace(b, name=f"{b.name} (B)") if b.name == a.name else b
    matched = grids(_of_shared_tasks(a, other, metrics or {}), mixed="note" if allow_mixed else "refuse", match=match)
    compared = [grid for grid in matched if grid.tags]
    if not compared:
        raise DataMissingError(f"{a.name} and {b.name} share no scored language.{_why_none(a, b, matched)}")
    tasks = [difference(grid, a.name, other.name, by=by, seed=seed) for grid in compared]
    if per_language:
        tasks = [with_tests(task, a, b, seed=seed) for task in tasks]
    qs = stats.false_discovery_control([task.p for task in tasks])
    tasks = [replace(task, q=float(q)) for task, q in zip(tasks, qs, strict=True)]
    return Comparison(a=a, b=b, tasks=tuple(tasks), notes=_notes(a, b, matched))


def _of_shared_tasks(a: System, b: System, metrics: Mapping[str, str]) -> list[System]:
    """Both systems with the rows of the metric that is wanted of each task that both have."""
    shared = [task for task in dict.fromkeys(a.scores.task) if task in set(b.scores.task)]
    if unknown := [task for task in metrics if task not in shared]:
        raise UserError(
            f"a metric is named for {unknown[0]!r}, which the two do not share.{did_you_mean(unknown[0], shared)} They "
            f"share {', '.join(shared) or 'no task'}"
        )
    kept: dict[str, list[int]] = {a.name: [], b.name: []}
    for task in shared:
        chosen = [_of_metric(side, task, metrics.get(task)) for side in (a, b)]
        mine, theirs = (sorted(set(metric)) for metric, _ in chosen)
        if mine != theirs:
            raise UserError(
                f"{task}: the main metric is {', '.join(mine)} in {a.name}, {', '.join(theirs)} in {b.name}; "
                "name one that both have with --metric"
            )
        for side, (_, places) in zip((a, b), chosen, strict=True):
            kept[side.name] += places
    return [replace(side, scores=side.scores.iloc[kept[side.name]]) for side in (a, b)]


def _of_metric(side: System, task: str, metric: str | None) -> tuple[list[str], list[int]]:
    """The metrics and the positions of the rows of a task's wanted metric."""
    of_task = side.scores.task == task
    there = sorted(side.scores.loc[of_task, "metric"].unique())
    wanted = side.scores.metric == metric if metric else side.scores.main.eq(True)
    positions = np.flatnonzero(of_task & wanted)
    if not len(positions) and metric:
        raise UserError(f"{side.name} has no {metric!r} for {task}; it has {', '.join(there)}")
    if not len(positions):
        raise UserError(
            f"{side.name} lacks the main metric of {task}; it has {', '.join(there)}. Name one with --metric"
        )
    return side.scores.metric.iloc[positions].tolist(), positions.tolist()


def _why_none(a: System, b: System, matched: Sequence[Grid]) -> str:
    if not matched:
        tasks = [", ".join(dict.fromkeys(side.scores.task)) for side in (a, b)]
        return f" {a.name} has the tasks {tasks[0]}; {b.name} has {tasks[1]}"
    reasons = [
        f"{grid.setting.task}: {reason} ({len(tags)})" for grid in matched for reason, tags in grid.dropped.items()
    ]
    return "\n  " + "\n  ".join(reasons)


def _notes(a: System, b: System, matched: Sequence[Grid]) -> tuple[str, ...]:
    notes = []
    for side, other in ((a, b), (b, a)):
        only = [task for task in dict.fromkeys(side.scores.task) if task not in set(other.scores.task)]
        if only:
            notes.append(f"only {side.name} has {', '.join(only)}")
    for side, index in ((a, 0), (b, 1)):
        used = [grid.settings[grid.names[index]] for grid in matched]
        tasks, metrics = {each.task for each in used}, {(each.task, each.metric) for each in used}
        notes += [
            f"only {side.name} has {setting.task} with {setting}"
            for setting in by_setting(side.scores)
            if setting.task in tasks and setting not in used and (setting.task, setting.metric) in metrics
        ]
    if shared := a.scores.model_name[a.scores.model.isin(b.scores.model)].unique().tolist():
        notes.append(f"both sides hold {', '.join(shared)}: a difference is one between two evaluations of a model")
    notes += trained_otherwise(a, b)
    return (*notes, *(f"{grid.label}: no language is on both sides" for grid in matched if not grid.tags))
