"""One training as it is handed to the loop, and the order in which it reads rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from langsamp.data.batches import Batches
from langsamp.data.phases import order_of
from langsamp.data.sampler import RowOrder, SamplerConfig
from langsamp.languages.ids import LanguageIds
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.config import TrainingConfig
from langsamp.training.monitor import Monitor


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """All that one training is: what is trained, on what, how, and where it goes."""

    name: str
    model: LangSampForMaskedLM
    batches: Batches
    tokenizer: PreTrainedTokenizerBase
    ids: LanguageIds
    sampler: SamplerConfig
    config: TrainingConfig
    seed: int
    out: Path
    identity: Mapping[str, Any]
    """All that decides the weights at each step, in JSON's terms: kept in every checkpoint and compared at resume."""
    monitor: Monitor | None = None
    """Scores to take on the way; they change no weight."""
    continues: bool = False
    """Whether it starts from a trained encoder, so that held-out loss and scores are measured at step 0 too."""

    @property
    def start(self) -> list[str]:
        """What there is to say of where the weights come from and how the training begins, a sentence each."""
        warmed = self.config.head_warmup_steps
        alone = [f"the LM head and the vectors are trained alone for the first {warmed:,} steps"] if warmed else []
        number = self.config.freeze_layers
        frozen = [f"the embeddings and the lowest {number} layers are not trained"] if number else []
        anchor = self.config.anchor
        held = (
            [f"the encoder is held at its start's {anchor.held} (training.anchor)"]
            if anchor and anchor.strength
            else []
        )
        return [*self.model.start, *alone, *frozen, *held]

    @property
    def record(self) -> dict[str, Any]:
        """What each of its checkpoints says of it, in JSON's terms."""
        return {
            "name": self.name,
            "variant": self.model.variant,
            "seed": self.seed,
            "data": self.batches.rows.fingerprint,
            "identity": dict(self.identity),
            "ids": self.ids.model_dump(mode="json"),
            "start": self.start,
        }

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.out / "checkpoints"


def row_order(batches: Batches, sampler: SamplerConfig, *, steps: int, seed: int) -> RowOrder:
    """The order in which a training of `steps` steps reads the rows of `batches`."""
    rows = dict(zip(batches.rows.tags, batches.rows.sizes, strict=True))
    return order_of(sampler, rows, steps=steps, fingerprint=batches.rows.fingerprint, seed=seed)


def step_seed(seed: int, step: int, rank: int) -> int:
    """What decides the dropout of one rank's part of a step."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> 1)
