"""The tasks by name. A new one is one record here and, at most, one reader.

Users add theirs with `register_task`, or with a YAML file (`task_files`) named where a task's name may stand.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from langsamp.errors import UserError
from langsamp.evaluation.tasks.placeholders import WithoutPlaceholders
from langsamp.evaluation.tasks.reader_check import CheckedReader
from langsamp.evaluation.tasks.readers.cldr import (
    CLDR_LICENCE,
    CLDR_ORIGIN,
    NER_CLDR_LABELS,
    TOPIC_CLDR_LABELS,
    CldrPairs,
    open_ner_cldr,
    open_topic_cldr,
)
from langsamp.evaluation.tasks.readers.formats.parallel import pairs_origin
from langsamp.evaluation.tasks.readers.ner import NER_LABELS, NER_LICENCE, NER_ORIGIN, open_ner
from langsamp.evaluation.tasks.readers.pos import POS_LABELS, POS_LICENCE, POS_ORIGIN, open_pos
from langsamp.evaluation.tasks.readers.sentence_pairs import open_parallel
from langsamp.evaluation.tasks.readers.sib200 import SIB200_LABELS, SIB200_LICENCE, SIB200_ORIGIN, open_sib200
from langsamp.evaluation.tasks.readers.taxi1500 import TAXI1500_LABELS, TAXI1500_LICENCE, TAXI1500_ORIGIN, open_taxi1500
from langsamp.evaluation.tasks.task import METRICS, Task, TaskData

_RETRIEVAL = "English sentences are queries; a hit is the aligned sentence among the 10 nearest of the target language"

TASKS: dict[str, Task] = {
    each.name: each
    for each in (
        Task(
            name="sr-bible",
            measures=f"Sentence retrieval over Bible verses (SR-B). {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda where: WithoutPlaceholders(open_parallel("bible", where.data), where.protocol),
            languages="every tag with a pair of files; 369 in the paper, 500 verses each",
            licence="that of each Bible translation; many may not be redistributed",
            origin=pairs_origin("bible"),
        ),
        Task(
            name="sr-tatoeba",
            measures=f"Sentence retrieval over Tatoeba sentences (SR-T). {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda where: WithoutPlaceholders(open_parallel("tatoeba", where.data), where.protocol),
            languages="every tag with a pair of files; 98 in the paper, up to 1,000 sentences each",
            licence="CC BY 2.0 FR",
            origin=pairs_origin("tatoeba"),
        ),
        Task(
            name="taxi1500",
            measures="Topic of a Bible verse, one of six, by a classifier fine-tuned on the source (Taxi1500).",
            kind="sequence-classification",
            metric="macro_f1",
            open=lambda where: WithoutPlaceholders(open_taxi1500(where.data, protocol=where.protocol), where.protocol),
            languages="every tag with a test set; 351 in the paper, 111 verses each",
            licence=TAXI1500_LICENCE,
            origin=TAXI1500_ORIGIN,
            labels=TAXI1500_LABELS,
        ),
        Task(
            name="sib200",
            measures="Topic of a sentence, one of seven, by a classifier fine-tuned on the source (SIB-200).",
            kind="sequence-classification",
            metric="macro_f1",
            open=lambda where: WithoutPlaceholders(open_sib200(where.data, protocol=where.protocol), where.protocol),
            languages="every tag with a test set; 172 in the paper, 204 sentences each",
            licence=SIB200_LICENCE,
            origin=SIB200_ORIGIN,
            labels=SIB200_LABELS,
            fine_tuning={"paper": {"max_tokens": 160}},
        ),
        Task(
            name="ner",
            measures="Names of persons, places and organisations, as spans that are wholly right (WikiANN).",
            kind="token-classification",
            metric="seqeval_f1",
            open=lambda where: open_ner(where.data, protocol=where.protocol),
            languages="every tag with a test set; 164 in the paper",
            licence=NER_LICENCE,
            origin=NER_ORIGIN,
            labels=NER_LABELS,
        ),
        Task(
            name="pos",
            measures="Part of speech of each word, of seventeen (Universal Dependencies). Its main number is the "
            "paper's, seqeval's F1 on tags without B- and I-; `accuracy` is what treebanks are usually scored by.",
            kind="token-classification",
            metric="seqeval_f1",
            open=lambda where: open_pos(where.data, protocol=where.protocol),
            languages="every tag with a test set; 91 in the paper",
            licence=POS_LICENCE,
            origin=POS_ORIGIN,
            labels=POS_LABELS,
            paper_labels=("O", *POS_LABELS),
        ),
        Task(
            name="sr-cldr",
            measures=f"Sentence retrieval over sentences rendered from CLDR, without digits. {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda where: CldrPairs(seed=where.seed),
            draws=True,
            languages="every tag of the embedded corpus",
            licence=CLDR_LICENCE,
            origin=CLDR_ORIGIN,
        ),
        Task(
            name="topic-cldr",
            measures="Topic of a sentence rendered from CLDR, one of seven, by a classifier fine-tuned on the source.",
            kind="sequence-classification",
            metric="macro_f1",
            open=lambda where: open_topic_cldr(seed=where.seed),
            draws=True,
            languages="every tag of the embedded corpus",
            licence=CLDR_LICENCE,
            origin=CLDR_ORIGIN,
            labels=TOPIC_CLDR_LABELS,
        ),
        Task(
            name="ner-cldr",
            measures="Names of places, languages and currencies, and dates, in text rendered from CLDR.",
            kind="token-classification",
            metric="seqeval_f1",
            open=lambda where: open_ner_cldr(seed=where.seed),
            draws=True,
            languages="every tag of the embedded corpus",
            licence=CLDR_LICENCE,
            origin=CLDR_ORIGIN,
            labels=NER_CLDR_LABELS,
        ),
    )
}


_BUILT_IN = frozenset(TASKS)


def register_task(new: Task, *, again: bool = False) -> Task:
    """Make `new` known by its name, and return it; with `again` it takes the place of one that was registered before.

    What its reader gives is treated as that of any task: placeholders among its sentences are left out and named. A
    reader that gives no text of the task's kind is a `UserError` where it is read.

    Raises:
        UserError: where another task has the name, or the record cannot work.
    """
    if new.name in _BUILT_IN or (new.name in TASKS and not again):
        raise UserError(f"there is a task {new.name!r} already; choose another name")
    if (new.kind == "retrieval") != (not new.labels):
        raise UserError(
            f"task {new.name}: a task has labels exactly where it is no retrieval, got {len(new.labels)} labels for "
            f"the kind {new.kind}"
        )
    if new.metric not in METRICS[new.kind]:
        raise UserError(
            f"task {new.name}: expected one of the metrics {', '.join(METRICS[new.kind])}, got {new.metric!r}"
        )
    _check_labels(new)
    new = replace(new, open=partial(_open_checked, new))
    TASKS[new.name] = new
    return new


def _open_checked(new: Task, where: TaskData) -> Any:
    """The reader of a user's own task, held against its kind; without placeholders."""
    reader = CheckedReader(new.open(where), task=new.name, kind=new.kind)
    if new.kind == "token-classification":  # labels belong to words, of which `...` is one
        return reader
    return WithoutPlaceholders(reader, where.protocol)


def _check_labels(new: Task) -> None:
    for label in new.labels:
        if new.labels.count(label) > 1 or not label.strip():
            raise UserError(f"task {new.name}: expected each label once and none blank, got {label!r}")
        if new.kind == "token-classification" and len(label.split()) > 1:
            raise UserError(f"task {new.name}: a word's label has no white space, got {label!r}")
