"""`paper_table`: any of the paper's Tables 1 to 19, in its layout, from any scores."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from langsamp.errors import UserError, did_you_mean
from langsamp.scores.columns import Columns, columns_of, one_source, shared_languages
from langsamp.scores.comparability import CHOSEN_BY_TEST, listed
from langsamp.scores.published import missing_donors, printed_targets, published
from langsamp.scores.reading import one_below_the_other
from langsamp.views.paper_tables import by_group, by_language
from langsamp.views.paper_tables.blocks import Block, PaperTable
from langsamp.views.paper_tables.donor_pairs import DonorPair, Donors, donor_columns
from langsamp.views.paper_tables.table_checks import check_models
from langsamp.views.paper_tables.task_names import (
    DONOR_TABLES,
    ENGLISH,
    GROUP_NAMES,
    LANGUAGE_TABLES,
    LanguageTable,
    in_order,
    task_name,
)
from langsamp.views.paper_tables.task_sizes import fact_block, printed_facts, task_facts
from langsamp.views.paper_tables.values import (
    PRINTED,
    PRINTED_NOTE,
    SPREADS,
    Values,
    group_values,
    joined,
    language_notes,
    printed_values,
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
      the lines of Table 4.

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
    _check_sides(wanted)
    check_models(scores, number=number, printed=printed)
    if scores.empty and not printed:
        raise UserError("there are no scores to show; give runs, or ask for what the paper prints")
    table = _maker(number)(wanted, scores)
    if not any(block.rows for block in table.blocks):
        raise UserError(f"nothing is left to show in Table {number}. {' '.join(table.notes)}")
    return table


def _check_sides(wanted: _Wanted) -> None:
    """Refuse a source or donors that the table would pass by."""
    of_donors = wanted.number in (3, 4, *DONOR_TABLES)
    if wanted.source != ENGLISH and (of_donors or wanted.number == 5):
        other = "compares English with the donor of each target" if of_donors else "counts languages of all sources"
        raise UserError(
            f"Table {wanted.number} {other}, so it takes no source ({wanted.source}). Other tables do: 1, 2, 6, 7 to 14"
        )
    if wanted.donors is not None and not of_donors:
        raise UserError(f"Table {wanted.number} has no donors; tables with donors are 3, 4 and 15 to 19")


def _maker(number: int) -> Callable[[_Wanted, pd.DataFrame], PaperTable]:
    if number in LANGUAGE_TABLES or number in DONOR_TABLES:
        return _languages
    return {3: _donor_groups, 4: _targets, 5: _facts}.get(number, _groups)


def _groups(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Tables 1, 2 and 6."""
    columns = shared_languages(one_source(_columns(wanted, scores), wanted.source))
    values = _values(wanted, columns, ("family", "all") if wanted.number == 6 else ("paper",))
    tasks = in_order(values.frame["task"])
    labels = dict.fromkeys([*columns.labels, *values.frame["column"]])
    headings = {label: columns.heading(label) for label in labels}
    notes = list(columns.notes)
    if wanted.number == 6:
        blocks = by_group.families(values, tasks, headings)
        caption = "Means over language families, in per cent; in parentheses the number of languages."
    elif wanted.number == 2:
        blocks = [by_group.models_by_task(values, tasks, headings)]
        caption = "Models against each other, means over groups of languages, in per cent."
        notes += language_notes(values, tasks, ["tail", "head", "all"])
    else:
        blocks = [by_group.groups_by_model(values, tasks, headings)]
        caption = "Means over groups of languages, in per cent."
        notes += language_notes(values, tasks, list(GROUP_NAMES))
    notes += seed_notes(values.frame, wanted.spread, in_parentheses=wanted.number == 1)
    notes += published_notes(values.frame, wanted.number)
    return _table(wanted, caption, blocks, notes=notes, tidy=values.frame)


def _donor_groups(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Table 3."""
    columns, pairs = donor_columns(_columns(wanted, scores), wanted.donors)
    columns = shared_languages(columns)
    values = _values(wanted, columns, ("paper",))
    tasks = in_order(values.frame["task"])
    blocks = by_group.english_and_donor(values, tasks, [*pairs, _PAIR] if wanted.printed else pairs)
    notes = [*columns.notes, *_lost(scores), *language_notes(values, tasks, list(GROUP_NAMES))]
    caption = "English against the closest donor as the source, means over groups of languages, in per cent."
    return _table(wanted, caption, blocks, notes=notes, tidy=values.frame)


def _targets(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Table 4."""
    scores = _with_published(scores, [_DONORS] if wanted.printed else [])
    columns, pairs = donor_columns(_columns(wanted, scores), wanted.donors)
    values = by_language.language_values(columns)
    paper = {target.tag: target.donor for target in printed_targets()}
    present = set(values["tag"])
    targets = [tag for tag in wanted.targets or paper if tag in present]
    if not targets:
        raise UserError(
            f"none of {listed(wanted.targets or paper)} was scored from English and from a donor; name other targets. "
            f"There are {listed(sorted(present))}"
        )
    lost = [tag for tag in wanted.targets or () if tag not in present]
    blocks = by_language.target_blocks(
        values,
        in_order(values["task"]),
        pairs,
        donors={pair.model: paper if pair.model.startswith(_DONORS) else wanted.donors or {} for pair in pairs},
        targets=targets,
    )
    notes = [*columns.notes, *([f"No scores of {listed(lost)}."] if lost else []), *_lost(scores)]
    tidy = values[values["tag"].isin(targets)]
    return _table(wanted, "Targets from English and from their donor, in per cent.", blocks, notes=notes, tidy=tidy)


def _facts(wanted: _Wanted, scores: pd.DataFrame) -> PaperTable:
    """Table 5."""
    facts = task_facts(_columns(wanted, scores))
    if wanted.printed:
        facts = pd.concat([facts, printed_facts(wanted.tasks)], ignore_index=True)
    order = in_order(facts["task"])
    facts = facts.sort_values("task", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)
    caption = "Number of languages of each task that are scored here, its classes and its measure."
    return _table(wanted, caption, [fact_block(facts)], notes=[], tidy=facts)


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
    values = by_language.in_part(by_language.language_values(columns), which)
    headings = {label: columns.heading(label) for label in columns.labels}
    caption = f"Scores of all languages on {task_name(which.task)}{', ' * bool(which.part)}{which.part}, in per cent."
    if len(pairs) == 1:
        headings = {pairs[0].english: "English", pairs[0].donor: "Closest donor"}
        caption = f"{columns.heading(pairs[0].english).replace(' from English', '')}. {caption}"
    blocks = [by_language.language_block(values, headings)]
    notes = [*columns.notes, *(_lost(scores) if of_donors else [])]
    return _table(wanted, caption, blocks, notes=notes, tidy=values)


def _columns(wanted: _Wanted, scores: pd.DataFrame) -> Columns:
    """The columns of the tasks asked for; of those that only the paper's print has, none are expected."""
    tasks = wanted.tasks
    if tasks is not None and wanted.printed:
        tasks = tuple(task for task in tasks if task in set(scores["task"]))
    return columns_of(scores, tasks)


def _values(wanted: _Wanted, columns: Columns, groupings: Sequence[str]) -> Values:
    frames = [group_values(columns, groupings)]
    if wanted.printed:
        frames.append(printed_values(wanted.number, wanted.tasks))
    return Values(joined(frames), spread=wanted.spread)


def _with_published(scores: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    missing = [published(name) for name in names if name not in set(scores["model_name"])]
    return one_below_the_other([scores, *missing])


def _lost(scores: pd.DataFrame) -> list[str]:
    """What is not known of the published donor scores, where they are shown."""
    if _DONORS not in set(scores["model_name"]):
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
