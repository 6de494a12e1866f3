"""The columns of a table: systems over all tasks, told apart from every other, and what must be said about them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from langsamp.errors import UserError, did_you_mean
from langsamp.scores.cells import COLUMNS
from langsamp.scores.comparability import (
    DAGGER,
    comparability_notes,
    counted,
    left_out_notes,
    listed,
    training_notes,
)
from langsamp.scores.grid import Grid, grids
from langsamp.scores.score_table import main_rows
from langsamp.scores.setting import Setting, by_setting
from langsamp.scores.systems import System, systems_of

_APART = ("protocol", "metric", "layer", "selection", "precision", "settings", "training")
_LETTERS = 6
"""Letters of a value or fingerprint that tell columns apart; enough for every protocol, selection and precision."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Systems whose names are the labels of a table; each was scored in one way on each task."""

    systems: tuple[System, ...]
    """In the order of the table, with the rows of the main metrics."""
    notes: tuple[str, ...]

    @property
    def labels(self) -> list[str]:
        """What the table calls its columns."""
        return [system.name for system in self.systems]

    @property
    def scores(self) -> pd.DataFrame:
        """The tidy rows of all columns."""
        parts = [system.scores for system in self.systems]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))

    @cached_property
    def grids(self) -> list[Grid]:
        """One for each task, with the columns that were scored on it."""
        return grids(self.systems, mixed="note")

    @property
    def text_notes(self) -> list[str]:
        """A line for each task on which columns were scored on different text of one language."""
        return [
            f"{grid.setting.task}: different texts of {counted(len(grid.differing))}: {listed(grid.differing)}."
            for grid in self.grids
            if grid.differing
        ]

    def heading(self, label: str) -> str:
        """The label as tables show it, with a dagger where the model was chosen by test scores."""
        chosen = {
            each.selection for system in self.systems if system.name == label for each in by_setting(system.scores)
        }
        return f"{label} {DAGGER}" if "test" in chosen else label

    def over_shared(self) -> tuple[list[Grid], list[str]]:
        """The grids over the languages that every column has which is scored on the task, and what is left out."""
        shared = [grid.over_shared() for grid in self.grids]
        notes = [note for grid in shared for note in left_out_notes(grid)]
        return [grid for grid in shared if grid.tags], [*self.text_notes, *notes]


def columns_of(scores: pd.DataFrame, tasks: Sequence[str] | None = None) -> Columns:
    """The columns that a tidy table gives, of some tasks or of all.

    Raises:
        UserError: where a task has no score here.
    """
    scores = main_rows(scores)
    if tasks is not None:
        present = set(scores.task)
        for name in tasks:
            if name not in present:
                raise UserError(
                    f"no score of task {name!r} here.{did_you_mean(name, present)} There are {listed(sorted(present))}"
                )
        scores = scores[scores.task.isin(tasks)]
    systems = [each for system in systems_of(scores) for each in _one_setting_each(system)]
    return Columns(systems=tuple(systems), notes=(*training_notes(systems), *comparability_notes(systems)))


def one_source(columns: Columns, source: str) -> Columns:
    """The columns with the scores of one source tag; tasks that a model was not trained for from it are left out.

    Raises:
        UserError: where no score has that source.
    """
    systems, notes, there = [], [], set()
    for system in columns.systems:
        by_source = system.scores.source
        there |= set(by_source)
        rows = system.scores[by_source == source]
        systems += [replace(system, scores=rows)] if len(rows) else []
        lost = sorted(set(system.scores.task) - set(rows.task))
        notes += [f"{system.name}, {task}: no score from {source}, left out." for task in lost]
    if columns.systems and not systems:
        raise UserError(
            f"no score from {source} here.{did_you_mean(source, there)} Sources are {listed(sorted(there))}"
        )
    return Columns(systems=tuple(systems), notes=(*columns.notes, *sorted(notes)))


def _one_setting_each(system: System) -> list[System]:
    """The system, or several where it was scored in several ways on one task from one source."""
    parts = by_setting(system.scores)
    labels = dict.fromkeys(parts, system.label)
    for name in _APART:
        several = _several(labels, name)
        labels = {
            setting: f"{label} ({name} {str(value)[:_LETTERS]})" if label in several and value is not None else label
            for setting, label in labels.items()
            for value in [getattr(setting, name)]
        }
    if set(labels.values()) == {system.label}:
        return [replace(system, name=system.label)]
    return [
        replace(
            system,
            name=name,
            label=name,
            scores=pd.concat([rows for setting, rows in parts.items() if labels[setting] == name]),
        )
        for name in dict.fromkeys(labels.values())
    ]


def _several(labels: dict[Setting, str], name: str) -> Collection[str]:
    """The labels under which a task has several values of a field; the text that was trained on is that of a source."""
    values: dict[tuple[str, str, str], set[object]] = {}
    for setting, label in labels.items():
        key = (label, setting.task, setting.source if name == "training" else "")
        values.setdefault(key, set()).add(getattr(setting, name))
    return {label for (label, *_), different in values.items() if len(different) > 1}
