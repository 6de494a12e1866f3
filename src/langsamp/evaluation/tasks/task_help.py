"""A task in words: what it measures, what each protocol does, where its data come from, and some of its items."""

from itertools import islice
from pathlib import Path
from typing import Any, Literal

from langsamp.errors import UserError
from langsamp.evaluation.protocols import FineTuning, Protocol, departures
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.task import Task, TaskData, fine_tuning
from langsamp.languages.tags import LangScript

_PROTOCOLS: tuple[Protocol, ...] = ("fixed", "paper")
_PLAIN = ("epochs", "learning_rate", "batch_size", "max_tokens", "max_gradient_norm", "select_every")
"""Settings that are shown; the defects of `paper` stand in words among its departures."""


def describe_task(each: Task) -> dict[str, list[str]]:
    """What there is to know of a task: lines under headings."""
    described: dict[str, list[str]] = {
        each.name: [each.measures],
        "kind": [each.kind],
        "metric": [each.metric],
        "languages": [each.languages],
        "labels": [", ".join(each.labels)] if each.labels else [],
        "licence of the data": [each.licence],
        "data": [each.origin] if each.origin else [],
    }
    for protocol in _PROTOCOLS:
        settings = fine_tuning(each, protocol)
        lines = [_settings(settings)] if settings is not None else []
        described[f"protocol {protocol}"] = [*lines, *departures(each.kind, protocol, task=each.name)]
    return {heading: lines for heading, lines in described.items() if lines}


def sample_items(each: Task, data: str | None, tag: str, *, number: int) -> list[dict[str, Any]]:
    """The first items of one tag's test set, a dict each.

    Raises:
        DataMissingError: where the task's data are absent.
        UserError: where the tag has none.
    """
    folder: Path | Literal["hub"] | None = None if data is None else "hub" if data == "hub" else Path(data)
    reader = each.open(TaskData(data=folder))
    wanted = LangScript.parse(tag)
    if wanted not in reader.tags:
        known = ", ".join(map(str, islice(reader.tags, 12)))
        raise UserError(f"{each.name} has no test set of {tag}; it has {known}, ...; choose one with --language")
    return list(islice(_items(reader.read(wanted)), number))


def _items(text: Any) -> Any:
    if isinstance(text, ParallelText):
        pairs = zip(text.english, text.target, strict=True)
        return ({"English": english, str(text.tag): target} for english, target in pairs)
    if isinstance(text, LabelledTexts):
        return ({"label": label, "text": item} for label, item in zip(text.labels, text.texts, strict=True))
    assert isinstance(text, TaggedSentences)
    return (
        {"words": " ".join(f"{word}/{label}" for word, label in zip(words, labels, strict=True))}
        for words, labels in zip(text.words, text.labels, strict=True)
    )


def _settings(settings: FineTuning) -> str:
    shown = {name: getattr(settings, name) for name in _PLAIN}
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in shown.items()
    )
