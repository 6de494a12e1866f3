"""Laws of readers of one's own: no reader, no tag or no text of the task's kind is told with its name."""

from types import SimpleNamespace
from typing import Any

import pytest

from langsamp.errors import UserError
from langsamp.evaluation.tasks import registry
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.evaluation.tasks.task import METRICS, Kind, Task, TaskData
from langsamp.languages.tags import LangScript

SWH = LangScript("swh", "Latn")
TEXT = LabelledTexts(tag=SWH, texts=("moja",), labels=("a",))
WORDS = TaggedSentences(tag=SWH, words=(("moja",),), labels=(("a",),))


def opened(monkeypatch: pytest.MonkeyPatch, reader: Any, kind: Kind = "sequence-classification") -> Any:
    known = {name: each for name, each in registry.TASKS.items() if name != "mine"}
    monkeypatch.setattr(registry, "TASKS", known)
    mine = Task(
        name="mine", measures="Mine.", languages="one", licence="CC0", kind=kind, metric=METRICS[kind][0],
        labels=() if kind == "retrieval" else ("a", "b"), open=lambda where: reader,
    )  # fmt: skip
    return registry.register_task(mine).open(TaskData())


def reader(**changes: Any) -> SimpleNamespace:
    both = TrainAndDev(train=TEXT, dev=TEXT)
    parts = {"tags": (SWH,), "sources": (SWH,), "read": lambda tag: TEXT, "training": lambda source: both}
    return SimpleNamespace(**parts | changes)


def test_a_reader_that_gives_what_its_task_needs_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = opened(monkeypatch, reader())
    assert (list(mine.tags), list(mine.sources), mine.notes) == ([SWH], [SWH], ())
    assert mine.read(SWH) == TEXT and mine.training(SWH).dev == TEXT
    assert opened(monkeypatch, reader(read=lambda tag: WORDS), "token-classification").read(SWH) is WORDS


@pytest.mark.parametrize("given", [None, [], {"tags": [SWH]}])
def test_what_is_no_reader_is_told(monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    with pytest.raises(UserError, match=r"task mine: its `open` gave .* it lacks tags, read, sources, training"):
        opened(monkeypatch, given)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("sequence-classification", None, "`read` for swh_Latn gave nothing; expected LabelledTexts"),
        ("sequence-classification", WORDS, "`read` for swh_Latn gave a TaggedSentences; expected LabelledTexts"),
        ("token-classification", TEXT, "`read` for swh_Latn gave a LabelledTexts; expected TaggedSentences"),
        ("retrieval", [("one", "moja")], "`read` for swh_Latn gave a list; expected ParallelText"),
    ],
)
def test_what_is_no_text_of_the_kind_is_told(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, given: Any, message: str
) -> None:
    with pytest.raises(UserError, match=f"task mine: {message}"):
        opened(monkeypatch, reader(read=lambda tag: given), kind).read(SWH)


def test_training_sets_and_tags_are_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="task mine: `training` for swh_Latn gave nothing; expected TrainAndDev"):
        opened(monkeypatch, reader(training=lambda source: None)).training(SWH)
    both = TrainAndDev(train=TEXT, dev=WORDS)
    with pytest.raises(UserError, match="a part of `training` for swh_Latn gave a TaggedSentences"):
        opened(monkeypatch, reader(training=lambda source: both)).training(SWH)
    with pytest.raises(UserError, match="`tags` of its reader holds 'swh_Latn', a str; expected tags"):
        opened(monkeypatch, reader(tags=["swh_Latn"])).tags  # noqa: B018
    with pytest.raises(UserError, match="`sources` of its reader is nothing; expected a list of tags"):
        opened(monkeypatch, reader(sources=None)).sources  # noqa: B018


def test_a_label_belongs_to_each_text_and_each_word() -> None:
    with pytest.raises(UserError, match="swh_Latn: expected a label for each of 2 texts, got 1"):
        LabelledTexts(tag=SWH, texts=("moja", "mbili"), labels=("a",))
    with pytest.raises(UserError, match="swh_Latn: expected a label for each of 2 words, got 1"):
        TaggedSentences(tag=SWH, words=(("moja",), ("mbili", "tatu")), labels=(("a",), ("b",)))
