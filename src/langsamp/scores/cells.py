"""A cell: what one model got on one task's data under one protocol, source tag and seed.

Its name is made of content alone: renamed folders find their cells again, changed weights, tokenizers, texts or
settings never do. A cell holds the languages that were scored together; languages added later come in a cell of their
own. Where a language was scored again (its text changed), the later cell counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint

_SETTINGS = ("layer", "selection", "precision")
COLUMNS = (
    "model", "model_name", "task", "revision", "protocol", "source", "seed", "tag", "metric", "main", "value", "n",
    *_SETTINGS, "settings", "training", "cell",
)  # fmt: skip
"""Columns of `scores.parquet`: `revision` names the tag's text, `n` counts its items, `value` is in per cent, `main` is
true for the metric that the task is known by, `settings` names all that moves a score beside text, `training` the text
that was fine-tuned on."""

PLACE = ["model", "task", "protocol", "source", "seed", *_SETTINGS, "settings"]
"""Columns that say where a score stands in the table; two scores of one tag at one place exclude each other."""
ONE_TABLE = (
    "model", "model_name", "task", "protocol", "source", "metric", "layer", "selection", "precision", "settings",
    "training",
)  # fmt: skip
"""Scores that agree in these columns are of one model and were made in one way; others are never averaged together."""

_TEXT = {"training", "version"}
"""Settings that name text or code: a score made with newer ones takes the place of the older score."""


class Cell(BaseModel):
    """The key of a cell: all that its scores depend on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    """Fingerprint of the model."""
    task: str
    protocol: str
    source: str
    """Tag that the task starts from: the language of the queries or of the training data."""
    seed: int
    settings: Mapping[str, bool | int | float | str | None]
    """Everything else that moves a score, `selection` and `precision` among it, `layer` where one is pooled."""
    revisions: Mapping[str, str]
    """Content revision of the text of each target tag."""

    @property
    def id(self) -> str:
        """Name of the cell's folder."""
        return fingerprint(self.model_dump())

    @property
    def revision(self) -> str:
        """One name for the text of all its languages."""
        return fingerprint(self.revisions)

    @property
    def columns(self) -> dict[str, Any]:
        """What it says in the columns of the table, `revision` and names left out."""
        deciding = {key: value for key, value in self.settings.items() if key not in _TEXT}
        return {
            **self.model_dump(include={"model", "task", "protocol", "source", "seed"}),
            **{name: self.settings.get(name) for name in _SETTINGS},
            "settings": fingerprint(deciding)[:8],
            "training": self.settings.get("training"),
        }

    @property
    def place(self) -> str:
        """Where its scores stand in the table: a later cell with the same place and tag takes over."""
        return fingerprint([self.columns[name] for name in PLACE])


class DevLook(BaseModel):
    """What the dev set said once during fine-tuning."""

    model_config = ConfigDict(extra="allow", frozen=True)

    epoch: int
    step: int
    metrics: Mapping[str, float]
    """Per cent."""
    kept: bool = False
    """Whether its weights predict."""


class CellRecord(BaseModel):
    """What `cell.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    """Counts up with every cell of the store: the later of two cells has the larger number."""
    key: Cell
    revision: str
    model_name: str
    metric: str
    """The task's main metric."""
    status: Literal["complete", "partial"]
    """`complete`, or `partial` where languages failed."""
    failures: Mapping[str, str]
    """Why, by tag."""
    notes: Mapping[str, str]
    """What a reader should know of a language's text, by tag."""
    aliases: Mapping[str, str]
    """What was asked for under another code, by the tag that was taken for it: one sentence each."""
    training_notes: Sequence[str]
    """What a reader should know of the text that was fine-tuned on."""
    dev_curve: Sequence[DevLook]
    """What the dev set said during fine-tuning, look after look; empty where nothing is fine-tuned."""
    wall_seconds: float
    provenance: Mapping[str, Any]


class ModelRecord(BaseModel):
    """What `models/FINGERPRINT.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    is_replaced: bool
    """Whether another model has taken the name, so that its scores count no more."""


class FailureRecord(BaseModel):
    """What `failed/PLACE.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cell: Cell
    """The one that was wanted."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class LanguageResult:
    """What one target language got."""

    tag: LangScript
    metrics: Mapping[str, float]
    """Per cent by metric, controls included."""
    predictions: Mapping[str, NDArray[Any]]
    """Columns with one value an item, such as the rank of its translation."""
    num_items: int
    notes: tuple[str, ...] = ()
    """What a reader of the score should know of how it was made, e.g. `3 texts were cut at 512 tokens`."""


@dataclass(frozen=True, kw_only=True)
class AboutCell:
    """What a cell's record says beside its key and its scores; the fields are those of `CellRecord`."""

    model_name: str
    metric: str
    wall_seconds: float
    failures: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    training_notes: Sequence[str] = ()
    dev_curve: Sequence[Mapping[str, Any]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Go into the provenance."""


def scored(cell: Cell, records: Mapping[str, CellRecord]) -> dict[str, str]:
    """Where the tags of `cell` are scored already: tag to cell id.

    A tag is scored if the latest cell that holds it has the same settings and the same revision of its text.
    """
    latest, cell_place = {}, cell.place
    for name, record in records.items():
        key = record.key
        # a place is a fingerprint, too dear to make of thousands of cells for each of thousands
        if (key.model, key.task, key.source, key.seed) == (cell.model, cell.task, cell.source, cell.seed):
            latest.update(dict.fromkeys(key.revisions if key.place == cell_place else (), (name, key)))
    return {
        tag: latest[tag][0]
        for tag, revision in cell.revisions.items()
        if tag in latest and latest[tag][1].settings == cell.settings and latest[tag][1].revisions[tag] == revision
    }
