"""What a task is: its data, its way of scoring, its number, and how it is fine-tuned under each protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from langsamp.errors import checked
from langsamp.evaluation.protocols import FINE_TUNING, FineTuning, Protocol

Kind = Literal["retrieval", "sequence-classification", "token-classification"]
METRICS: Mapping[Kind, tuple[str, ...]] = {
    "retrieval": ("top10_accuracy", "top5_accuracy", "top1_accuracy"),
    "sequence-classification": ("macro_f1", "accuracy"),
    "token-classification": ("seqeval_f1", "accuracy", "macro_f1"),
}
"""What may be a task's main metric, the usual one first."""


@dataclass(frozen=True, kw_only=True)
class TaskData:
    """What a task's reader is opened by."""

    data: Path | Literal["hub"] | None = None
    """Folder with the task's files, or the word `hub`."""
    seed: int = 0
    """Decides what embedded tasks draw."""
    protocol: Protocol = "fixed"
    """Decides how odd lines of files are read."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One column of the results table.

    `kind` names the way of scoring, an entry of `scoring.KINDS`; the word protocol is kept for `fixed` and `paper`.
    """

    name: str
    measures: str
    """What a high score means, in one sentence."""
    kind: Kind
    metric: str
    """The main number; others stand beside it under names of their own."""
    open: Callable[[TaskData], Any]
    """Gives the reader: a `ParallelReader` for retrieval, an `ExamplesReader` for the other kinds.

    Raises DataMissingError where the data are absent, telling where they come from."""
    languages: str
    """Which there are, in words."""
    licence: str
    origin: str = ""
    """Where the data come from and how to lay them out."""
    draws: bool = False
    """True where the data depend on the seed."""
    labels: tuple[str, ...] = ()
    """The classes, in the order of their numbers; none for retrieval."""
    paper_labels: tuple[str, ...] = ()
    """Those of protocol `paper`, where they are others."""
    fine_tuning: Mapping[Protocol, Mapping[str, Any]] = field(default_factory=dict)
    """Settings that differ from those of the kind, by protocol."""

    def classes(self, protocol: Protocol) -> tuple[str, ...]:
        """The classes under a protocol."""
        return self.paper_labels if protocol == "paper" and self.paper_labels else self.labels


def fine_tuning(each: Task, protocol: Protocol, changes: Sequence[Mapping[str, Any]] = ()) -> FineTuning | None:
    """How a task is fine-tuned under a protocol, with `changes` put over it, the last one on top; None for retrieval.

    Raises:
        UserError: where a change names no setting or a value that it cannot have.
    """
    base = FINE_TUNING.get((each.kind, protocol))
    if base is None:
        return None
    settings = {**base.model_dump(), **each.fine_tuning.get(protocol, {})}
    for change in changes:
        settings |= change
    return checked(FineTuning, settings, source=f"fine_tuning of {each.name}")
