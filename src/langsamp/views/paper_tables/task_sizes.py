"""Table 5: how many languages of each group a task has, its classes and its measure."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.languages.tags import LangScript
from langsamp.render.numbers import ABSENT, whole
from langsamp.scores.columns import Columns
from langsamp.scores.groups import groups_of
from langsamp.scores.published import printed_tasks
from langsamp.views.paper_tables.blocks import Block, ColumnHead, words
from langsamp.views.paper_tables.task_names import MEASURES, in_order, task_name

_GROUPS = ("head", "tail", "latin", "nonlatin")


def task_facts(columns: Columns) -> pd.DataFrame:
    """One row a task: how many languages are scored, in all and by group; `classes` (None for retrieval); `metric`."""
    rows = []
    for task in in_order(columns.scores["task"]):
        scores = columns.scores[columns.scores["task"] == task]
        groups = [groups_of(LangScript.parse(tag), "paper") for tag in scores["tag"].unique()]
        counts = {group: sum(group in groups for groups in groups) for group in (*_GROUPS, "all")}
        metrics = " / ".join(sorted(scores["metric"].unique()))
        rows.append({"task": task, "column": "scored", **counts, "classes": _classes(task), "metric": metrics})
    return pd.DataFrame(rows)


def printed_facts(tasks: Sequence[str] | None = None) -> pd.DataFrame:
    """Table 5 as the paper prints it, with the columns of `task_facts`."""
    rows = [
        {
            "task": task, "column": "printed", **{group: facts[group] for group in _GROUPS},
            "all": facts["head"] + facts["tail"], "classes": facts["classes"], "metric": facts["measure"],
        }
        for task, facts in printed_tasks().items()
        if tasks is None or task in tasks
    ]  # fmt: skip
    return pd.DataFrame(rows)


def fact_block(facts: pd.DataFrame) -> Block:
    """A line a task, and one more for what the paper prints where both are there."""
    several = facts["column"].nunique() > 1
    rows = [_row(row, several=several) for row in facts.to_dict("records")]
    header = ("", "|head|", "|tail|", "|Latn|", "|non-Latn|", "#class", "measure (%)")
    return Block(header=(tuple(ColumnHead(text) for text in header),), rows=tuple(rows), labels=(0, 6))


def _row(row: Mapping[Any, Any], *, several: bool) -> tuple[Any, ...]:
    name = task_name(row["task"]) + (", printed" if several and row["column"] == "printed" else "")
    classes = ABSENT if pd.isna(row["classes"]) else whole(row["classes"])
    return tuple(
        words([name, *(whole(row[group]) for group in _GROUPS), classes, MEASURES.get(row["metric"], row["metric"])])
    )


def _classes(task: str) -> int | None:
    """Classes of the paper's task (for POS its 17 tags and the unused `O`), else the labels of the task's record."""
    if task in printed_tasks():
        number: int | None = printed_tasks()[task]["classes"]
        return number
    return len(TASKS[task].labels) or None if task in TASKS else None
