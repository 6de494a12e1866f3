"""`paper_table`: any of the paper's Tables 1 to 19, in its layout, from any scores."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from langsamp.errors import UserError, did_you_mean
from langsamp.scores.columns import Columns, columns_of, one_source
from langsamp.scores.comparability import CHOSEN_BY_TEST, listed
from langsamp.scores.grid import Grid
from langsamp.scores.published import missing_donors, printed_targets, published
from langsamp.scores.reading import one_below_the_other
from langsamp.views.paper_tables import by_group, by_language
from langsamp.views.paper_tables.blocks import Block, PaperTable
from langsamp.views.paper_tables.donor_pairs import DonorPair, Donors, donor_columns
from langsamp.views.paper_tables.table_checks import check_models, check_sides
from langsamp.views.paper_tables.task_names import (
    DONOR_TABLES,
    ENGLISH,
    GROUP_NAMES,
    LANGUAGE_TABLES,
    LanguageTable,
    in_order,
    task_name,
)
from langsamp.views.paper_tables.task_sizes import TaskSize, printed_sizes, size_block, task_sizes
from langsamp.views.paper_tables.values import (
    PRINTED,
    PRINTED_NOTE,
    SPREADS,
    Values,
    group_entries,
    language_notes,
    printed_entries,
    published_notes,
    seed_notes,
)

NUMBERS = range(1, 20)
"""The paper's tables."""
_PAIR = DonorPair(
    *(f"{name}{PRINTED}" for name in ("LangSAMP", "LangSAMP from English", "LangSAMP from the closest donor"))
)
_DONORS = "paper:donors"


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What was asked for, beside the scores; the fields are the parameters of `paper_table`."""

    number: int
    printed: bool
    tasks: tuple[str, ...] | None
    source: str
    donors: Donors | None
    targets: tuple[str, ...] | None
    spread: str


def paper_table(
    number: int,
    scores: pd.DataFrame,
    *,
    printed: bool = False,
    tasks: Sequence[str] | None = None,
    source: str = ENGLISH,
    donors: Donors | None = None,
    targets: Sequence[str] | None = None,
    spread: str = "sd_over_seeds",
) -> PaperTable:
    """Table `number` of the paper from a tidy table of scores (`scores.reading.read_runs`).

    - 1: means of head, tail, Latin, non-Latin and all languages, with a standard deviation (`spread`: `sd_over_seeds`
      or `mean_sd_of_languages`); 2: models against each other; 5: how many languages a task has; 6: families.
    - 7 to 14: every language. With one of `tasks`, the same for that task.
    - 3, 4 and 15 to 19: English against the closest donor. `donors` names the donor of each target tag, and `targets`
      the lines of Table 4. The paper's count donors as targets, too, with their score from English in both columns.

    `printed` adds what the paper prints; with it `scores` may be empty. Means are over the languages that every model
    has that is scored on the task. What differs between columns, and what was left out, is said in `notes`.

    Raises:
        UserError: where there is no such table, task, source or donor, or nothing is left to show.
    """
    if number not in NUMBERS:
        raise UserError(f"the paper has no Table {number}; there are 1 to {NUMBERS[-1]}")
    if spread not in SPREADS:
        raise UserError(f"no deviation {spread!r}.{did_you_mean(spread, SPREADS)} There are {', '.join(SPREADS)}")
    wanted = _Wanted(
        number=number,
        printed=printed,
        tasks=None if tasks is None else tuple(dict.fromkeys(tasks)),
        source=source,
        donors=donors,
        targets=None if targets is None else tuple(targets),
        spread=spread,
    )
    check_sides(number, source=source, has_donors=donors is not None)
    check_models(scores, number=number, printed=printed)
    if scores.empty and not printed:
        raise UserError("there are no scores to show; give runs, or ask for what the paper prints")
    table = _maker(number)(wanted, scores)
    if not any(block.rows for block in table.blocks):
        raise UserError(f"nothing is left to show in Table {number}. {' '.join(table.notes)}")
    return table


def _maker(number: int) -> Callable[[_Wanted, pd.DataFrame], PaperTable]:
    if number in LANGUAGE_TABLES or number in DONOR_TABLES:
        return _languages
    return {3: _donor_groups, 4: _targets, 5: _sizes}.get(number, _groups)


def _groups(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Tables 1, 2 and 6."""
    columns = one_source(_columns(wanted, scores), wanted.source)
    grids, left_out = columns.over_shared()
    values = _values(wanted, grids, ("family", "all") if wanted.number == 6 else ("paper",))
    tasks = in_order(values.tasks)
    labels = dict.fromkeys([*columns.labels, *(entry.column for entry in values.entries)])
    headings = {label: columns.heading(label) for label in labels}
    notes = [*columns.notes, *left_out]
    if wanted.number == 6:
        blocks = by_group.families(values, tasks, headings)
        caption = "Means over language families, in per cent; in parentheses the number of languages."
    elif wanted.number == 2:
        blocks = [by_group.models_by_task(values, tasks, headings)]
        caption = "Models against each other, means over groups of languages, in per cent."
        notes += language_notes(values, tasks, ["tail", "head", "all"])
    else:
        blocks = [by_group.groups_by_model(values, tasks, headings, spread=wanted.spread)]
        caption = "Means over groups of languages, in per cent."
        notes += language_notes(values, tasks, list(GROUP_NAMES))
    notes += seed_notes(values, wanted.spread, in_parentheses=wanted.number == 1)
    notes += published_notes(values, wanted.number)
    return _table(wanted, caption, blocks, notes=notes, tidy=values.tidy)


def _donor_groups(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Table 3."""
    columns, pairs = donor_columns(_columns(wanted, scores), wanted.donors)
    grids, left_out = columns.over_shared()
    values = _values(wanted, grids, ("paper",))
    tasks = in_order(values.tasks)
    blocks = by_group.english_and_donor(values, tasks, [*pairs, _PAIR] if wanted.printed else pairs)
    notes = [*columns.notes, *left_out, *_lost(scores), *language_notes(values, tasks, list(GROUP_NAMES))]
    caption = "English against the closest donor as the source, means over groups of languages, in per cent."
    return _table(wanted, caption, blocks, notes=notes, tidy=values.tidy)


def _targets(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Table 4."""
    scores = _with_published(scores, [_DONORS] if wanted.printed else [])
    columns, pairs = donor_columns(_columns(wanted, scores), wanted.donors)
    entries = by_language.language_entries(columns.grids)
    paper = {target.tag: target.donor for target in printed_targets()}
    present = {entry.tag for entry in entries}
    targets = [tag for tag in wanted.targets or paper if tag in present]
    if not targets:
        raise UserError(
            f"none of {listed(wanted.targets or paper)} was scored from English and from a donor; name other targets. "
            f"There are {listed(sorted(present))}"
        )
    lost = [tag for tag in wanted.targets or () if tag not in present]
    blocks = by_language.target_blocks(
        entries,
        in_order(entry.task for entry in entries),
        pairs,
        donors={pair.model: paper if pair.model.startswith(_DONORS) else wanted.donors or {} for pair in pairs},
        targets=targets,
    )
    notes = [*columns.notes, *columns.text_notes, *([f"No scores of {listed(lost)}."] if lost else []), *_lost(scores)]
    tidy = by_language.tidy([entry for entry in entries if entry.tag in targets])
    return _table(wanted, "Targets from English and from their donor, in per cent.", blocks, notes=notes, tidy=tidy)


def _sizes(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Table 5."""
    sizes = task_sizes(_columns(wanted, scores).scores)
    sizes += printed_sizes(wanted.tasks) if wanted.printed else []
    order = in_order(size.task for size in sizes)
    sizes.sort(key=lambda size: order.index(size.task))
    caption = "Number of languages of each task that are scored here, its classes and its measure."
    tidy = pd.DataFrame(sizes, columns=TaskSize._fields)
    return _table(wanted, caption, [size_block(sizes)], notes=[], tidy=tidy)


def _languages(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Tables 7 to 19."""
    of_donors = wanted.number in DONOR_TABLES
    which = (DONOR_TABLES if of_donors else LANGUAGE_TABLES)[wanted.number]
    if wanted.tasks is not None:
        if len(wanted.tasks) != 1:
            raise UserError(f"Table {wanted.number} is about one task, got {', '.join(wanted.tasks)}")
        which = LanguageTable(wanted.tasks[0])
    if wanted.printed:
        scores = _with_published(scores, [_DONORS] if of_donors else ["paper:baseline", "paper:langsamp"])
    columns = columns_of(scores, [which.task])
    columns, pairs = donor_columns(columns, wanted.donors) if of_donors else (one_source(columns, wanted.source), [])
    entries = by_language.in_part(by_language.language_entries(columns.grids), which)
    headings = {label: columns.heading(label) for label in columns.labels}
    caption = f"Scores of all languages on {task_name(which.task)}{', ' * bool(which.part)}{which.part}, in per cent."
    if len(pairs) == 1:
        headings = {pairs[0].english: "English", pairs[0].donor: "Closest donor"}
        caption = f"{columns.heading(pairs[0].english).replace(' from English', '')}. {caption}"
    blocks = [by_language.language_block(entries, headings)]
    notes = [*columns.notes, *columns.text_notes, *(_lost(scores) if of_donors else [])]
    return _table(wanted, caption, blocks, notes=notes, tidy=by_language.tidy(entries))


def _columns(wanted: _Wanted, scores: pd.DataFrame) -> Columns:
    """The columns of the tasks asked for; of those that only the paper's print has, none are expected."""
    tasks = wanted.tasks
    if tasks is not None and wanted.printed:
        tasks = tuple(task for task in tasks if task in set(scores.task))
    return columns_of(scores, tasks)


def _values(wanted: _Wanted, grids: Sequence[Grid], groupings: Sequence[str]) -> Values:
    entries = group_entries(grids, groupings)
    return Values([*entries, *(printed_entries(wanted.number, wanted.tasks) if wanted.printed else [])])


def _with_published(scores: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    missing = [published(name) for name in names if name not in set(scores.model_name)]
    return one_below_the_other([scores, *missing])


def _lost(scores: pd.DataFrame) -> list[str]:
    """What is not known of the published donor scores, where they are shown."""
    if _DONORS not in set(scores.model_name):
        return []
    counts = ", ".join(f"{task_name(task)} {count}" for task, count in missing_donors().items())
    return [
        "paper:donors: every fifth language of the paper's Tables 15 to 19 is lost; of the languages in Tables 7 to 14 "
        f"there is no score for {counts}. One seed; the donors are named for the languages of Table 4 only."
    ]


def _table(
    wanted: _Wanted, caption: str, blocks: Sequence[Block], *, notes: Sequence[str], tidy: pd.DataFrame
) -> PaperTable:
    if wanted.printed and wanted.number in (1, 2, 3, 6):
        notes = [*(note for note in notes if note != CHOSEN_BY_TEST), PRINTED_NOTE]
    return PaperTable(
        number=wanted.number,
        caption=caption,
        blocks=tuple(blocks),
        notes=tuple(dict.fromkeys(notes)),
        tidy=tidy.reset_index(drop=True),
    )
