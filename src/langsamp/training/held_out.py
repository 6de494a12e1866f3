"""Held-out loss per tag: the same rows under the same masks at every step and for every variant."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from langsamp.data.batches import Batches, MaskedBatch
from langsamp.data.masking import IGNORED
from langsamp.model.fast.last_layer import Places
from langsamp.model.mlm import LangSampForMaskedLM


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Sums over the masked held-out tokens of each tag, shape (tags, 3): loss in nats, right guesses, tokens."""

    sums: Tensor

    def record(self, batches: Batches) -> dict[str, Any]:
        """Loss, accuracy and bits per byte, per tag and as the mean over tags, ready for JSON."""
        tags = {}
        for (tag, entry), (loss, right, count) in zip(
            batches.rows.manifest.tags.items(), self.sums.tolist(), strict=True
        ):
            if count:
                bits = loss / count / math.log(2) * entry.ordinary_tokens / entry.bytes
                tags[tag] = {"loss": loss / count, "accuracy": right / count, "bits_per_byte": bits}
        means = {
            key: sum(scores[key] for scores in tags.values()) / len(tags) if tags else None
            for key in ("loss", "accuracy", "bits_per_byte")
        }
        return {**means, "tags": tags}


@torch.no_grad()
def measure_held_out(
    model: LangSampForMaskedLM,
    batches: Batches,
    *,
    tags: Sequence[int],
    rows_per_batch: int,
    device: torch.device,
) -> HeldOut:
    """Held-out sums of the tags with these indices; the others stay 0, so the sums of all ranks can be added."""
    sums = torch.zeros(len(batches.rows.tags), 3, dtype=torch.float64)
    was_training = model.training
    model.eval()
    for tag in tags:
        for batch in batches.held_out(tag, rows_per_batch=rows_per_batch):
            logits_MV, labels_M = model.masked_logits(**tensors(batch, device))
            loss = F.cross_entropy(logits_MV.float(), labels_M, reduction="sum")
            right = (logits_MV.argmax(-1) == labels_M).sum()
            sums[tag] += torch.tensor([loss.item(), right.item(), batch.num_masked], dtype=torch.float64)
    model.train(was_training)
    return HeldOut(sums=sums)


def tensors(batch: MaskedBatch, device: torch.device) -> Mapping[str, Any]:
    """The model's arguments for `batch`, on `device`, without waiting for it."""
    is_masked = batch.labels != IGNORED
    arrays = {
        "input_ids_BL": batch.input_ids,
        "labels_BL": batch.labels,
        "language_ids_B": batch.language_ids,
        "script_ids_B": batch.script_ids,
    } | ({} if batch.documents is None else {"documents_BL": batch.documents})
    places = Places(_sent(np.flatnonzero(is_masked), device), int(is_masked.sum(axis=1).max()))
    return {name: _sent(array, device) for name, array in arrays.items()} | {"places": places}


def _sent(array: NDArray[np.int64], device: torch.device) -> Tensor:
    """`array` on `device`, to be there before what is asked of the device next."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
