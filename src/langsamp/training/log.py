"""The training log: one JSON object a line, always; TensorBoard or W&B beside it on request."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from accelerate import Accelerator

from langsamp.disk.files import write_text, writing
from langsamp.disk.seals import signed_line
from langsamp.training.reading_log import read_log
from langsamp.training.throughput.prefetch import Prefetcher


class Lap(NamedTuple):
    """Seconds since the lap before: of training, of waiting for data within it; and all seconds since the start."""

    training: float
    waiting: float
    since_start: float


class Clock:
    """Times the laps between log lines; held-out loss and checkpoints, done `aside`, do not count as training."""

    def __init__(self, steps: Prefetcher[Any]) -> None:
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
        """Open the log of a training that stands at `step`; lines after it, from a run that was killed, go."""
        self._path, self._accelerator = path, accelerator
        self.lines = tuple(line for line in read_log(path) if line["step"] <= step) if step else ()
        """What was written until `step` by earlier processes; at step 0 nothing that they wrote was kept."""
        if accelerator.is_main_process:
            write_text(path, "".join(map(signed_line, self.lines)))
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
