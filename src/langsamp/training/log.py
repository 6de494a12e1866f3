"""The training log: one JSON object a line, always; TensorBoard or W&B beside it on request."""

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from langsamp.artifacts import write_text
from langsamp.errors import UserError


class TrainingLog:
    """Lines of `log.jsonl`: `kind` is `train` or `held_out`, `step` counts finished updates."""

    def __init__(self, path: Path, *, accelerator: Accelerator, trackers: Sequence[str], step: int) -> None:
        """Open the log of a training that stands at `step`; lines after it, from a run that was killed, go.

        Raises:
            UserError: where a tracker is not installed.
        """
        self._path, self._accelerator = path, accelerator
        if accelerator.is_main_process:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
            write_text(path, "".join(line for line in lines if _step(line) <= step))
        for tracker in trackers:
            if find_spec(tracker) is None:
                raise UserError(
                    f"cannot log to {tracker}: it is not installed. pip install 'langsamp[{tracker}]', or take it out "
                    "of training.log_to"
                )
        if trackers:
            accelerator.init_trackers("langsamp")

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Append one line; trackers get its plain numbers."""
        if self._accelerator.is_main_process:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        numbers = {f"{kind}/{key}": value for key, value in values.items() if isinstance(value, int | float)}
        self._accelerator.log(numbers, step=step)

    def close(self) -> None:
        """Flush the trackers."""
        self._accelerator.end_training()


def _step(line: str) -> float:
    """The step of a log line; a line cut short by a kill counts as after everything."""
    try:
        return float(json.loads(line)["step"])
    except json.JSONDecodeError:
        return float("inf")
