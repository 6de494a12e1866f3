"""The numbers of Tables 1, 2, 3 and 6: one for each task, column and group of languages, ours and the printed ones."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from langsamp.model.variants import DISPLAY_NAMES
from langsamp.scores.columns import Columns
from langsamp.scores.comparability import CHOSEN_BY_TEST, DAGGER, listed
from langsamp.scores.groups import group_means
from langsamp.scores.published import CLOSEST, PREFIX, printed, printed_tasks
from langsamp.views.paper_tables.task_names import ENGLISH, GROUP_NAMES, group_name, task_name

SPREADS = {
    "sd_over_seeds": "standard deviation over seeds of the group's mean",
    "mean_sd_of_languages": "mean over languages of the standard deviation over seeds",
}
PRINTED = f", printed {DAGGER}"
"""What the labels of printed columns end in: the paper's models were chosen by test scores."""
PRINTED_NOTE = (
    f"printed: copied from the paper (arXiv 2409.18199), protocol paper, over its own languages. {CHOSEN_BY_TEST}"
)
_PRINTED = {"paper:baseline": "Baseline", "paper:langsamp": "LangSAMP", **DISPLAY_NAMES,
            ENGLISH: "LangSAMP from English", CLOSEST: "LangSAMP from the closest donor"}  # fmt: skip
_FRAME = (
    "task", "column", "group", "mean", "sd_over_seeds", "mean_sd_of_languages", "sd_printed", "languages", "seeds",
    "fewest_seeds", "metric", "protocol", "source", "layer", "selection", "precision",
)  # fmt: skip


class Value(NamedTuple):
    """One number of a group of languages."""

    mean: float | None
    sd: float | None
    languages: int | None


class Values:
    """A tidy frame (`frame`) of group means that a layout looks its cells up in.

    Its columns: `task`, `column` (the label), `group`, `mean`, the standard deviations, counts, and how it was scored.
    """

    def __init__(self, frame: pd.DataFrame, *, spread: str = "sd_over_seeds") -> None:
        """Take the frame; `spread` names the deviation that cells show."""
        self.frame = frame
        shown = frame[spread].fillna(frame["sd_printed"])
        entries = zip(
            frame["task"], frame["column"], frame["group"], frame["mean"], shown, frame["languages"], strict=True
        )
        self._values = {
            (task, column, group): Value(_known(mean), _known(sd), None if pd.isna(count) else int(count))
            for task, column, group, mean, sd, count in entries
        }

    def get(self, task: str, column: str, group: str) -> Value:
        """The number at a place; nothing known where there is none."""
        return self._values.get((task, column, group), Value(None, None, None))

    def languages(self, task: str, group: str) -> int:
        """How many languages a group has on a task; 0 where no column says."""
        counts = [value.languages for (at, _, of), value in self._values.items() if (at, of) == (task, group)]
        return max((count for count in counts if count is not None), default=0)


def group_values(columns: Columns, groupings: Sequence[str]) -> pd.DataFrame:
    """The frame of `Values` for some groupings of `groups.GROUPINGS`."""
    means = pd.concat([group_means(columns.scores, by) for by in groupings], ignore_index=True)
    means = means.rename(columns={"model_name": "column", "mean_over_languages": "mean"})
    return _with_printed_deviations(means)[list(_FRAME)]


def printed_values(number: int, tasks: Sequence[str] | None = None) -> pd.DataFrame:
    """What the paper prints in Table 1, 2, 3 or 6, as the frame of `Values`; labels say that it is printed."""
    frame = printed(number).rename(columns={"sd": "sd_printed"})
    if tasks is not None:
        frame = frame[frame["task"].isin(tasks)]
    frame = frame.assign(column=frame["column"].map(_PRINTED) + PRINTED, protocol="paper")
    return frame.reindex(columns=list(_FRAME)).astype({"sd_over_seeds": float, "mean_sd_of_languages": float})


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of `Values` as one."""
    types = dict.fromkeys(("languages", "seeds", "fewest_seeds", "layer"), "Int64")
    types |= dict.fromkeys(("metric", "protocol", "source", "selection", "precision"), "object")
    filled = [frame.astype(types) for frame in frames if len(frame)] or [frames[0].astype(types)]
    return pd.concat(filled, ignore_index=True)


def language_notes(values: Values, tasks: Sequence[str], groups: Sequence[str]) -> list[str]:
    """How many languages the numbers are means over, where that is known."""
    counts = {task: [values.languages(task, group) for group in groups] for task in tasks}
    shown = [f"{task_name(task)} {'/'.join(map(str, numbers))}" for task, numbers in counts.items() if any(numbers)]
    return [f"Languages ({'/'.join(map(group_name, groups))}): {'; '.join(shown)}."] if shown else []


def seed_notes(frame: pd.DataFrame, spread: str, *, in_parentheses: bool) -> list[str]:
    """Over how many seeds the numbers are, and what stands in parentheses if anything does."""
    computed_values = frame.dropna(subset=["seeds"])
    notes = []
    if in_parentheses and computed_values[spread].notna().any():
        notes.append(f"In parentheses: {SPREADS[spread]}.")
    if in_parentheses and frame["sd_printed"].notna().any():
        notes.append("Of the paper's own numbers: the standard deviation that it prints, without saying of what.")
    computed = computed_values[~computed_values["column"].str.startswith(PREFIX)]
    several = computed.groupby("column", sort=False)["seeds"].agg(
        lambda counts: "/".join(map(str, sorted(set(counts))))
    )
    if len(several):
        notes.append("Seeds: " + "; ".join(f"{column} {count}" for column, count in several.items()) + ".")
    gaps = computed[computed["fewest_seeds"] < computed["seeds"]]
    if len(gaps):
        notes.append(f"Some languages lack seeds: {listed(sorted(set(gaps['column'] + ', ' + gaps['task'])))}.")
    return notes


def published_notes(frame: pd.DataFrame, number: int) -> list[str]:
    """What published models are beside the print of Table 1, 2 or 6: other models, or means of rounded scores."""
    models = sorted(
        {column for column in frame["column"] if column.startswith(PREFIX) and not column.endswith(PRINTED)}
    )
    if not models:
        return []
    if number == 2:
        return [f"{' and '.join(models)}: of the paper's Table 1, no models of its Table 2."]
    table = printed(number)
    if number == 1:
        table["languages"] = [_sizes()[place] for place in zip(table["task"], table["group"], strict=True)]
    key = ["task", "column", "group", "languages"]
    both = frame.astype({"languages": "Int64"}).merge(table.astype({"languages": "Int64"}), on=key)
    others = [
        f"{task_name(str(row.task))} {group_name(str(row.group))} of {row.column} {row.mean_x:.1f} for {row.mean_y:.1f}"
        for row in both.itertuples()
        if f"{row.mean_x:.1f}" != f"{row.mean_y:.1f}"
    ]
    differing = f"; not as printed: {', '.join(others)}" if others else ""
    return [f"{' and '.join(models)}: means of the scores that Tables 7 to 14 print with one decimal{differing}."]


def _sizes() -> dict[tuple[str, str], int]:
    """How many languages each group of a task has in the paper."""
    return {
        (task, group): facts["head"] + facts["tail"] if group == "all" else facts[group]
        for task, facts in printed_tasks().items()
        for group in GROUP_NAMES
    }


def _with_printed_deviations(means: pd.DataFrame) -> pd.DataFrame:
    """`means` with the deviations of Table 1 where a published model stands with all its languages."""
    table, sizes = printed(1).set_index(["task", "column", "group"])["sd"], _sizes()
    places = zip(means["task"], means["column"], means["group"], means["languages"], strict=True)
    deviations = [
        float(table[task, column, group])
        if column.startswith(PREFIX) and (task, column, group) in table.index and sizes[task, group] == count
        else None
        for task, column, group, count in places
    ]
    return means.assign(sd_printed=pd.Series(deviations, index=means.index, dtype=float))


def _known(number: float) -> float | None:
    return None if pd.isna(number) else float(number)
