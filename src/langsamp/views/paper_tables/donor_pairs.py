"""English beside the closest donor: which score of a language belongs on which side (Tables 3, 4 and 15 to 19)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.languages.tags import LangScript
from langsamp.scores.columns import Columns
from langsamp.scores.comparability import counted, listed
from langsamp.scores.published import CLOSEST
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
        UserError: where no language has both scores.
    """
    scores = columns.scores
    places = zip(scores["tag"], scores["task"], strict=True)
    wanted = pd.Series([_donor_of(donors or {}, tag, task) for tag, task in places], scores.index, dtype=object)
    trained = scores.loc[scores["source"] != ENGLISH, "task"].unique()  # a task scored from English only has no donors
    of_donor = scores[((scores["source"] == CLOSEST) | (scores["source"] == wanted)) & scores["task"].isin(trained)]
    english = scores[scores["source"] == ENGLISH]
    if scores.empty:
        return columns, []
    if of_donor.empty or english.empty:
        raise _nothing_to_pair(scores, donors)
    keys = ["task", "model_name", "tag"]
    both = english[keys].drop_duplicates().merge(of_donor[keys].drop_duplicates())
    pairs = [DonorPair(label, f"{label} from English", f"{label} from the closest donor") for label in columns.labels]
    named = {pair.model: pair for pair in pairs}
    parts = []
    for side, rows in (("english", english), ("donor", of_donor)):
        paired = rows.merge(both)
        label = paired["model_name"].map({model: getattr(pair, side) for model, pair in named.items()})
        source = "English" if side == "english" else "donor"
        # donors differ in the text that was fine-tuned on, and stand in one column all the same
        parts.append(paired.assign(model=label, model_name=label, source=source, training=None))
    joined = pd.concat(parts, ignore_index=True)
    present = set(both["model_name"])
    pairs = [pair for pair in pairs if pair.model in present]
    labels = tuple(label for pair in pairs for label in (pair.english, pair.donor))
    notes = (*columns.notes, *_left_out(scores, both, columns.labels))
    return Columns(scores=joined, labels=labels, notes=notes), pairs


def _left_out(scores: pd.DataFrame, both: pd.DataFrame, labels: tuple[str, ...]) -> list[str]:
    having, present = _tags(both), _tags(scores)
    notes = []
    for label in labels:
        tasks = [task for model, task in present if model == label]
        if without := [task for task in tasks if (label, task) not in having]:
            notes.append(f"{label}: left out {listed(without)}, which {_has(without)} no score from a donor.")
        for task in tasks:
            if lost := present[label, task] - having.get((label, task), present[label, task]):
                notes.append(
                    f"{label}, {task}: left out {counted(len(lost))} without a score from both English and the "
                    f"donor: {listed(sorted(lost))}."
                )
    return notes


def _tags(rows: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    """The tags by model and task."""
    return {
        (str(model), str(task)): set(group["tag"])
        for (model, task), group in rows.drop_duplicates(["model_name", "task", "tag"]).groupby(["model_name", "task"])
    }


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _nothing_to_pair(scores: pd.DataFrame, donors: Donors | None) -> UserError:
    sources = listed(sorted(scores["source"].unique()))
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
