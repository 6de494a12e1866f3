"""What an evaluation reads: of each task the test text of the wanted languages, and what its sources offer."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.scoring import KINDS, Texts
from langsamp.evaluation.tasks.examples import TrainAndDev
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH
from langsamp.evaluation.tasks.readers.formats.split_files import named
from langsamp.evaluation.tasks.task import Task
from langsamp.languages.aliases import describe_use, match
from langsamp.languages.select import Uses, select_each
from langsamp.languages.tags import LangScript


@dataclass(frozen=True, kw_only=True)
class TaskText:
    """All text of one task."""

    task: Task
    texts: Texts
    failures: Mapping[str, str]
    aliases: Mapping[str, str]
    left_out: Sequence[str] = ()
    trainings: Mapping[LangScript, TrainAndDev[Any] | str] = field(default_factory=dict)
    """What each source offers, or why it cannot be used; empty where nothing is fine-tuned."""


class _Choice(NamedTuple):
    """The languages of one task that are wanted."""

    tags: Sequence[LangScript]
    uses: Uses
    """Those that go by another code here."""


def check_data(config: EvaluationConfig) -> None:
    """Raise what `plan` would raise of data and languages; opens no file.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown language, and a source that no task has.
    """
    readers = _readers(config)
    _chosen(config, readers)
    _check_sources(config, readers)


def read_task_texts(config: EvaluationConfig) -> list[TaskText]:
    """The text of each task; a language or a source that cannot be read is a reason, not an error.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown language, and a source that no task has.
    """
    readers = _readers(config)
    chosen = _chosen(config, readers)
    _check_sources(config, readers)
    return [_read(task(name), reader, chosen[name], config) for name, reader in readers.items()]


def read_tests(config: EvaluationConfig, *, embedded_of: Collection[LangScript]) -> dict[str, list[Any]]:
    """The test sets of each task in the evaluation's languages; one that cannot be read is left out.

    Of tasks drawn from CLDR, which takes its time, those of the languages `embedded_of` alone.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown language.
    """
    readers = _readers(config)
    chosen = _chosen(config, readers)
    texts: dict[str, list[Any]] = {}
    for name, reader in readers.items():
        each = task(name)
        wanted = set(match(embedded_of, reader.tags).values() if each.draws else chosen[name].tags)
        for tag in chosen[name].tags:
            if tag in wanted:
                with suppress(UserError):
                    texts.setdefault(each.name, []).append(reader.read(tag))
    return texts


def _readers(config: EvaluationConfig) -> dict[str, Any]:
    return {name: task(name).open(config.where) for name in config.tasks}


def _chosen(config: EvaluationConfig, readers: Mapping[str, Any]) -> dict[str, _Choice]:
    uses: dict[str, Uses] = {name: {} for name in readers}
    places = {name: reader.tags for name, reader in readers.items()}
    pivot = {ENGLISH} if any(task(name).kind == "retrieval" for name in readers) else ()
    try:
        selected = select_each(config.languages, places, uses=uses, elsewhere=pivot)
    except UserError as error:
        raise UserError(f"languages to score on {', '.join(readers)}: {error}") from None
    return {name: _Choice(tags, uses[name]) for name, tags in selected.items()}


def _check_sources(config: EvaluationConfig, readers: Mapping[str, Any]) -> None:
    offers = {name: reader.sources for name, reader in readers.items() if KINDS[task(name).kind].fine_tunes}
    for source in config.sources if offers else ():
        if not any(match([LangScript.parse(source)], sources) for sources in offers.values()):
            there = "; ".join(f"{name}: {named(sources)}" for name, sources in offers.items())
            raise UserError(f"no task has text of {source} to fine-tune on. Sources with train and dev sets: {there}")


def _read(each: Task, reader: Any, choice: _Choice, config: EvaluationConfig) -> TaskText:
    """The text of the chosen languages that can be read, and why the others cannot."""
    texts, failures = {}, {}
    for tag in choice.tags:
        try:
            texts[tag] = reader.read(tag)
        except UserError as error:
            failures[str(tag)] = str(error)
    trainings: dict[LangScript, TrainAndDev[Any] | str] = {}
    uses = dict(choice.uses)
    if KINDS[each.kind].fine_tunes:
        for source in map(LangScript.parse, config.sources):
            tag_there = match([source], reader.sources).get(source, source)
            if tag_there != source:
                uses[source] = tag_there
            try:
                trainings[tag_there] = reader.training(tag_there)
            except UserError as error:
                trainings[tag_there] = str(error)
    return TaskText(
        task=each,
        texts=texts,
        failures=failures,
        aliases={str(tag_there): describe_use(wanted, tag_there) for wanted, tag_there in uses.items()},
        left_out=reader.notes,
        trainings=trainings,
    )
