"""Tables 4 and 7 to 19: one language at a time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from langsamp.scores.grid import Grid
from langsamp.views.paper_tables.blocks import Block, ColumnHead, TextCell, ranked, words
from langsamp.views.paper_tables.donor_pairs import DonorPair, Donors, donor_words
from langsamp.views.paper_tables.task_names import LanguageTable, task_name

_COLUMNS = 8
"""A line has about this many numbers, so that two models stand four languages beside each other, as in the paper."""
_BESIDE = 4


class LanguageEntry(NamedTuple):
    """One score of one language; None for what is not known."""

    task: str
    column: str
    """The label."""
    tag: str
    mean: float
    """Over replicates."""
    sd_over_seeds: float | None
    """None with one."""
    seeds: int
    """Trainings where there are several, else seeds."""
    metric: str
    protocol: str
    source: str
    layer: int | None
    selection: str | None
    precision: str | None


def language_entries(grids: Sequence[Grid]) -> list[LanguageEntry]:
    """Every language that a column of a grid has."""
    entries = []
    for grid in grids:
        for name in grid.names:
            task, metric, protocol, source, layer, selection, precision, *_ = grid.settings[name]
            for tag, row in grid.replicates(name).dropna(how="all").iterrows():
                scores = row.dropna().to_numpy(np.float64)
                spread = float(scores.std(ddof=1)) if len(scores) > 1 else None
                entries.append(
                    LanguageEntry(
                        task, name, str(tag), float(scores.mean()), spread, len(scores), metric, protocol, source,
                        layer, selection, precision,
                    )
                )  # fmt: skip
    return entries


def tidy(entries: Sequence[LanguageEntry]) -> pd.DataFrame:
    """The entries as a table."""
    return pd.DataFrame(entries, columns=LanguageEntry._fields).astype({"layer": "Int64", "sd_over_seeds": "float64"})


def in_part(entries: Sequence[LanguageEntry], which: LanguageTable) -> list[LanguageEntry]:
    """The entries of one of Tables 7 to 19."""
    return [entry for entry in entries if entry.task == which.task and which.after < entry.tag <= which.until]


def language_block(entries: Sequence[LanguageEntry], headings: Mapping[str, str]) -> Block:
    """Languages in alphabetical order, several beside each other, a column a model, the best of a language marked."""
    beside = max(1, min(_BESIDE, _COLUMNS // len(headings)))
    means: dict[str, dict[str, float]] = {}
    for entry in entries:
        means.setdefault(entry.tag, {})[entry.column] = entry.mean
    cells = [(*words([tag]), *ranked([means[tag].get(label) for label in headings])) for tag in sorted(means)]
    empty = (TextCell(),) * (1 + len(headings))
    cells += [empty] * (-len(cells) % beside)
    rows = [sum(cells[start : start + beside], ()) for start in range(0, len(cells), beside)]
    header = tuple(ColumnHead(text) for text in ("Language", *headings.values()) * beside)
    labels = tuple(range(0, len(header), 1 + len(headings)))
    return Block(header=(header,), rows=tuple(rows), labels=labels)


def target_blocks(
    entries: Sequence[LanguageEntry],
    tasks: Sequence[str],
    pairs: Sequence[DonorPair],
    *,
    donors: Mapping[str, Donors],
    targets: Sequence[str],
) -> list[Block]:
    """Table 4: a line a target; for each task English beside the donor. A block a model.

    `donors` names the donor of each target, by model.
    """
    means = {(entry.task, entry.column, entry.tag): entry.mean for entry in entries}
    top = (ColumnHead(""), ColumnHead(""), *(ColumnHead(task_name(task), 2) for task in tasks))
    second = tuple(ColumnHead(text) for text in ("Target", "Donor", *(["English", "Donor"] * len(tasks))))
    blocks = []
    for pair in pairs:
        rows = []
        for tag in targets:
            cells = words([tag, donor_words(donors[pair.model], tag)])
            for task in tasks:
                cells += ranked([means.get((task, label, tag)) for label in (pair.english, pair.donor)])
            rows.append(tuple(cells))
        blocks.append(Block(header=(top, second), rows=tuple(rows), title=pair.model, labels=(0, 1)))
    return blocks
