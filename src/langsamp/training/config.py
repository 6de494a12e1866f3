"""How a model is trained: the paper's recipe by default (section 4.1)."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from langsamp.config import Config
from langsamp.model.autotune import LossSetting
from langsamp.training.anchor import AnchorConfig
from langsamp.training.optimization.schedule import DecayShape, Kind, Schedule

_CHANGE_NO_WEIGHT = {
    "rows_per_batch",
    "gradient_checkpointing",
    "sharding",
    "loss",
    "fast",
    "log_every",
    "held_out_every",
    "checkpoint_every",
    "keep_checkpoints",
    "milestone_every",
    "rank_timeout",
    "select",
    "log_to",
}

LAST, HELD_OUT_LOSS = "last", "held_out_loss"

_USUAL_ROWS = 32

_Average = Annotated[float, Field(ge=0, lt=1)]


class TrainingConfig(Config):
    """Optimizer, schedule, precision and what is written when."""

    steps: int = Field(default=150_000, ge=1)
    """Optimizer updates."""
    learning_rate: float = Field(default=5e-5, gt=0)
    """Highest learning rate."""
    schedule: Kind = "linear"
    """`linear` and `cosine` fall over all steps, `constant` stays, `warmup-stable-decay` falls only at the end. The
    authors' script falls linearly over 20 epochs, of which 150,000 steps are a small part: `final_share` 0.85 or so."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps over which the learning rate rises from 0, under any schedule; no more than `steps`."""
    head_warmup_steps: int = Field(default=0, ge=0)
    """First steps, of `steps`, that train the LM head and the vectors alone while the encoder is frozen: cheap, and no
    wrong gradient of a new head (`model.new_head`) ever reaches the encoder. Vectors that are added at the input wait.
    The schedule, with its own warm-up, begins afterwards."""
    head_warmup_learning_rate: float | None = Field(default=None, gt=0)
    """Learning rate of these steps; null for `learning_rate`."""
    decay_share: float = Field(default=0.2, gt=0, le=1)
    """Share of the steps over which `warmup-stable-decay` falls."""
    decay_shape: DecayShape = "linear"
    """How `warmup-stable-decay` falls: `linear`, or `1-sqrt`, steep at first and flat at the end."""
    final_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of the highest learning rate at which the fall ends."""
    optimizer: Literal["adamw", "stable-adamw", "muon"] = "adamw"
    """`stable-adamw` scales down the update of a tensor whose gradient jumps; `muon` updates the matrices inside the
    encoder's layers by Muon, in steps of AdamW's size, and all else by AdamW."""
    betas: tuple[_Average, _Average] = (0.9, 0.999)
    """AdamW's averaging of gradients and of their squares, each from 0 to below 1."""
    epsilon: float = Field(default=1e-6, gt=0)
    """AdamW's epsilon (paper: 1e-6; the authors' script: 1e-8)."""
    momentum: float = Field(default=0.95, ge=0, lt=1)
    """Muon's averaging of gradients."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decay of matrices but for the language and script tables; biases and norms never decay."""
    tables_learning_rate: float | None = Field(default=None, gt=0)
    """Highest learning rate of the language and script tables; null for `learning_rate`."""
    tables_weight_decay: float = Field(default=0.0, ge=0)
    """Decay of the language and script tables."""
    layer_decay: float | None = Field(default=None, gt=0, le=1)
    """Learning rate of each layer of the encoder as a share of that of the layer above it, the embeddings lying below
    the lowest: 0.9 lets lower layers move less. The top layer, LM head and vectors have the whole rate. Null for one
    rate."""
    freeze_layers: int | None = Field(default=None, ge=1)
    """How many of the lowest layers are not trained at all, nor the embeddings, nor a decoder that is the word
    embedding; null trains everything. For a model that continues from another (`model.init`)."""
    anchor: AnchorConfig | None = None
    """Holds the encoder at the one that it continues from (`model.init`), by its weights or by its sentence vectors:
    `{kind: sentence-vectors, strength: 0.1, languages: head}`. Null for none."""
    max_gradient_norm: float | None = Field(default=1.0, gt=0)
    """Gradients are scaled down to this norm; null for no clipping."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Arithmetic of forward and backward; weights and optimizer stay fp32."""
    rows_per_batch: Annotated[int, Field(ge=1)] | Literal["auto"] = _USUAL_ROWS
    """Rows of one forward and backward pass on one device; a step accumulates as many as it needs. `auto` tries sizes
    at the start and keeps the one that it finds."""
    gradient_checkpointing: bool = False
    """Whether the backward pass computes the layers' inner results anew instead of keeping them: less memory, about a
    third more time, the same bits."""
    sharding: Literal["none", "fsdp"] = "none"
    """How several processes hold the model. `none` gives each all of it (DDP). `fsdp` (PyTorch's FSDP2) gives each of N
    an Nth of weights, gradients and optimizer, 16 bytes a parameter with AdamW, and one block at a time whole: for
    models that do not fit otherwise. The losses are the same to the order of sums. It costs traffic: weights are
    gathered twice for each batch of `rows_per_batch` and once for each held-out measurement and score. A step of
    several batches keeps whole gradients until its last. One process has nothing to spread. Each process writes its
    part of a checkpoint, for which all need one disk. A training goes on from it with either, and with any number of
    processes."""
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
    milestone_every: int | None = Field(default=None, ge=1)
    """Steps between two checkpoints that are kept for good, beside the newest `keep_checkpoints`: a multiple of
    `checkpoint_every`; null for none."""
    rank_timeout: float = Field(default=45.0, gt=0)
    """Seconds without a sign of one of several processes after which it counts as dead or hung, and the others end with
    a message that names it. A process that works on something long, such as a checkpoint, gives its signs meanwhile."""
    select: str = LAST
    """Which checkpoint is exported: `last`, `held_out_loss` for that of the lowest, or one of `monitor.tasks` for that
    of the highest score. It is chosen among the checkpoints whose step is measured; the first of equals is taken."""
    log_to: tuple[Literal["tensorboard", "wandb"], ...] = ()
    """Trackers that get the log beside `log.jsonl`."""

    @model_validator(mode="after")
    def _names_trackers_once(self) -> Self:
        if len(set(self.log_to)) < len(self.log_to):
            raise ValueError(f"log_to names one twice in {', '.join(self.log_to)}; name each once")
        return self

    @model_validator(mode="after")
    def _warms_up_in_time(self) -> Self:
        if self.head_warmup_steps >= self.steps:
            raise ValueError(
                f"head_warmup_steps is {self.head_warmup_steps}, and there are {self.steps} steps: none is left to "
                "train the encoder"
            )
        if self.head_warmup_learning_rate is not None and not self.head_warmup_steps:
            raise ValueError("head_warmup_learning_rate is for head_warmup_steps, of which there are none")
        left = self.steps - self.head_warmup_steps
        if self.warmup_steps > left:
            after = f" after {self.head_warmup_steps:,} head_warmup_steps" if self.head_warmup_steps else ""
            raise ValueError(
                f"warmup_steps is {self.warmup_steps:,}, more than the {left:,} steps{after}: the learning rate would "
                "never be reached. Warm up for fewer steps, or train more"
            )
        return self

    @model_validator(mode="after")
    def _can_be_spread(self) -> Self:
        if self.sharding == "none":
            return self
        if self.rows_per_batch == "auto":
            raise ValueError(
                "sharding fsdp: rows_per_batch auto tries sizes in each process apart, but no process has all weights; "
                "write a number"
            )
        if self.precision == "fp16":
            raise ValueError(
                "sharding fsdp: the scaling of fp16's losses is not made for it; use precision bf16 or fp32"
            )
        if self.anchor is not None and self.anchor.kind == "sentence-vectors" and self.anchor.strength:
            raise ValueError(
                "sharding fsdp: an anchor of sentence-vectors keeps a whole encoder in each process, which sharding is "
                "to spare; use anchor.kind weights, or sharding none"
            )
        return self

    @model_validator(mode="after")
    def _keeps_what_is_saved(self) -> Self:
        if self.milestone_every is not None and self.milestone_every % self.checkpoint_every:
            raise ValueError(
                f"milestone_every is {self.milestone_every:,}, no multiple of the {self.checkpoint_every:,} steps "
                "between two checkpoints (checkpoint_every): some milestones would not be saved"
            )
        return self

    def deciding(self, *, capped: bool) -> dict[str, Any]:
        """The settings that decide the weights at each step, in JSON's terms; a run may go on under other ones.

        A constant schedule passes through every state of a shorter run, unless repetition is `capped` over the steps.
        """
        free = _CHANGE_NO_WEIGHT | ({"steps"} if self.schedule == "constant" and not capped else set())
        return self.model_dump(mode="json", exclude=free)

    def learning_rate_share(self, step: int) -> float:
        """Share of the highest learning rate for the update that follows `step` finished ones.

        Above 1 where the head is warmed up at a higher rate.
        """
        if step < self.head_warmup_steps:
            return (self.head_warmup_learning_rate or self.learning_rate) / self.learning_rate
        return Schedule(
            kind=self.schedule,
            steps=self.steps - self.head_warmup_steps,
            warmup_steps=self.warmup_steps,
            decay_share=self.decay_share,
            decay_shape=self.decay_shape,
            final_share=self.final_share,
        ).at(step - self.head_warmup_steps)

    @property
    def highest_of_tables(self) -> float:
        """Highest learning rate of the language and script tables."""
        return self.learning_rate if self.tables_learning_rate is None else self.tables_learning_rate

    def warms_head(self, step: int) -> bool:
        """Whether only head and vectors learn in the step after `step` finished ones."""
        return step < self.head_warmup_steps

    @property
    def usual_rows(self) -> int:
        """Rows of a batch where a size is needed before, or without, one that was found by trying."""
        return self.rows_per_batch if isinstance(self.rows_per_batch, int) else _USUAL_ROWS
