"""The paper's own numbers, so that any run can stand beside them: per language as scores, and Tables 1 to 6 as printed.

Source: Liu et al., LangSAMP: Language-Script Aware Multilingual Pretraining, 2025, arXiv 2409.18199. Facts only, in
`published.json`, which `tools/make_published_scores.py` makes.

What is not known: the test items of a language, the precision, and the scores of single seeds (a published score is the
mean of five). The authors' checkpoints were chosen by the scores of downstream tasks, for which only test sets are
named: `selection` is `test`. Of Tables 15 to 19 every fifth language is missing; Table 4 has a few of those.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from langsamp.errors import UserError, did_you_mean
from langsamp.languages.table import FAMILY_GROUPS
from langsamp.scores.cells import COLUMNS

PREFIX = "paper:"
"""What the names of published models begin with."""
CLOSEST = "closest"
"""The `source` of a score whose source is the donor closest to the target; which one, the paper rarely says."""

_MODELS = {
    "paper:baseline": "the baseline of Tables 7 to 14: every language, mean of five seeds",
    "paper:langsamp": "LangSAMP of Tables 7 to 14: every language, mean of five seeds",
    "paper:donors": "LangSAMP of Tables 15 to 19, from English and from the closest donor, one seed",
}
_METRICS = {
    "sr-bible": "top10_accuracy", "sr-tatoeba": "top10_accuracy", "taxi1500": "macro_f1", "sib200": "macro_f1",
    "ner": "seqeval_f1", "pos": "seqeval_f1",
}  # fmt: skip
_RETRIEVAL_LAYER = 8
_COLUMNS_OF = {
    "1": ("paper:baseline", "paper:langsamp"),
    "2": ("none", "language", "script", "both"),
    "3": ("eng_Latn", CLOSEST),
    "6": ("paper:baseline", "paper:langsamp"),
}


class Printed(NamedTuple):
    """One number of the paper's Tables 1, 2, 3 and 6."""

    task: str
    column: str
    """A published name, a variant or a source."""
    group: str
    """Of languages."""
    mean: float | None
    """Per cent; None where the paper has a dash."""
    sd: float | None
    """Table 1 only, which does not say of what."""
    languages: int | None
    """Table 6 only."""


class PrintedTask(NamedTuple):
    """One line of the paper's Table 5."""

    head: int
    tail: int
    latin: int
    nonlatin: int
    classes: int | None
    """None for retrieval."""
    measure: str

    @property
    def all(self) -> int:
        """Every language."""
        return self.head + self.tail


class PrintedTarget(NamedTuple):
    """One language of the paper's Table 4."""

    tag: str
    donor: str
    scores: dict[str, tuple[float, float]]
    """Per cent by task, from English and from the donor."""


def published_names() -> dict[str, str]:
    """The names that `published` knows, each with what it stands for."""
    return dict(_MODELS)


def published(name: str) -> pd.DataFrame:
    """The paper's scores of one model per language, with the columns of `results.COLUMNS`.

    One row a task and language, `seed` 0, `protocol` `paper`, `n` missing; `paper:donors` has two, one of each source.

    Raises:
        UserError: for a name that is not in `published_names`.
    """
    if name not in _MODELS:
        raise UserError(f"no published scores {name!r}.{did_you_mean(name, _MODELS)} There are {', '.join(_MODELS)}")
    section = "donors" if name == "paper:donors" else "scores"
    places = [(0, "eng_Latn"), (1, CLOSEST)] if section == "donors" else [(list(_MODELS).index(name), "eng_Latn")]
    rows = [
        (task, source, tag, _METRICS[task], float(values[position]))
        for tag, tasks in _languages(section).items()
        for task, values in tasks.items()
        for position, source in places
    ]
    frame = pd.DataFrame(rows, columns=["task", "source", "tag", "metric", "value"]).assign(
        model=name, model_name=name, revision=None, protocol="paper", seed=0, main=True, selection="test",
        precision=None, settings=None, cell=name,
    )  # fmt: skip
    retrieves = frame.metric == "top10_accuracy"
    frame["layer"] = retrieves.map({True: _RETRIEVAL_LAYER, False: None}).astype("Int64")
    frame["n"] = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    order = frame.task.map(list(_METRICS).index)
    frame = frame.assign(order=order).sort_values(["order", "tag"], kind="stable", ignore_index=True)
    return frame.reindex(columns=list(COLUMNS))


@cache
def printed(number: int) -> tuple[Printed, ...]:
    """Table 1, 2, 3 or 6 as the paper prints it."""
    rows = []
    columns = _COLUMNS_OF[str(number)]
    for task, groups in getattr(_content(), f"table{number}").items():
        for group, cells in groups.items():
            languages = cells[0] if number == 6 else None
            for column, cell in zip(columns, cells[1:] if number == 6 else cells, strict=True):
                mean, sd = cell if number == 1 else (cell, None)
                rows.append(Printed(task, column, group, None if mean is None else float(mean), sd, languages))
    return tuple(rows)


def printed_targets() -> list[PrintedTarget]:
    """Table 4 as the paper prints it: languages that gain most from their donor."""
    return [
        PrintedTarget(tag, row["donor"], {task: tuple(pair) for task, pair in row.items() if task != "donor"})
        for tag, row in _content().table4.items()
    ]


def printed_tasks() -> dict[str, PrintedTask]:
    """Table 5 as printed, by task."""
    return {task: PrintedTask(**facts) for task, facts in _content().table5.items()}


@cache
def group_sizes() -> dict[tuple[str, str], int]:
    """How many languages each group of a task has in the paper: head, tail, latin, nonlatin and all."""
    groups = ("head", "tail", "latin", "nonlatin", "all")
    return {(task, group): getattr(each, group) for task, each in printed_tasks().items() for group in groups}


def missing_donors() -> dict[str, int]:
    """By task, how many languages of Tables 7 to 14 lack a published score from the closest donor."""
    scores, donors = _languages("scores"), _languages("donors")
    return {
        task: sum(task in tasks and task not in donors.get(tag, {}) for tag, tasks in scores.items())
        for task in _content().table3
    }


def _languages(section: str) -> Mapping[str, Mapping[str, Any]]:
    """Two numbers by tag and task; the rows of Table 4 stand in for those that Tables 15 to 19 lost."""
    if section == "scores":
        return _content().scores
    known = {target.tag: dict(target.scores) for target in printed_targets()}
    kept = _content().donors
    return {tag: {**known.get(tag, {}), **kept.get(tag, {})} for tag in sorted({*known, *kept})}


class _Content(NamedTuple):
    """What `published.json` holds: Tables 1 to 6 by task or tag, and Tables 7 to 19 by tag and task."""

    source: Mapping[str, str]
    table1: Mapping[str, Mapping[str, Any]]
    table2: Mapping[str, Mapping[str, Any]]
    table3: Mapping[str, Mapping[str, Any]]
    table4: Mapping[str, Mapping[str, Any]]
    table5: Mapping[str, Mapping[str, Any]]
    table6: Mapping[str, Mapping[str, Any]]
    scores: Mapping[str, Mapping[str, Any]]
    donors: Mapping[str, Mapping[str, Any]]


@cache
def _content() -> _Content:
    content = _Content(**json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8")))
    assert tuple(next(iter(content.table6.values())))[:-1] == FAMILY_GROUPS
    return content
