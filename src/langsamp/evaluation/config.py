"""What an evaluation does: the fields of a recipe's `evaluation` part and of `langsamp evaluate`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from langsamp.evaluation.tasks import task


class EvaluationConfig(BaseModel):
    """Which tasks, on which languages, under which protocol."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: tuple[str, ...] = ("sr-cldr",)
    """Names of tasks; `sr-cldr` needs no data."""
    data: Path | None = None
    """Folder with the tasks' files, or with one sub-folder per task; None where only embedded tasks run."""
    languages: str = "all"
    """Selector of target languages; only these are read."""
    protocol: Literal["fixed", "paper"] = "fixed"
    """`fixed` does what the paper's text says, `paper` repeats the original evaluation with its defects."""
    layer: int | None = Field(default=None, ge=0)
    """Hidden state that is pooled for retrieval: 0 = embeddings, k = output of block k; None = two thirds of the depth
    (8 of 12, as in the paper)."""
    pooling: Literal["mean_with_specials"] = "mean_with_specials"
    """Mean over all real tokens, `<s>` and `</s>` included, as in the paper."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Precision of the encoder; published retrieval scores want fp32."""
    token_budget: int | None = Field(default=None, ge=1)
    """Padded tokens of one batch, at most; bounds memory and changes no score. None = 1,024 on a CPU, 32,768 on a
    GPU."""
    selection: Literal["none", "dev", "test"] = "none"
    """How the given models were chosen among checkpoints; stamped on every score."""
    seed: int = Field(default=0, ge=0)
    """Seed of what a task draws at random (the items of `sr-cldr`); tasks that draw nothing are stored under seed 0."""

    @field_validator("tasks")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("expected at least one task, got none")
        if len(set(names)) < len(names):
            raise ValueError(f"a task is named twice in {', '.join(names)}; name each once")
        for name in names:
            task(name)
        return names
