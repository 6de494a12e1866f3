"""Table 5: how many languages of each group a task has, its classes and its measure."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.render.numbers import whole
from langsamp.scores.groups import members
from langsamp.scores.published import printed_tasks
from langsamp.scores.setting import by_setting
from langsamp.views.paper_tables.blocks import Block, ColumnHead, TextCell, words
from langsamp.views.paper_tables.task_names import MEASURES, in_order, task_name


class TaskSize(NamedTuple):
    """One line of Table 5."""

    task: str
    column: str
    """`scored` or `printed`."""
    head: int
    tail: int
    latin: int
    nonlatin: int
    all: int
    classes: int | None
    """None for retrieval."""
    metric: str


def task_sizes(scores: pd.DataFrame) -> list[TaskSize]:
    """Of each task how many languages are scored, in all and by group."""
    tags: dict[str, dict[str, None]] = {}
    metrics: dict[str, set[str]] = {}
    for setting, rows in by_setting(scores).items():
        tags.setdefault(setting.task, {}).update(dict.fromkeys(rows.tag))
        metrics.setdefault(setting.task, set()).add(setting.metric)
    sizes = []
    for task in in_order(tags):
        groups = members(list(tags[task]), "paper")
        count = {group: len(indices) for group, indices in groups.items()}
        sizes.append(
            TaskSize(
                task, "scored", count.get("head", 0), count.get("tail", 0), count.get("latin", 0),
                count.get("nonlatin", 0), count["all"], _classes(task), " / ".join(sorted(metrics[task])),
            )
        )  # fmt: skip
    return sizes


def printed_sizes(tasks: Sequence[str] | None = None) -> list[TaskSize]:
    """Table 5 as the paper prints it."""
    return [
        TaskSize(
            task, "printed", each.head, each.tail, each.latin, each.nonlatin, each.all, each.classes, each.measure
        )
        for task, each in printed_tasks().items()
        if tasks is None or task in tasks
    ]  # fmt: skip


def size_block(sizes: Sequence[TaskSize]) -> Block:
    """A line a task, and one more for what the paper prints where both are there."""
    several = len({size.column for size in sizes}) > 1
    header = ("", "|head|", "|tail|", "|Latn|", "|non-Latn|", "#class", "measure (%)")
    rows = tuple(_row(size, several=several) for size in sizes)
    return Block(header=(tuple(ColumnHead(text) for text in header),), rows=rows, labels=(0, 6))


def _row(size: TaskSize, *, several: bool) -> tuple[TextCell, ...]:
    name = task_name(size.task) + (", printed" if several and size.column == "printed" else "")
    counts = (size.head, size.tail, size.latin, size.nonlatin, size.classes)
    return tuple(words([name, *map(whole, counts), MEASURES.get(size.metric, size.metric)]))


def _classes(task: str) -> int | None:
    """Classes of the paper's task (for POS its 17 tags and the unused `O`), else the labels of the task's record."""
    if task in printed_tasks():
        return printed_tasks()[task].classes
    return len(TASKS[task].labels) or None if task in TASKS else None
