"""How a model is trained: the paper's recipe by default (section 4.1)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from langsamp.model.choice import LossSetting

_CHANGE_NO_WEIGHT = {
    "rows_per_batch",
    "loss",
    "fast",
    "log_every",
    "held_out_every",
    "checkpoint_every",
    "keep_checkpoints",
    "select",
    "log_to",
}

LAST, HELD_OUT_LOSS = "last", "held_out_loss"

Schedule = Literal["linear", "constant", "warmup-stable-decay"]


class TrainingConfig(BaseModel):
    """Optimizer, schedule, precision and what is written when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(default=150_000, ge=1)
    """Optimizer updates."""
    learning_rate: float = Field(default=5e-5, gt=0)
    """Highest learning rate."""
    schedule: Schedule = "linear"
    """`linear` falls to 0 over all steps, `constant` stays, `warmup-stable-decay` falls only at the end."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps over which the learning rate rises from 0, under any schedule."""
    decay_share: float = Field(default=0.2, gt=0, le=1)
    """Share of the steps over which `warmup-stable-decay` falls to 0."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's averaging of gradients and of their squares."""
    epsilon: float = Field(default=1e-6, gt=0)
    """AdamW's epsilon (paper: 1e-6)."""
    weight_decay: float = Field(default=0.0, ge=0)
    """AdamW's decay of matrices; biases, norms and the language and script tables never decay."""
    max_gradient_norm: float | None = Field(default=1.0, gt=0)
    """Gradients are scaled down to this norm; null for no clipping."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Arithmetic of forward and backward; weights and optimizer stay fp32."""
    rows_per_batch: int = Field(default=32, ge=1)
    """Rows of one forward and backward pass on one device; a step accumulates as many as it needs."""
    loss: LossSetting = "auto"
    """Backend of the loss; all give the same to float rounding. `auto` measures at the start and keeps its choice."""
    fast: bool = True
    """Whether the encoder takes the fast paths that there are for it: the same results to float rounding, but dropout
    draws other bits. False computes as Hugging Face does."""
    log_every: int = Field(default=10, ge=1)
    """Steps between two lines of the log."""
    held_out_every: int = Field(default=5_000, ge=1)
    """Steps between two measurements of held-out loss; the last step is always measured."""
    checkpoint_every: int = Field(default=5_000, ge=1)
    """Steps between two checkpoints; the last step is always saved."""
    keep_checkpoints: int | None = Field(default=None, ge=1)
    """Newest checkpoints to keep; null keeps all. Where `select` chooses, the best one so far is kept beside them."""
    select: str = LAST
    """Which checkpoint is exported: `last`, `held_out_loss` for that of the lowest, or one of `monitor.tasks` for that
    of the highest score. It is chosen among the checkpoints whose step is measured; the first of equals is taken."""
    log_to: tuple[Literal["tensorboard", "wandb"], ...] = ()
    """Trackers that get the log beside `log.jsonl`."""

    def deciding(self, *, capped: bool) -> dict[str, Any]:
        """The settings that decide the weights at each step, in JSON's terms; a run may go on under other ones.

        A constant schedule passes through every state of a shorter run, unless repetition is `capped` over the steps.
        """
        free = _CHANGE_NO_WEIGHT | ({"steps"} if self.schedule == "constant" and not capped else set())
        return self.model_dump(mode="json", exclude=free)

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of the update that follows `step` finished ones."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        if self.schedule == "constant":
            return self.learning_rate
        falling = self.steps - self.warmup_steps if self.schedule == "linear" else self.decay_share * self.steps
        return self.learning_rate * min(1.0, (self.steps - step) / max(falling, 1))
