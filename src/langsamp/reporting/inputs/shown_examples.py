"""Items of test sets as a reader sees them: the sentence, what is right, and what two models made of it.

Cells keep what was predicted, not the text. The text is read again where the evaluation read it, and shown only if it
is still the very text that was scored.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from langsamp.disk.layout import EvaluationLayout
from langsamp.errors import UserError, checked
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import Task
from langsamp.languages.tags import LangScript
from langsamp.reporting.inputs.run_folder import Run
from langsamp.scores.cell_files import PREDICTIONS, read_table
from langsamp.scores.cells import CellRecord

EXAMPLES = 3
"""Items that are shown of one language."""
WORDS = 6
"""Words of one sentence whose labels are shown."""
_LONGEST = 400
"""Letters of one text that are shown."""
_TOP = re.compile(r"top(\d+)_accuracy")
_AGAIN = "make the report where the evaluation ran to see examples"

Text = ParallelText | LabelledTexts | TaggedSentences


class Labelled(NamedTuple):
    """A word, or a whole text, with its labels."""

    word: str
    """Empty where the labels are those of the whole text."""
    gold: str
    baseline: str
    model: str


class MatchedItem(NamedTuple):
    """What one model found first for a query."""

    text: str
    """Empty where the cell does not say."""
    rank: int
    """Of the translation."""


class Example(NamedTuple):
    """One item that the baseline has right and the model has not."""

    item: int
    """Its number in the test set, from 1."""
    text: str
    """The sentence; of retrieval the translation that was to be found."""
    query: str = ""
    """The English sentence that was looked for; of retrieval only."""
    labels: Sequence[Labelled] = ()
    matches: Sequence[MatchedItem] = ()
    """The baseline's and the model's; of retrieval only."""


class _Cell(NamedTuple):
    """A scored cell with the place of its files."""

    folder: Path
    record: CellRecord


class Library:
    """The predictions and texts behind the scores of some inputs."""

    def __init__(self, runs: Sequence[Run]) -> None:
        """Take the inputs; nothing is read yet."""
        self._runs = runs
        self._predictions: dict[str, pd.DataFrame] = {}
        self._readers: dict[tuple[str, ...], Any] = {}
        self._texts: dict[tuple[str, ...], Text] = {}

    def examples(self, cells: tuple[str, str], tag: str, metric: str) -> tuple[list[Example], str]:
        """Up to `EXAMPLES` items of a language that the first cell has right and the second has not, by their number.

        Right is: the right label; the translation among as many as the metric counts; of labelled words, more right
        ones than the other. Beside them why there is none, empty where there are some.

        Raises:
            DamagedError: where predictions cannot be read.
        """
        missing = [name for name in cells if name not in self._cells]
        if missing:
            return [], "No predictions are kept of printed scores."
        records = [self._cells[name].record for name in cells]
        revisions = {record.key.revisions.get(tag) for record in records}
        tables = [self._of_tag(name, tag) for name in cells]
        if len(revisions) > 1 or any(table.empty for table in tables) or len(tables[0]) != len(tables[1]):
            return [], "The predictions of the two cannot be set side by side."
        try:
            text = self._text(records[0], tag)
        except UserError as error:
            return [], f"The text cannot be read any more ({error}); {_AGAIN}."
        if text is None or text.revision not in revisions:
            return [], f"The text that was scored is not at hand; {_AGAIN}."
        values = [_values(table, metric, tagged=isinstance(text, TaggedSentences)) for table in tables]
        items = [item for item, (one, other) in enumerate(zip(*values, strict=True)) if one > other][:EXAMPLES]
        examples = [_example(text, item, *tables) for item in items]
        return (
            examples,
            "" if examples else "No single item is right for the baseline and wrong for the model in this seed.",
        )

    @cached_property
    def _cells(self) -> dict[str, _Cell]:
        return {
            name: _Cell(EvaluationLayout(run.evaluation).cells / name, cell)
            for run in self._runs
            if run.evaluation is not None
            for name, cell in run.cells.items()
        }

    def _of_tag(self, name: str, tag: str) -> pd.DataFrame:
        if name not in self._predictions:
            self._predictions[name] = read_table(self._cells[name].folder, PREDICTIONS)
        table = self._predictions[name]
        return table[table.tag == tag].sort_values("item", ignore_index=True)

    def _text(self, record: CellRecord, tag: str) -> Text | None:
        """The text of a cell's language; None where it is not known where it was, or only the hub has it."""
        content = record.provenance.get("config")
        if not content:
            return None
        config = checked(EvaluationConfig, content)
        each = _task(record.key.task, config.tasks)
        if each is None or (config.data == "hub" and not each.draws):
            return None
        key = (each.name, str(config.data), str(config.data_seed), record.key.protocol)
        if key not in self._readers:
            self._readers[key] = each.open(config.where)
        if (*key, tag) not in self._texts:
            self._texts[*key, tag] = self._readers[key].read(LangScript.parse(tag))
        return self._texts[*key, tag]


def _task(name: str, words: Sequence[str]) -> Task | None:
    """The task of a cell: a known one, or one that a YAML file among `words` describes."""
    if name in TASKS:
        return TASKS[name]
    files = [task(word) for word in words if word.endswith((".yaml", ".yml")) and Path(word).is_file()]
    return next((each for each in files if each.name == name), None)


def _values(table: pd.DataFrame, metric: str, *, tagged: bool) -> list[int]:
    """How much of each item is right."""
    if match := _TOP.fullmatch(metric):
        return [int(rank <= int(match[1])) for rank in table["rank"]]
    if not tagged:
        return [int(gold == label) for gold, label in zip(table.gold, table.predicted, strict=True)]
    pairs = zip(table.gold.str.split(), table.predicted.str.split(), strict=True)
    return [sum(gold == label for gold, label in zip(*labels, strict=False)) for labels in pairs]


def _example(text: Text, item: int, baseline: pd.DataFrame, model: pd.DataFrame) -> Example:
    if isinstance(text, ParallelText):
        matched = [
            MatchedItem(
                _cut(text.target[int(table.nearest[item])]) if "nearest" in table else "", int(table["rank"][item])
            )
            for table in (baseline, model)
        ]
        return Example(item + 1, _cut(text.target[item]), query=_cut(text.english[item]), matches=matched)
    gold, first, second = (str(each[item]) for each in (baseline.gold, baseline.predicted, model.predicted))
    if isinstance(text, LabelledTexts):
        return Example(item + 1, _cut(text.texts[item]), labels=[Labelled("", gold, first, second)])
    words = zip(text.words[item], gold.split(), first.split(), second.split(), strict=False)
    differing = [Labelled(*each) for each in words if each[2] != each[3]]
    return Example(item + 1, _cut(" ".join(text.words[item])), labels=differing[:WORDS])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
