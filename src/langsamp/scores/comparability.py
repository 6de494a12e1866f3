"""What must stand under a table whose columns are not of one kind: nothing is mixed silently."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langsamp.disk.files import read_json
from langsamp.disk.layout import RunLayout
from langsamp.errors import DamagedError
from langsamp.provenance import differing_keys
from langsamp.scores.grid import OTHER_TEXT, Grid
from langsamp.scores.published import PREFIX
from langsamp.scores.setting import Setting, by_setting
from langsamp.scores.systems import System

DAGGER = "†"
CHOSEN_BY_TEST = f"{DAGGER} chosen by test scores."
_NAMED = 8
"""At most this many tags or names are listed in one line."""
_SAID = {
    "protocol": "Protocols differ",
    "metric": "Metrics differ",
    "selection": "The models were not chosen in one way",
    "precision": "Precisions differ",
    "layer": "Layers differ",
}
_CHOSEN = {"none": "without selection", "dev": "by dev scores", "test": "by test scores"}
_COMPARED = ("variant", "seed")
"""What systems of a run differ in by intent."""
_TWICE = ("steps",)
"""What the settings of the training say too."""


def listed(names: Iterable[object]) -> str:
    """Up to eight names, `...` for the rest."""
    words = [str(name) for name in names]
    return ", ".join(words[:_NAMED]) + (f", ... ({len(words)} in all)" if len(words) > _NAMED else "")


def counted(languages: int) -> str:
    """`1 language`, `12 languages`."""
    return f"{languages} language{'s' * (languages != 1)}"


def comparability_notes(systems: Sequence[System]) -> list[str]:
    """A line for each thing in which the columns of one task differ, and one for what the dagger means."""
    stated = {system.name: list(by_setting(system.scores)) for system in systems}
    by_task: dict[str, dict[str, list[Setting]]] = {}
    for name, settings in stated.items():
        for setting in settings:
            by_task.setdefault(setting.task, {}).setdefault(name, []).append(setting)
    notes = [note for field in _SAID for note in _differing(by_task, field)]
    if tasks := [task for task, columns in by_task.items() if _differ_otherwise(columns)]:
        notes.append(f"Settings of the scoring differ between columns ({listed(tasks)}).")
    if any(name.startswith(PREFIX) for name in stated):
        notes.append(
            "paper:... are the published scores (arXiv 2409.18199), rounded to 0.1, made on the authors' texts."
        )
    if any(setting.selection == "test" for settings in stated.values() for setting in settings):
        notes.append(CHOSEN_BY_TEST)
    return notes


def training_notes(systems: Sequence[System]) -> list[str]:
    """A line for each system that was trained several times: what stands behind it, and what is over what."""
    names = {system.label: sorted(set(system.scores.model_name)) for system in systems}
    return [
        f"{label}: {len(trainings)} trainings ({listed(trainings)}), each the mean over its seeds; deviations and "
        "intervals are over trainings."
        for label, trainings in names.items()
        if len(trainings) > 1
    ]


def left_out_notes(grid: Grid) -> list[str]:
    """Which languages a grid left out: those on different texts, and those that a system lacks."""
    texts = grid.dropped.get(OTHER_TEXT, ())
    notes = [f"{grid.label}: scored on different texts, left out: {listed(texts)}."] if texts else []
    if lost := sorted({tag for reason, tags in grid.dropped.items() if reason != OTHER_TEXT for tag in tags}):
        over = counted(len(grid.tags))
        notes.append(f"{grid.label}: over {over} that all columns have; left out {len(lost)}: {listed(lost)}.")
    return notes


def _differing(by_task: Mapping[str, Mapping[str, Sequence[Setting]]], field: str) -> list[str]:
    """The lines on one field: tasks with the same columns for each value share a line."""
    lines: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for task, columns in by_task.items():
        by_value: dict[str, dict[str, None]] = {}
        for name, settings in columns.items():
            for value in (getattr(setting, field) for setting in settings):
                if value is not None:
                    by_value.setdefault(str(value), {})[name] = None
        if len(by_value) > 1:
            lines.setdefault(tuple((value, tuple(names)) for value, names in by_value.items()), []).append(task)
    return [
        f"{_SAID[field]} ({listed(tasks)}): " + "; ".join(_value(field, value, names) for value, names in key) + "."
        for key, tasks in lines.items()
    ]


def _value(field: str, value: str, names: Sequence[str]) -> str:
    shown = _CHOSEN.get(value, value) if field == "selection" else value
    return f"{shown} for {listed(names)}"


def _differ_otherwise(columns: Mapping[str, Sequence[Setting]]) -> bool:
    """Whether the columns of a task differ in settings that no other line names."""
    settings = [setting for of_column in columns.values() for setting in of_column]
    differing = {name for one in settings for other in settings for name in one.differs_from(other)}
    return "settings" in differing and not differing & set(_SAID)


def trained_otherwise(a: System, b: System) -> list[str]:
    """A sentence where `a` and `b` are models of two runs that were not trained alike; none where that is not known."""
    if a.cells is None or b.cells is None or a.cells == b.cells:
        return []
    changes = training_changes(_identity(a), _identity(b))
    return [f"A and B were not trained alike: {'; '.join(changes)}"] if changes else []


def training_changes(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """`training.steps: 10 -> 20` for each setting that differs between two trainings' identities, as exports have them.

    An identity that is empty differs from none.
    """
    if not mine or not theirs:
        return []
    skipped = (*_COMPARED, *_TWICE, "data")
    one, other = ({key: part for key, part in each.items() if key not in skipped} for each in (mine, theirs))
    text = ["other rows (text, languages or tokenizer)"] if mine.get("data") != theirs.get("data") else []
    return [*text, *differing_keys(other, one)]


def _identity(system: System) -> Mapping[str, Any]:
    """What the first training of a system in a run was made with; empty for a model from elsewhere."""
    assert system.cells is not None
    run = RunLayout(system.cells.parents[1])
    for name in system.scores.model_name.unique():
        path = run.model(str(name)).export / "provenance.json"
        try:
            content = read_json(path) if run.exists and path.is_file() else None
        except DamagedError:  # which whoever opens the export tells
            continue
        identity = content.get("identity") if isinstance(content, dict) else None
        if isinstance(identity, dict) and identity:
            return identity
    return {}
