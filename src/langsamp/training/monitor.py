"""What the trainer asks of scores that are taken while it trains; `retrieval_monitor` of `evaluation` has them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from transformers import PreTrainedModel


class Monitor(Protocol):
    """Scores of the plain encoder. They are made of parts, each scored alone, so that ranks can share them."""

    @property
    def every(self) -> int:
        """Steps between two measurements; the last step is always measured."""

    @property
    def settings(self) -> str:
        """Fingerprint of all that moves a score beside the encoder: only scores with equal ones are comparable."""

    @property
    def items(self) -> Mapping[str, Literal["dev", "test"]]:
        """The scores' names, each with what it is measured on."""

    def __len__(self) -> int:
        """Number of parts."""

    def measure(self, encoder: PreTrainedModel, parts: range) -> list[float]:
        """One number for each of these parts, higher for a better encoder, which may be left in evaluation mode.

        Raises:
            UserError: where the encoder gives vectors that cannot be used.
        """

    def record(self, scores: Sequence[float]) -> dict[str, Any]:
        """The numbers of all parts as the log shows them: each of `items` as a plain number, and more beside them."""


def beside_start(record: Mapping[str, Any], start: Mapping[str, Any] | None, names: Iterable[str]) -> str:
    """Scores as the bar shows them, each with the start's where that was taken alike."""
    to_beat = start if start is not None and start.get("settings") == record["settings"] else {}
    beside = {name: f" (start {to_beat[name]:.1f})" if name in to_beat else "" for name in names}
    return ", ".join(f"{name} {record[name]:.1f}{start_score}" for name, start_score in beside.items())
