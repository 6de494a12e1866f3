"""What one training step of a stored model costs, so that two vocabularies can be compared on this machine."""

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import AutoModelForMaskedLM

from langsamp.data.masking import IGNORED
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.load_pretrained import load_pretrained
from langsamp.model.pretrained.model_config import load_config
from langsamp.model.shapes import positions

_ROWS, _TOKENS, _MASKED, _TIMES = 8, 128, 0.15, 3
_BYTES = 16
"""Of a parameter in training: weight, gradient and AdamW's two moments in float32."""


class StepCost(NamedTuple):
    """Of one step over 8 rows of 128 tokens, the LM head included."""

    seconds: float
    """Median of three steps (forward, backward, AdamW) after one to warm up, on the processor."""
    memory_mib: float
    """Weights, gradients and AdamW's moments in float32."""


def step_cost(folder: Path, *, vocabulary_size: int) -> StepCost | None:
    """The cost of a training step of the model in `folder`; None where its architecture cannot be trained here."""
    if load_config(folder).model_type not in HEADS:
        return None
    mlm = load_pretrained(AutoModelForMaskedLM, folder).model
    model = LangSampForMaskedLM(mlm, variant="none", num_languages=0, num_scripts=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, fused=True)
    generator = torch.Generator().manual_seed(0)
    shape = (_ROWS, min(_TOKENS, positions(mlm.config)))
    ids_BL = torch.randint(vocabulary_size, shape, generator=generator)
    labels_BL = torch.where(torch.rand(shape, generator=generator) < _MASKED, ids_BL, IGNORED)
    seconds = []
    for _ in range(_TIMES + 1):
        started = time.perf_counter()
        (model(ids_BL, labels_BL) / len(ids_BL)).backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - started)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return StepCost(statistics.median(seconds[1:]), parameters * _BYTES / (1 << 20))
