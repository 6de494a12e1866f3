"""English beside the closest donor: which score of a language belongs on which side (Tables 3, 4 and 15 to 19)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.languages.tags import LangScript
from langsamp.scores.columns import Columns
from langsamp.scores.comparability import counted, listed
from langsamp.scores.published import CLOSEST
from langsamp.scores.setting import by_setting
from langsamp.scores.systems import System
from langsamp.views.paper_tables.task_names import ENGLISH

Donors = Mapping[str, str | Mapping[str, str]]
"""The source tag chosen for each target tag; by task where tasks differ, as they do where they write a language in
another code: `{"lin_Latn": {"ner": "swa_Latn", "sib200": "swh_Latn"}}`."""


class DonorPair(NamedTuple):
    """The two columns of one model."""

    model: str
    english: str
    donor: str


def read_donors(path: Path) -> Donors:
    """The donor of each target tag, from a JSON file `{"urd_Arab": "hin_Deva", ...}`, where a donor may be by task.

    Raises:
        DataMissingError: where the file is absent.
        DamagedError: where it is no such JSON.
        UserError: where a tag is malformed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataMissingError(f"there is no {path}; give a JSON file with the donor of each target tag") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError(
            f"{path} cannot be read as JSON ({error}); give a JSON file with the donor of each target tag"
        ) from None
    donors = content.values() if isinstance(content, dict) else [None]
    if not all(
        isinstance(donor, str) for each in donors for donor in (each.values() if isinstance(each, dict) else [each])
    ):
        raise DamagedError(f'{path} should hold the donor of each target tag, like {{"urd_Arab": "hin_Deva"}}')
    return {str(LangScript.parse(target)): _parsed(donor) for target, donor in content.items()}


def donor_words(donors: Donors, target: str) -> str:
    """The donor of a target as a table shows it; several where tasks differ, none where none is named."""
    donor = donors.get(target, "")
    return donor if isinstance(donor, str) else ", ".join(dict.fromkeys(donor.values()))


def _parsed(donor: str | Mapping[str, str]) -> str | dict[str, str]:
    if isinstance(donor, str):
        return str(LangScript.parse(donor))
    return {task: str(LangScript.parse(tag)) for task, tag in donor.items()}


def _donor_of(donors: Donors, target: str, task: str) -> str | None:
    donor = donors.get(target)
    return donor if donor is None or isinstance(donor, str) else donor.get(task)


def donor_columns(columns: Columns, donors: Donors | None) -> tuple[Columns, list[DonorPair]]:
    """Two columns for each model: its scores from English, and from each target's donor.

    Published scores bring their donors along; of any other score the donor must be named in `donors`. Only languages
    with both scores stay in a pair; tasks and models without any are left out. Everything left out is noted.

    Raises:
        UserError: where no language has both scores, and where a target is named as its own donor.
    """
    _check_donors(donors or {})
    if not columns.systems:
        return columns, []
    # a task that is scored from English alone has no donors, whatever is named
    trained = {
        setting.task for each in columns.systems for setting in by_setting(each.scores) if setting.source != ENGLISH
    }
    systems, pairs, notes = [], [], []
    for system in columns.systems:
        english = system.scores[system.scores.source == ENGLISH]
        of_donor = _of_donor(system.scores, donors or {}, trained)
        both = _cells(english) & _cells(of_donor)
        notes += _left_out(system.name, _cells(system.scores), both)
        if both:
            pair = DonorPair(system.name, f"{system.name} from English", f"{system.name} from the closest donor")
            pairs.append(pair)
            systems += [_half(system, pair.english, "English", english, both)]
            systems += [_half(system, pair.donor, "donor", of_donor, both)]
    if not pairs:
        raise _nothing_to_pair(columns.scores, donors)
    return Columns(systems=tuple(systems), notes=(*columns.notes, *notes)), pairs


def _check_donors(donors: Donors) -> None:
    """Refuse a target as its own donor: what was trained on it would stand among what was transferred to it."""
    named = {target: {donor} if isinstance(donor, str) else {*donor.values()} for target, donor in donors.items()}
    selves = sorted(target for target, sources in named.items() if target in sources and target != ENGLISH)
    if selves:
        raise UserError(
            f"{listed(selves)}: named as its own donor, which nothing is transferred to. In the paper's tables donors "
            f"have their score from English in both columns: name {ENGLISH} for that, or leave the target out"
        )


def _of_donor(scores: pd.DataFrame, donors: Donors, trained: Collection[str]) -> pd.DataFrame:
    rows = scores[["tag", "task", "source"]].itertuples(index=False, name=None)
    return scores[[
        task in trained and source in (CLOSEST, _donor_of(donors, tag, task)) for tag, task, source in rows
    ]]  # fmt: skip


def _cells(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Task and tag of each row."""
    return set(rows[["task", "tag"]].itertuples(index=False, name=None))


def _half(system: System, name: str, source: str, rows: pd.DataFrame, both: Collection[tuple[str, str]]) -> System:
    """One of the two columns; donors differ in the text that was fine-tuned on, and stand in one all the same."""
    kept = rows[[cell in both for cell in rows[["task", "tag"]].itertuples(index=False, name=None)]]
    return replace(system, name=name, label=name, scores=kept.assign(source=source, training=None))


def _left_out(label: str, present: set[tuple[str, str]], both: set[tuple[str, str]]) -> list[str]:
    tasks = sorted({task for task, _ in present})
    having = {task for task, _ in both}
    notes = []
    if without := [task for task in tasks if task not in having]:
        notes.append(f"{label}: left out {listed(without)}, which {_has(without)} no score from a donor.")
    for task in tasks:
        lost = sorted(tag for at, tag in present - both if at == task and task in having)
        if lost:
            notes.append(
                f"{label}, {task}: left out {counted(len(lost))} without a score from both English and the "
                f"donor: {listed(lost)}."
            )
    return notes


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _nothing_to_pair(scores: pd.DataFrame, donors: Donors | None) -> UserError:
    sources = listed(sorted(scores.source.unique()))
    if not donors:
        return UserError(
            'this table needs the donor of each target: give a file like {"urd_Arab": "hin_Deva"}, and runs that were '
            f"scored from English and from those donors (sources here: {sources}); or take paper:donors"
        )
    needed = listed(sorted({tag for target in donors for tag in donor_words(donors, target).split(", ")}))
    return UserError(
        f"no language was scored both from {ENGLISH} and from its donor. Sources here: {sources}; donors named: "
        f"{needed}. Score the models from those sources first (`langsamp evaluate --source ...`)"
    )
