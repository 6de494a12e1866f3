"""Batches of sequences through a model, and the labels that it gives them.

Shape suffixes: B sequences of a batch, L tokens, P labelled places of a batch, C labels.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from langsamp.errors import UserError
from langsamp.evaluation.batching import batch_cost, by_length
from langsamp.evaluation.finetuning.tokens import Tokens
from langsamp.machine import out_of_memory

_PREDICTING = {"cpu": 1024, "cuda": 32768}
_TRAINING = {"cpu": 2048, "cuda": 8192}
"""Padded tokens of a batch unless the user says otherwise, by device."""

NOTHING = -1
"""Prediction where the model gives NaN or infinite values."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model with what decides how it computes."""

    model: PreTrainedModel
    filler: int
    """Token that pads; it is masked."""
    precision: str = "fp32"
    """bf16 = products in bf16, weights in fp32."""
    token_budget: int | None = None
    """Padded tokens of a batch at most; None = what suits the device."""

    @property
    def predicting_budget(self) -> int:
        """Padded tokens of a batch whose labels are predicted."""
        return self.token_budget or _PREDICTING.get(self.model.device.type, 1024)

    @property
    def training_budget(self) -> int:
        """Padded tokens of a batch that is trained on."""
        return self.token_budget or _TRAINING.get(self.model.device.type, 1024)

    def computing(self) -> AbstractContextManager[None]:
        """Where forward passes run."""
        return torch.autocast(self.model.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def logits(self, tokens: Tokens, sequences: Sequence[int]) -> tuple[Tensor, NDArray[np.int64]]:
        """Logits (P, C) of all labelled places of some sequences, and which places (P,) of `tokens` these are."""
        ids_BL, mask_BL = self._padded(tokens, sequences)
        logits = self.model(input_ids=ids_BL, attention_mask=mask_BL).logits.float()
        spans = [np.arange(tokens.places[sequence], tokens.places[sequence + 1]) for sequence in sequences]
        places_P = np.concatenate(spans)
        if logits.dim() == 2:
            return logits, places_P
        rows_P = np.repeat(np.arange(len(spans)), [len(span) for span in spans])
        device = logits.device
        columns_P = tokens.heads[places_P].astype(np.int64)
        return logits[torch.from_numpy(rows_P).to(device), torch.from_numpy(columns_P).to(device)], places_P

    def _padded(self, tokens: Tokens, sequences: Sequence[int]) -> tuple[Tensor, Tensor]:
        lengths = tokens.lengths[list(sequences)]
        mask_BL = np.arange(lengths.max()) < lengths[:, None]
        ids_BL = np.full(mask_BL.shape, self.filler, dtype=np.int64)
        ids_BL[mask_BL] = np.concatenate(
            [tokens.ids[tokens.starts[sequence] : tokens.starts[sequence + 1]] for sequence in sequences]
        )
        device = self.model.device
        return torch.from_numpy(ids_BL).to(device), torch.from_numpy(mask_BL.astype(np.int64)).to(device)


@contextmanager
def within_memory(token_budget: int) -> Iterator[None]:
    """Turn memory that is full into a message: a smaller batch would change the draws of dropout, so nobody takes one.

    Raises:
        UserError: saying what to lower.
    """
    try:
        yield
    except RuntimeError as error:
        if not (trouble := out_of_memory(error)):
            raise
        raise UserError(
            f"the memory is too small for batches of {token_budget:,} padded tokens ({trouble}); lower token_budget, "
            "use precision bf16, or see that nothing else runs there"
        ) from None


def predicted(network: Network, tokens: Tokens, *, advance: Callable[[int], object] | None = None) -> NDArray[np.int64]:
    """The number of the likeliest label of each place (P,), `NOTHING` where it cannot be told.

    Sequences of like length go together. `advance` is told how many examples each batch finished.
    """
    network.model.eval()
    labels_P = np.full(tokens.num_places, NOTHING, dtype=np.int64)
    with within_memory(network.predicting_budget), torch.inference_mode(), network.computing():
        lengths, cost = tokens.lengths.tolist(), batch_cost(network.model)
        for batch in by_length(lengths, network.predicting_budget, batch_cost=cost):
            logits_PC, places_P = network.logits(tokens, batch)
            sound_P = logits_PC.isfinite().all(-1)
            labels_P[places_P] = logits_PC.argmax(-1).where(sound_P, NOTHING).cpu().numpy()
            if advance is not None:
                advance(int(tokens.ends[batch].sum()))
    return labels_P
