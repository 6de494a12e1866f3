"""The training log: one JSON object a line, always; TensorBoard or W&B beside it on request."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from accelerate import Accelerator
from pydantic import BaseModel, ConfigDict, Field

from langsamp.artifacts import as_record, write_text, writing
from langsamp.errors import DamagedError, UserError
from langsamp.seals import is_signed, signed_line
from langsamp.training.ahead import Ahead


class Lap(NamedTuple):
    """Seconds since the lap before: of training, of waiting for data within it; and all seconds since the start."""

    training: float
    waiting: float
    since_start: float


class Clock:
    """Times the laps between log lines; held-out loss and checkpoints, done `aside`, do not count as training."""

    def __init__(self, steps: Ahead[Any]) -> None:
        """Start now; `steps` tells how long training waited for data."""
        self._steps = steps
        self._start = self._mark = time.perf_counter()
        self._aside = self._waited = 0.0

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Time in this block is not training."""
        began = time.perf_counter()
        yield
        self._aside += time.perf_counter() - began

    def lap(self) -> Lap:
        """The lap that ends now."""
        now = time.perf_counter()
        lap = Lap(now - self._mark - self._aside, self._steps.waited - self._waited, now - self._start)
        self._mark, self._aside, self._waited = now, 0.0, self._steps.waited
        return lap


class TrainingLog:
    """Lines of `log.jsonl`: `step` counts updates.

    `kind` is `fast_paths`, `batch_size`, `train`, `held_out` or `evaluation`.
    """

    def __init__(self, path: Path, *, accelerator: Accelerator, trackers: Sequence[str], step: int) -> None:
        """Open the log of a training that stands at `step`; lines after it, from a run that was killed, go.

        Raises:
            UserError: where a tracker is not installed.
        """
        self._path, self._accelerator = path, accelerator
        self.lines = tuple(line for line in read_log(path) if line["step"] <= step)
        """What was written until `step` by earlier processes."""
        if accelerator.is_main_process:
            write_text(path, "".join(map(signed_line, self.lines)))
        for tracker in trackers:
            if find_spec(tracker) is None:
                raise UserError(
                    f"cannot log to {tracker}: it is not installed. pip install 'langsamp[{tracker}]', or take it out "
                    "of training.log_to"
                )
        if trackers:
            accelerator.init_trackers("langsamp")

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Append one line and return it; trackers get its plain numbers.

        Raises:
            UserError: where the disk is full.
        """
        line = {"kind": kind, "step": step, **values}
        if self._accelerator.is_main_process:
            with writing(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write(signed_line(line))
        numbers = {f"{kind}/{key}": value for key, value in values.items() if isinstance(value, int | float)}
        self._accelerator.log(numbers, step=step)
        return line

    def close(self) -> None:
        """Flush the trackers."""
        for tracker in self._accelerator.trackers:
            tracker.finish()


class _Line(BaseModel):
    """What every line of the log holds."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str
    step: Annotated[int, Field(ge=0)]


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a training's log, without their checksums; none where there is no file.

    A last line that a kill cut short is left out.

    Raises:
        DamagedError: where a line is not as it was written; its number is named.
    """
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    if _is_cut(lines[-1]):
        lines.pop()
    return [_read_line(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _is_cut(line: bytes) -> bool:
    """Whether a last line is empty or ends inside its object; one with an end, and more behind it, is damaged."""
    try:
        json.JSONDecoder().raw_decode(line.decode())
    except ValueError:
        return True
    return False


def _read_line(line: bytes, where: str) -> dict[str, Any]:
    remedy = "put the file back from a copy, or delete that line"
    try:
        content = json.loads(line)
    except ValueError as error:
        raise DamagedError(f"{where} is not readable as JSON ({error}); {remedy}") from None
    if isinstance(content, dict) and "checksum" in content and not is_signed(content):
        raise DamagedError(f"{where} does not match its own checksum; {remedy}")
    as_record(_Line, content, Path(where), remedy=remedy)
    return {key: value for key, value in content.items() if key != "checksum"}
