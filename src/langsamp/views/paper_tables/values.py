"""What the tables show: means over groups of languages, ours and the printed ones."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from langsamp.model.variants import DISPLAY_NAMES
from langsamp.scores.comparability import CHOSEN_BY_TEST, DAGGER, listed
from langsamp.scores.grid import Grid
from langsamp.scores.groups import GroupMean, group_means
from langsamp.scores.published import CLOSEST, PREFIX, Printed, group_sizes, printed
from langsamp.views.paper_tables.task_names import ENGLISH, group_name, task_name

SPREADS = {
    "sd_over_seeds": "standard deviation of the group's mean over trainings (or seeds of one)",
    "mean_sd_of_languages": "mean over languages of a language's standard deviation over trainings (or seeds of one)",
}
PRINTED = f", printed {DAGGER}"
"""What the labels of printed columns end in: the paper's models were chosen by test scores."""
PRINTED_NOTE = (
    f"printed: copied from the paper (arXiv 2409.18199), protocol paper, over its own languages. {CHOSEN_BY_TEST}"
)
_PRINTED = {"paper:baseline": "Baseline", "paper:langsamp": "LangSAMP", **DISPLAY_NAMES,
            ENGLISH: "LangSAMP from English", CLOSEST: "LangSAMP from the closest donor"}  # fmt: skip


class Entry(NamedTuple):
    """One number of a table with all that belongs to it; None for what is not known."""

    task: str
    column: str
    """The label."""
    group: str
    mean: float | None
    sd_over_seeds: float | None
    mean_sd_of_languages: float | None
    sd_printed: float | None
    languages: int | None
    seeds: int | None
    """Trainings where there are several, else seeds."""
    fewest_seeds: int | None
    metric: str | None = None
    protocol: str | None = None
    source: str | None = None
    layer: int | None = None
    selection: str | None = None
    precision: str | None = None

    def spread(self, name: str) -> float | None:
        """The deviation `name`, else the printed one."""
        computed: float | None = getattr(self, name)
        return self.sd_printed if computed is None else computed


_NOTHING = Entry("", "", "", *[None] * 7)


class Values:
    """Entries that a layout looks its cells up in."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._by_cell = {(entry.task, entry.column, entry.group): entry for entry in entries}

    @property
    def tasks(self) -> list[str]:
        """The task of each entry."""
        return [entry.task for entry in self.entries]

    @property
    def tidy(self) -> pd.DataFrame:
        """The entries as a table."""
        types = dict.fromkeys(("languages", "seeds", "fewest_seeds", "layer"), "Int64")
        types |= dict.fromkeys(("mean", "sd_over_seeds", "mean_sd_of_languages", "sd_printed"), "float64")
        return pd.DataFrame(self.entries, columns=Entry._fields).astype(types)

    def get(self, task: str, column: str, group: str) -> Entry:
        """The entry of a cell; nothing known where there is none."""
        return self._by_cell.get((task, column, group), _NOTHING)

    def languages(self, task: str, group: str) -> int:
        """How many languages a group has on a task; 0 where no column says."""
        counts = [entry.languages for entry in self.entries if (entry.task, entry.group) == (task, group)]
        return max((count for count in counts if count is not None), default=0)


def group_entries(grids: Sequence[Grid], groupings: Sequence[str]) -> list[Entry]:
    """The entries of some grids for some groupings of `groups.GROUPINGS`."""
    return [_entry(grid, mean) for grid in grids for mean in group_means(grid, groupings)]


def printed_entries(number: int, tasks: Sequence[str] | None = None) -> list[Entry]:
    """What the paper prints in Table 1, 2, 3 or 6; labels say that it is printed."""
    return [
        Entry(
            row.task, _PRINTED[row.column] + PRINTED, row.group, row.mean, None, None, row.sd, row.languages, None,
            None, protocol="paper",
        )
        for row in printed(number)
        if tasks is None or row.task in tasks
    ]  # fmt: skip


def language_notes(values: Values, tasks: Sequence[str], groups: Sequence[str]) -> list[str]:
    """How many languages the numbers are means over, where that is known."""
    counts = {task: [values.languages(task, group) for group in groups] for task in tasks}
    shown = [f"{task_name(task)} {'/'.join(map(str, numbers))}" for task, numbers in counts.items() if any(numbers)]
    return [f"Languages ({'/'.join(map(group_name, groups))}): {'; '.join(shown)}."] if shown else []


def seed_notes(values: Values, spread: str, *, in_parentheses: bool) -> list[str]:
    """Over how many seeds the numbers are, and what stands in parentheses if anything does."""
    ours = [entry for entry in values.entries if entry.seeds is not None]
    notes = []
    if in_parentheses and any(getattr(entry, spread) is not None for entry in ours):
        notes.append(f"In parentheses: {SPREADS[spread]}.")
    if in_parentheses and any(entry.sd_printed is not None for entry in values.entries):
        notes.append("Of the paper's own numbers: the standard deviation that it prints, without saying of what.")
    numbers: dict[str, set[int]] = {}
    gaps = set()
    for entry in ours:
        if not entry.column.startswith(PREFIX) and entry.seeds is not None:
            numbers.setdefault(entry.column, set()).add(entry.seeds)
            if entry.fewest_seeds is not None and entry.fewest_seeds < entry.seeds:
                gaps.add(f"{entry.column}, {entry.task}")
    if numbers:
        said = "; ".join(f"{column} {'/'.join(map(str, sorted(counts)))}" for column, counts in numbers.items())
        notes.append(f"Seeds: {said}.")
    return [*notes, *([f"Some languages lack seeds: {listed(sorted(gaps))}."] if gaps else [])]


def published_notes(values: Values, number: int) -> list[str]:
    """What published models are beside the print of Table 1, 2 or 6: other models, or means of rounded scores."""
    ours = [entry for entry in values.entries if entry.column.startswith(PREFIX) and not entry.column.endswith(PRINTED)]
    models = " and ".join(sorted({entry.column for entry in ours}))
    if not ours:
        return []
    if number == 2:
        return [f"{models}: of the paper's Table 1, no models of its Table 2."]
    theirs = {(row.task, row.column, row.group): row for row in printed(number)}
    others = [
        f"{task_name(entry.task)} {group_name(entry.group)} of {entry.column} {entry.mean:.1f} for {row.mean:.1f}"
        for entry in ours
        if (row := theirs.get((entry.task, entry.column, entry.group))) and _is_whole(entry, row)
        if f"{entry.mean:.1f}" != f"{row.mean:.1f}"
    ]
    differing = f"; not as printed: {', '.join(others)}" if others else ""
    return [f"{models}: means of the scores that Tables 7 to 14 print with one decimal{differing}."]


def _is_whole(entry: Entry | GroupMean, row: Printed) -> bool:
    """Whether a mean is over as many languages as the printed one."""
    size = group_sizes().get((row.task, row.group)) if row.languages is None else row.languages
    return entry.languages == size


def _entry(grid: Grid, mean: GroupMean) -> Entry:
    setting = grid.settings[mean.system]
    of_table_1 = [row for row in printed(1) if row[:3] == (setting.task, mean.system, mean.group)]
    return Entry(
        setting.task,
        mean.system,
        mean.group,
        mean.mean,
        _known(mean.sd_over_seeds),
        _known(mean.mean_sd_of_languages),
        next((row.sd for row in of_table_1 if _is_whole(mean, row)), None),
        mean.languages,
        mean.seeds,
        mean.fewest_seeds,
        setting.metric,
        setting.protocol,
        setting.source,
        setting.layer,
        setting.selection,
        setting.precision,
    )


def _known(number: float) -> float | None:
    return None if pd.isna(number) else number
