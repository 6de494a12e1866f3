"""What an evaluation does: the fields of a recipe's `evaluation` part and of `langsamp evaluate`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from langsamp.config import Config
from langsamp.evaluation.protocols import FineTuning, Protocol
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.task import Task, TaskData, fine_tuning
from langsamp.languages.tags import LangScript


class EvaluationConfig(Config):
    """Which tasks, on which languages, under which protocol."""

    tasks: tuple[str, ...] = ("sr-cldr",)
    """Names of tasks, or YAML files that describe one; those on the embedded corpus need no data."""
    data: Literal["hub"] | Path | None = None
    """Folder with the tasks' files, or with one sub-folder per task; `hub` for their data sets on the Hugging Face hub;
    None where only embedded tasks run."""
    languages: str = "all"
    """Selector of target languages; only these are read."""
    protocol: Protocol = "fixed"
    """`fixed` does what the paper's text says, `paper` repeats the original evaluation with its defects."""
    sources: tuple[str, ...] = ("eng_Latn",)
    """Tags to fine-tune on, each on its own; retrieval always starts from English."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Each task that fine-tunes does so once for each seed."""
    fine_tuning: Mapping[str, Mapping[str, Any]] = {}
    """Settings of `protocols.FineTuning` put over the protocol's, by kind of task or by task, which counts more:
    `{token-classification: {epochs: 3}, ner: {epochs: 5}}`."""
    layer: int | None = Field(default=None, ge=0)
    """Hidden state that is pooled for retrieval: 0 = embeddings, k = output of block k; None = two thirds of the depth
    (8 of 12, as in the paper)."""
    pooling: Literal["mean_with_specials"] = "mean_with_specials"
    """Mean over all real tokens, `<s>` and `</s>` included, as in the paper."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Precision of the encoder, while it is fine-tuned that of the products; published retrieval scores want fp32."""
    token_budget: int | None = Field(default=None, ge=1)
    """Padded tokens of one batch, at most; bounds memory. Of retrieval it changes no score, of fine-tuning no more than
    the draws of dropout. None = 1,024 on a CPU, 32,768 on a GPU (2,048 and 8,192 where weights are trained)."""
    selection: Literal["none", "dev", "test"] = "none"
    """How the given models were chosen among checkpoints; stamped on every score."""
    data_seed: int = Field(default=0, ge=0)
    """Seed of what a task draws at random: the items of the embedded tasks."""
    start: bool = True
    """Whether a run that continues from an encoder (`model.init`) scores that too, under the name `start`: what it knew
    before is what the trainings must not forget."""

    @field_validator("tasks", "sources", "seeds")
    @classmethod
    def _distinct(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not values:
            raise ValueError("expected at least one, got none")
        if len(set(values)) < len(values):
            raise ValueError(f"one is named twice in {', '.join(map(str, values))}; name each once")
        return values

    @field_validator("sources")
    @classmethod
    def _tags(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            LangScript.parse(source)
        return sources

    @field_validator("seeds")
    @classmethod
    def _counting(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if wrong := [seed for seed in seeds if not 0 <= seed < 2**32]:
            raise ValueError(f"seeds are whole numbers from 0 to {2**32 - 1:,}, got {wrong[0]}")
        return seeds

    @model_validator(mode="after")
    def _known(self) -> Self:
        tasks = [task(name) for name in self.tasks]
        names = [each.name for each in tasks]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two tasks are called {min(twice)!r}; give each a name of its own")
        keys = {each.name for each in tasks} | {each.kind for each in tasks}
        for key in self.fine_tuning:
            if key not in keys:
                raise ValueError(
                    f"fine_tuning: {key!r} is no task or kind of this evaluation ({', '.join(sorted(keys))})"
                )
        for each in tasks:
            self.fine_tuning_of(each)
        return self

    def fine_tuning_of(self, each: Task) -> FineTuning | None:
        """How `each` is fine-tuned here; None where it is not.

        Raises:
            UserError: where `fine_tuning` holds a setting that does not exist or cannot have its value.
        """
        return fine_tuning(each, self.protocol, [self.fine_tuning.get(key, {}) for key in (each.kind, each.name)])

    @property
    def where(self) -> TaskData:
        """What readers are opened by."""
        return TaskData(data=self.data, seed=self.data_seed, protocol=self.protocol)
