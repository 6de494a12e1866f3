"""Tables 4 and 7 to 19: one language at a time."""

from collections.abc import Mapping, Sequence

import pandas as pd

from langsamp.scores.columns import Columns
from langsamp.views.paper_tables.blocks import Block, ColumnHead, TextCell, ranked, words
from langsamp.views.paper_tables.donor_pairs import DonorPair, Donors, donor_words
from langsamp.views.paper_tables.task_names import LanguageTable, task_name

_COLUMNS = 8
"""A line has about this many numbers, so that two models stand four languages beside each other, as in the paper."""
_BESIDE = 4


def language_values(columns: Columns) -> pd.DataFrame:
    """One row a task, column and tag: `mean` over its seeds, `sd_over_seeds` (missing with one), `seeds`, settings."""
    kinds = ["metric", "protocol", "source", "layer", "selection", "precision"]
    groups = columns.scores.groupby(["task", "model_name", "tag"], sort=False)
    statistics = groups["value"].agg(mean="mean", sd_over_seeds="std", seeds="count")
    values: pd.DataFrame = statistics.join(groups[kinds].first()).reset_index()
    return values.rename(columns={"model_name": "column"})


def in_part(values: pd.DataFrame, which: LanguageTable) -> pd.DataFrame:
    """The values of one of Tables 7 to 19."""
    tags = values["tag"]
    return values[(values["task"] == which.task) & (tags > which.after) & (tags <= which.until)]


def language_block(values: pd.DataFrame, headings: Mapping[str, str]) -> Block:
    """Languages in alphabetical order, several beside each other, a column a model, the best of a language marked."""
    beside = max(1, min(_BESIDE, _COLUMNS // len(headings)))
    wide = values.pivot(index="tag", columns="column", values="mean").reindex(columns=list(headings)).sort_index()
    cells = [(*words([str(tag)]), *ranked([row[label] for label in headings])) for tag, row in wide.iterrows()]
    empty = (TextCell(),) * (1 + len(headings))
    cells += [empty] * (-len(cells) % beside)
    rows = [sum(cells[start : start + beside], ()) for start in range(0, len(cells), beside)]
    header = tuple(ColumnHead(text) for text in ("Language", *headings.values()) * beside)
    labels = tuple(range(0, len(header), 1 + len(headings)))
    return Block(header=(header,), rows=tuple(rows), labels=labels)


def target_blocks(
    values: pd.DataFrame,
    tasks: Sequence[str],
    pairs: Sequence[DonorPair],
    *,
    donors: Mapping[str, Donors],
    targets: Sequence[str],
) -> list[Block]:
    """Table 4: a line a target; for each task English beside the donor. A block a model.

    `donors` names the donor of each target, by model.
    """
    means = {(task, column, tag): mean for task, column, tag, mean, *_ in values.itertuples(index=False)}
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
