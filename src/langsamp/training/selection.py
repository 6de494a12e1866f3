"""Which checkpoint a training gives: its last one, or the best of those that were measured on its way.

Every step that is both saved and measured is a candidate, and the last step always is. So the choice follows from the
log, whatever way the training took there.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from langsamp.errors import DataMissingError, UserError
from langsamp.training.checkpoint import Selected, checkpoint_folder, checkpoints, read_record
from langsamp.training.config import HELD_OUT_LOSS, LAST, TrainingConfig
from langsamp.training.monitor import Monitor


def candidates(config: TrainingConfig, every: int) -> list[int]:
    """The steps with a checkpoint among those that are measured `every` so many steps; the last one has both."""
    both = math.lcm(every, config.checkpoint_every)
    return [*range(both, config.steps, both), config.steps]


class Selection:
    """The best checkpoint so far, by the lines of the log."""

    def __init__(self, config: TrainingConfig, monitor: Monitor | None, *, has_held_out: bool) -> None:
        """Choose as `config.select` says, by a score of `monitor` or, where there are such rows, by held-out loss.

        Raises:
            UserError: where nothing measures what it names.
        """
        self.by = config.select
        self._monitor = monitor if self.by not in (LAST, HELD_OUT_LOSS) else None
        if self.by not in (LAST, HELD_OUT_LOSS, *(monitor.items if monitor else ())):
            raise UserError(f"training.select {self.by!r} is measured by nothing: expected one of monitor.tasks")
        if self.by == HELD_OUT_LOSS and not has_held_out:
            raise UserError(
                "training.select held_out_loss: no tag has held-out rows. Set rows.held_out_rows (at most a tenth of a "
                "tag's rows is held out), or select by another score"
            )
        every = self._monitor.every if self._monitor else config.held_out_every
        self._candidates = candidates(config, every) if self.by != LAST else []
        self._scores: dict[int, float] = {}

    @property
    def on(self) -> Literal["none", "dev", "test"]:
        """What the choice looks at."""
        if self._monitor is not None:
            return self._monitor.items[self.by]
        return "none" if self.by == LAST else "dev"

    @property
    def best(self) -> int | None:
        """The step of the best candidate so far, the first of equals; None where the last checkpoint is taken."""
        return max(self._scores, key=self._scores.__getitem__, default=None)

    @property
    def record(self) -> Selected | None:
        """What a checkpoint says of the best one so far."""
        if self.best is None:
            return None
        return Selected(by=self.by, on=self.on, step=self.best, score=self._scores[self.best])

    def note(self, line: Mapping[str, Any]) -> None:
        """Take notice of a line of the log, in the order of steps."""
        if line["step"] not in self._candidates:
            return
        if self.by == HELD_OUT_LOSS and line["kind"] == "held_out":
            score = -line["loss"]
        elif self._monitor and line["kind"] == "evaluation" and line["settings"] == self._monitor.settings:
            score = line[self.by]
        else:
            return
        self._scores[line["step"]] = score if math.isfinite(score) else -math.inf

    def resume(self, lines: Iterable[Mapping[str, Any]], *, step: int, folder: Path) -> None:
        """Take notice of the log in `folder` of a training that stands at `step`.

        Raises:
            UserError: where a candidate until then was not measured as now.
        """
        for line in lines:
            self.note(line)
        if missing := [each for each in self._candidates if each <= step and each not in self._scores]:
            raise UserError(
                f"training.select {self.by}: {folder / 'log.jsonl'} has no {self.by} of step {missing[0]}, measured "
                "with the settings and texts of now. Set training.select to last, or train in another folder"
            )

    def chosen(self, folder: Path) -> Path:
        """The checkpoint to give of those in `folder`, once all steps are done.

        Raises:
            UserError: where it was deleted.
        """
        if self.best is None:
            return checkpoints(folder)[-1]
        chosen = checkpoint_folder(folder, self.best)
        if not chosen.is_dir():
            kept = ", ".join(path.name for path in checkpoints(folder))
            raise UserError(
                f"training.select {self.by}: {chosen} is the best checkpoint, but it was deleted ({kept} are there). "
                "Set training.select to last, or train in another folder"
            )
        return chosen


def chosen_until_now(newest: Path) -> Path:
    """The checkpoint that a training has chosen until its newest one: that itself, unless it selects.

    Raises:
        DamagedError: where the newest one cannot be read.
        DataMissingError: where the chosen one was deleted.
    """
    selected = read_record(newest).selected
    if selected is None:
        return newest
    chosen = checkpoint_folder(newest.parent, selected.step)
    if not chosen.is_dir():
        raise DataMissingError(
            f"{chosen}, the best by {selected.by}, was deleted; name the checkpoint to take, such as {newest}"
        )
    return chosen
