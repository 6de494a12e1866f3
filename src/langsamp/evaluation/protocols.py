"""How tasks fine-tune: what the paper's text says (`fixed`), and what the authors' code does (`paper`).

Sources: the paper's appendix A for `fixed`; the original evaluation as it was run for `paper`, whose every departure
from the text is listed by `departures`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Protocol = Literal["fixed", "paper"]


class FineTuning(BaseModel):
    """Everything beside model, text and seed that a fine-tuned score depends on; stored with each cell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    """Rate of the first update; falls linearly to 0 without warm-up."""
    batch_size: int = Field(ge=1)
    """Examples of one update: the effective batch."""
    accumulation: int = Field(default=1, ge=1)
    """Parts of a batch whose mean losses are averaged; 1 = one mean over the whole batch, however it is computed."""
    max_tokens: int = Field(default=512, ge=8)
    """Window: tokens of one sequence at most, special tokens included; never more than the model has positions for."""
    max_gradient_norm: float | None = Field(default=1.0, gt=0)
    """Longer gradients are scaled down to this norm; None = never."""
    epsilon: float = Field(default=1e-8, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    select_every: int | None = Field(default=None, ge=1)
    """Updates between two looks at the dev set, with one more after the last update; None = after each epoch. The
    weights of the first of the best looks are kept."""
    drops_parts: bool = False
    """Original defect: of the parts of a batch only the last one moves the weights, its loss divided by
    `accumulation`, while the schedule is sized for all parts and steps once a batch, so that the rate only halves."""
    carries_parts: bool = False
    """Original defect: parts left over at the end of an epoch join the first batch of the next one."""
    schedule_first: bool = False
    """Original defect: the schedule steps before the optimizer, so that the last update has rate 0."""
    raw_epsilon: bool = False
    """Original optimizer: `epsilon` is added before the second moment is corrected for its start at zero, which makes
    it larger in the first updates (32 times in the first)."""
    seeds_head: bool = True
    """Whether the seed draws the new head; the original seeds after the head was drawn."""
    words_alone: bool = False
    """Original way of tagging: each word is tokenised alone and a sequence ends in two end tokens."""

    @model_validator(mode="after")
    def _parts_are_equal(self) -> "FineTuning":
        if self.batch_size % self.accumulation:
            raise ValueError(f"batch_size {self.batch_size} cannot be cut into {self.accumulation} equal parts")
        return self


FINE_TUNING: dict[tuple[str, Protocol], FineTuning] = {
    ("sequence-classification", "fixed"): FineTuning(epochs=40, learning_rate=1e-5, batch_size=16),
    ("token-classification", "fixed"): FineTuning(epochs=10, learning_rate=2e-5, batch_size=32),
    ("sequence-classification", "paper"): FineTuning(
        epochs=40, learning_rate=1e-5, batch_size=16, accumulation=2, max_tokens=100, max_gradient_norm=None,
        drops_parts=True, raw_epsilon=True, seeds_head=False,
    ),
    ("token-classification", "paper"): FineTuning(
        epochs=10, learning_rate=2e-5, batch_size=32, accumulation=4, max_tokens=256, select_every=1000,
        carries_parts=True, schedule_first=True, raw_epsilon=True, words_alone=True,
    ),
}  # fmt: skip
"""By kind of task and protocol; a task may override single fields (`Task.fine_tuning`)."""
