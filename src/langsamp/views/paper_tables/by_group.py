"""Tables 1, 2, 3 and 6: means over groups of languages."""

from collections.abc import Mapping, Sequence

from langsamp.render.numbers import ABSENT
from langsamp.views.paper_tables.blocks import Block, ColumnHead, TextCell, ranked, words
from langsamp.views.paper_tables.donor_pairs import DonorPair
from langsamp.views.paper_tables.task_names import FAMILIES, GROUP_NAMES, task_name
from langsamp.views.paper_tables.values import Values

Headings = Mapping[str, str]
"""What tables show for each label."""


def groups_by_model(values: Values, tasks: Sequence[str], headings: Headings, *, spread: str) -> Block:
    """Table 1: a line a task; for each group of languages a column a model, the best of a group marked."""
    rows = []
    for task in tasks:
        cells = words([task_name(task)])
        for group in GROUP_NAMES:
            row = [values.get(task, label, group) for label in headings]
            cells += ranked([value.mean for value in row], [value.spread(spread) for value in row])
        rows.append(tuple(cells))
    top = (ColumnHead(""), *(ColumnHead(name, len(headings)) for name in GROUP_NAMES.values()))
    return Block(header=(top, _heads(["", *(list(headings.values()) * len(GROUP_NAMES))])), rows=tuple(rows))


def models_by_task(values: Values, tasks: Sequence[str], headings: Headings) -> Block:
    """Table 2: a line a model; for each task tail, head and all, the best and second best of a column marked."""
    groups = ("tail", "head", "all")
    columns = [
        ranked([values.get(task, label, group).mean for label in headings], second=True)
        for task in tasks
        for group in groups
    ]
    rows = zip(words(headings.values()), *columns, strict=True)
    top = (ColumnHead(""), *(ColumnHead(task_name(task), len(groups)) for task in tasks))
    return Block(header=(top, _heads(["", *(groups * len(tasks))])), rows=tuple(rows))


def english_and_donor(values: Values, tasks: Sequence[str], pairs: Sequence[DonorPair]) -> list[Block]:
    """Table 3: a line a task; for each group English beside the donor. A block a model where there are several."""
    top = (ColumnHead(""), *(ColumnHead(name, 2) for name in GROUP_NAMES.values()))
    header = (top, _heads(["", *(["English", "Donor"] * len(GROUP_NAMES))]))
    blocks = []
    for pair in pairs:
        rows = []
        for task in tasks:
            cells: list[TextCell] = []
            for group in GROUP_NAMES:
                cells += ranked([values.get(task, label, group).mean for label in (pair.english, pair.donor)])
            if any(cell.text != ABSENT for cell in cells):
                rows.append((*words([task_name(task)]), *cells))
        blocks.append(Block(header=header, rows=tuple(rows), title=pair.model))
    return blocks


def families(values: Values, tasks: Sequence[str], headings: Headings) -> list[Block]:
    """Table 6: a block a task; a line a model, a column a family with its number of languages in the heading."""
    blocks = []
    for task in tasks:
        header = _heads(["", *(f"({family}, {values.languages(task, family)})" for family in FAMILIES)])
        columns = [ranked([values.get(task, label, family).mean for label in headings]) for family in FAMILIES]
        rows = tuple(
            row
            for row in zip(words(headings.values()), *columns, strict=True)
            if any(cell.text != ABSENT for cell in row[1:])
        )
        blocks.append(Block(header=(header,), rows=rows, title=task_name(task)))
    return blocks


def _heads(texts: Sequence[str]) -> tuple[ColumnHead, ...]:
    return tuple(ColumnHead(text) for text in texts)
