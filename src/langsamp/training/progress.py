"""What a training tells while it runs: the numbers of its updates, the bar in the terminal, and where a loss broke."""

from typing import Any, Self

import numpy as np
from torch import Tensor

from langsamp.data.sampler import RowOrder
from langsamp.errors import NonFiniteLossError, first_of
from langsamp.progress import Bar
from langsamp.training.checkpoint import checkpoints
from langsamp.training.job import TrainingJob
from langsamp.training.log import Clock


class Progress:
    """The updates since the last line of the log, and a bar with the newest loss and scores."""

    def __init__(self, task: TrainingJob, order: RowOrder, step: int, *, is_shown: bool) -> None:
        """Start behind `step` finished updates; one process of several shows the bar."""
        self._task, self._order = task, order
        self._bar = Bar(task.name, total=task.config.steps, unit="steps", done=step, is_shown=is_shown)
        self._shown: dict[str, str] = {}
        self._updates: list[tuple[int, Tensor, Tensor, Tensor | None]] = []
        """Of each: step, mean loss, gradient norm, the anchor's distance. Still on the device: asking waits for it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def updated(self, step: int, loss: Tensor, norm: Tensor, distance: Tensor | None = None) -> None:
        """Count one update, which followed `step` finished ones; `distance` is that which an anchor measured."""
        self._updates.append((step, loss, norm, distance))
        self._bar.update()

    def show(self, **news: str) -> None:
        """Let the bar show this in place of what it showed under the same names."""
        self._shown |= news
        self._bar.note(", ".join(self._shown.values()))

    def since_last(self, clock: Clock) -> dict[str, Any]:
        """The line of the log about the updates since the last call, which the bar shows.

        Raises:
            NonFiniteLossError: where a loss was NaN or infinite.
        """
        losses = self.check_all()
        lap, config = clock.lap(), self._task.config
        tokens = len(losses) * self._task.sampler.rows_per_step * self._task.batches.rows.row_tokens
        step, _, norm, distance = self._updates[-1]
        values = {
            "loss": sum(losses) / len(losses),
            "learning_rate": config.learning_rate * config.learning_rate_share(step),
            "gradient_norm": norm.item(),
            **({} if distance is None else {"anchor_distance": distance.item()}),
            "tokens_per_second": tokens / lap.training,
            "data_wait": lap.waiting / lap.training,
            "seconds": lap.since_start,
        }
        self._updates.clear()
        self.show(train=f"loss {values['loss']:.3f}, {values['tokens_per_second']:,.0f} tokens/s")
        return values

    def check_all(self) -> list[float]:
        """The losses of the updates since the last line, in order.

        Raises:
            NonFiniteLossError: where one was NaN or infinite.
        """
        losses = [loss.item() for _, loss, *_ in self._updates]
        for (step, *_), loss in zip(self._updates, losses, strict=True):
            self.check(step, loss)
        return losses

    def check(self, step: int, loss: float) -> None:
        """Accept a finite loss.

        Raises:
            NonFiniteLossError: for another; the message names the step, its rows, and the newest checkpoint.
        """
        if np.isfinite(loss):
            return
        rows = self._task.sampler.rows_per_step
        draws = self._order.draws(step * rows, (step + 1) * rows)
        tags = self._task.batches.rows.tags
        names = [f"{tags[tag]}:{row}" for tag, row in zip(draws.tag, draws.row, strict=True)]
        newest = checkpoints(self._task.checkpoints)
        raise NonFiniteLossError(
            f"{self._task.name}: the loss of step {step} is {loss}. Its rows (tag:row): {first_of(names, 12)}. Saved "
            f"last: {newest[-1].name if newest else 'nothing'}. Lower training.learning_rate, warm up longer, or use "
            "fp32"
        )
