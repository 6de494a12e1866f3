"""What must stand under a table whose columns are not of one kind: nothing is mixed silently."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from langsamp.scores.published import PREFIX

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


def listed(names: Iterable[object]) -> str:
    """Up to eight names, `...` for the rest."""
    words = [str(name) for name in names]
    return ", ".join(words[:_NAMED]) + (f", ... ({len(words)} in all)" if len(words) > _NAMED else "")


def counted(languages: int) -> str:
    """`1 language`, `12 languages`."""
    return f"{languages} language{'s' * (languages != 1)}"


def comparability_notes(scores: pd.DataFrame, labels: Sequence[str]) -> list[str]:
    """A line for each thing in which the columns of one task differ, and one for what the dagger means."""
    kinds = ["task", "model_name", *_SAID, "settings"]
    kinds_of = scores[kinds].drop_duplicates().astype(object)
    kinds_of = kinds_of.where(kinds_of.notna(), None)
    notes = [note for name in _SAID for note in _differing(kinds_of, name, labels)]
    if tasks := _other_settings(kinds_of):
        notes.append(f"Settings of the scoring differ between columns ({listed(tasks)}).")
    notes += _other_texts(scores)
    if any(label.startswith(PREFIX) for label in labels):
        notes.append(
            "paper:... are the published scores (arXiv 2409.18199), rounded to 0.1, made on the authors' texts."
        )
    if (scores["selection"] == "test").any():
        notes.append(CHOSEN_BY_TEST)
    return notes


def _differing(kinds: pd.DataFrame, name: str, labels: Sequence[str]) -> list[str]:
    """The lines on one column of the tidy table: tasks with the same labels for each value share a line."""
    lines: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for task, rows in kinds.dropna(subset=[name]).groupby("task", sort=False):
        by_value: dict[str, list[str]] = {}
        for label in labels:
            for value in rows.loc[rows["model_name"] == label, name]:
                by_value.setdefault(str(value), []).append(label)
        if len(by_value) > 1:
            key = tuple((value, tuple(dict.fromkeys(tasks_of))) for value, tasks_of in by_value.items())
            lines.setdefault(key, []).append(str(task))
    return [
        f"{_SAID[name]} ({listed(tasks)}): " + "; ".join(_value(name, value, tasks_of) for value, tasks_of in key) + "."
        for key, tasks in lines.items()
    ]


def _value(name: str, value: str, labels: Sequence[str]) -> str:
    shown: Mapping[str, str] = _CHOSEN if name == "selection" else {}
    return f"{shown.get(value, value)} for {listed(labels)}"


def _other_settings(kinds: pd.DataFrame) -> list[str]:
    """Tasks whose columns differ in settings that no other line names."""
    computed = kinds[~kinds["model_name"].str.startswith(PREFIX)]
    numbers = computed.groupby("task", sort=False)[[*_SAID, "settings"]].nunique()
    return [str(task) for task in numbers.index[(numbers["settings"] > 1) & (numbers[list(_SAID)] <= 1).all(axis=1)]]


def _other_texts(scores: pd.DataFrame) -> list[str]:
    """A line for each task on which columns were scored on different text of one language."""
    if "revision" not in scores:
        return []
    computed = scores.loc[~scores["model_name"].str.startswith(PREFIX), ["task", "tag", "revision"]]
    texts = computed.drop_duplicates().groupby(["task", "tag"], sort=True).size()
    notes = []
    for task, counts in texts[texts > 1].groupby(level="task"):
        tags = counts.index.get_level_values("tag")
        notes.append(f"{task}: different texts of {counted(len(tags))}: {listed(tags)}.")
    return notes
