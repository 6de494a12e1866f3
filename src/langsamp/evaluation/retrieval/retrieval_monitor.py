"""Retrieval scores of an encoder while it trains: a curve by step, on dev items where the task has them.

The encoder is read where it stands in memory, in fp32 as exports are evaluated, so that on the same items its score is
that of the export. Nothing here draws at random, changes a weight or touches the training's tokenizer.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from langsamp.config import Config
from langsamp.errors import UserError
from langsamp.evaluation.retrieval import retrieve
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.cldr import CldrPairs
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH, ParallelReader, ParallelText
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import Task, TaskData
from langsamp.languages.select import Uses, select_each
from langsamp.languages.tags import LangScript
from langsamp.model.hidden_layers import MAX_PIECES, chosen_layer
from langsamp.provenance import fingerprint

Items = Literal["dev", "test"]

_DEV: dict[str, Callable[[], ParallelReader]] = {"sr-cldr": lambda: CldrPairs(seed=0, split="validation")}
"""Readers of dev items by task; of any other retrieval task there are test items only."""


class MonitorConfig(Config):
    """Which scores are taken while training, and when."""

    every: int | None = Field(default=None, ge=1)
    """Steps between two measurements, the last step being measured always; null takes no scores."""
    tasks: tuple[str, ...] = ("sr-cldr",)
    """Retrieval tasks. `sr-cldr` is measured on dev items; of the others there are test items only, so that a
    checkpoint may be chosen by them only where `evaluation.selection` says `test`."""
    languages: str | None = None
    """Selector of target languages; null for those trained on, or all where a task has none of them: a measurement of
    164 languages costs more than the steps between two."""
    data: Literal["hub"] | Path | None = None
    """Folder with the tasks' files; null for that of `evaluation`."""
    layer: int | None = Field(default=None, ge=0)
    """Hidden state that is pooled; null for that of `evaluation`."""

    @field_validator("tasks")
    @classmethod
    def _retrieval(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected at least one task and none twice, got {', '.join(names) or 'none'}")
        for each in map(task, names):
            if each.kind != "retrieval":
                known = ", ".join(name for name, other in TASKS.items() if other.kind == "retrieval")
                raise ValueError(f"{each.name} would have to be fine-tuned each time; expected among {known}")
        return names

    @model_validator(mode="after")
    def _is_on(self) -> Self:
        fields = type(self).model_fields.items()
        if self.every is None and any(getattr(self, key) != field.default for key, field in fields):
            raise ValueError("every is missing: expected the number of steps between two measurements")
        return self


def items_of(name: str) -> Items:
    """What a task is measured on while training."""
    return "dev" if name in _DEV else "test"


def check_monitor(config: MonitorConfig) -> None:
    """Raise now what `RetrievalMonitor` would raise of data and languages; reads no text.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for languages that are unknown or that a task lacks altogether.
    """
    if config.every is not None:
        _wanted(config)


class _Part(NamedTuple):
    """One language of one task."""

    task: str
    metric: str
    text: ParallelText


class RetrievalMonitor:
    """The scores that a configuration asks for; `training.monitor.Monitor` says what each method is for."""

    def __init__(
        self,
        config: MonitorConfig,
        tokenizer: PreTrainedTokenizerBase,
        *,
        num_layers: int,
        trained: Collection[LangScript] = (),
    ) -> None:
        """Read the texts; `tokenizer` must be nobody else's, because encoding sets its truncation.

        `trained` are the tags trained on, which a configuration that names no languages means.

        Raises:
            DataMissingError: where a task's data are absent.
            UserError: where a text cannot be used, for languages that are unknown, and for a layer that is not there.
        """
        assert config.every is not None
        self.every: int = config.every
        self.items: Mapping[str, Items] = {task(name).name: items_of(task(name).name) for name in config.tasks}
        self._layer = chosen_layer(config.layer, num_layers, key="monitor.layer")
        self._tokenizer = tokenizer
        wanted = _wanted(config, trained)
        self._parts = [
            _Part(each.task.name, each.task.metric, each.reader.read(tag)) for each in wanted for tag in each.tags
        ]
        self._aliases = {
            each.task.name: {str(tag): str(asked) for asked, tag in each.aliases.items()}
            for each in wanted
            if each.aliases
        }
        self.settings = fingerprint(
            {
                "texts": [[part.task, part.metric, str(part.text.tag), part.text.revision] for part in self._parts],
                "layer": self._layer,
                "max_pieces": MAX_PIECES,
                "version": retrieve.VERSION,
            }
        )

    def __len__(self) -> int:
        """Languages of all tasks."""
        return len(self._parts)

    def measure(self, encoder: PreTrainedModel, parts: range) -> list[float]:
        """The task's metric for each of these languages, in per cent; the encoder is left in evaluation mode.

        Raises:
            UserError: where the encoder gives vectors that cannot be used.
        """
        reader, scores = Encoder(encoder, self._tokenizer), list[float]()
        for _, group in groupby((self._parts[index] for index in parts), key=lambda part: part.task):
            wanted = list(group)
            texts = {part.text.tag: part.text for part in wanted}
            results = retrieve.retrieve(texts, reader, layer=self._layer, controls=False)
            scores += [result.metrics[part.metric] for part, result in zip(wanted, results, strict=True)]
        return scores

    def record(self, scores: Sequence[float]) -> dict[str, Any]:
        """Each task's mean over languages, and under `tags` all of them; `aliases` are tags by those asked for."""
        tags: dict[str, dict[str, float]] = {name: {} for name in self.items}
        for part, score in zip(self._parts, scores, strict=True):
            tags[part.task][str(part.text.tag)] = score
        means = {name: sum(scores.values()) / len(scores) for name, scores in tags.items()}
        aliases = {"aliases": self._aliases} if self._aliases else {}
        return {**means, "layer": self._layer, "settings": self.settings, "tags": tags, **aliases}


class _Wanted(NamedTuple):
    """A task, its reader, and the languages that are wanted of it; `aliases` by the tag that was asked for."""

    task: Task
    reader: ParallelReader
    tags: list[LangScript]
    aliases: Uses


def _wanted(config: MonitorConfig, trained: Collection[LangScript] = ()) -> list[_Wanted]:
    where = TaskData(data=config.data)
    readers = {
        each.name: (each, _DEV[each.name]() if each.name in _DEV else each.open(where))
        for each in map(task, config.tasks)
    }
    uses: dict[str, Uses] = {name: {} for name in readers}
    offered = {name: reader.tags for name, (_, reader) in readers.items()}
    if config.languages is None:
        chosen = {name: [tag for tag in tags if tag in trained] or list(tags) for name, tags in offered.items()}
    else:
        chosen = select_each(config.languages, offered, uses=uses, elsewhere={ENGLISH})
    for name, tags in chosen.items():
        if not tags:
            raise UserError(
                f"monitor.languages {config.languages!r}: {name} has none of them; leave the task out, or choose more "
                "languages"
            )
    return [_Wanted(each, reader, chosen[name], uses[name]) for name, (each, reader) in readers.items()]
