"""The learning rate over a training, as a share of the highest: a pure function of the step, so nothing is kept.

The update that follows `step` finished ones takes `at(step)`; the last one is `at(steps - 1)`, and `at(steps)` is where
the curve ends.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["linear", "constant", "cosine", "warmup-stable-decay"]
DecayShape = Literal["linear", "1-sqrt"]

_SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda left: left,
    "cosine": lambda left: (1 - math.cos(math.pi * left)) / 2,
    "1-sqrt": lambda left: 1 - math.sqrt(1 - left),
}
"""From the share of the fall that is left to the share of the height that is left; both go from 1 to 0."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A rise, a plateau and a fall, of which some may take no step.

    `linear` and `cosine` (Loshchilov and Hutter 2017, without restarts) fall from the end of the warmup on; `constant`
    never falls; `warmup-stable-decay` (Hu et al. 2024) falls over the last `decay_share` of the steps, as `decay_shape`
    says: `1-sqrt` is what Haegele et al. (2024) found best.
    """

    kind: Kind
    steps: int
    warmup_steps: int
    decay_share: float
    decay_shape: DecayShape
    final_share: float
    """Where the fall ends."""

    def at(self, step: int) -> float:
        """The share of the highest learning rate for the update that follows `step` finished ones."""
        rise = (step + 1) / self.warmup_steps if step < self.warmup_steps else 1.0
        return min(rise, self._fall(step))

    def _fall(self, step: int) -> float:
        if self.kind == "constant":
            return 1.0
        is_late = self.kind == "warmup-stable-decay"
        length = self.decay_share * self.steps if is_late else self.steps - self.warmup_steps
        left = min(1.0, (self.steps - step) / max(length, 1))
        height = _SHAPES[self.decay_shape if is_late else self.kind](left)
        return self.final_share + (1 - self.final_share) * height
