"""A pull back to the start: what is added to the loss grows with the squared distance of the weights to the start's.

As L2-SP (Li et al. 2018), over the encoder alone: LM head and vectors are what is to be learned.
"""

import torch
from torch import Tensor

from langsamp.model.mlm import LangSampForMaskedLM


class Anchor:
    """The encoder's weights as they are now, and the gradient that pulls it back to them.

    The loss is that of masked tokens plus `weight` times the sum of (w - start) ** 2 over all trained weights w of the
    encoder; the log shows the loss of masked tokens alone.
    """

    def __init__(self, model: LangSampForMaskedLM, *, weight: float) -> None:
        """Keep a copy of the trained weights of the encoder of `model`, as many bytes as they take."""
        self._weight = weight
        self._starts: list[tuple[Tensor, Tensor]] = [
            (parameter, parameter.detach().clone())
            for parameter in model.mlm.base_model.parameters()
            if parameter.requires_grad
        ]

    @torch.no_grad()
    def pull(self, *, scale: float = 1.0) -> None:
        """Add the pull's gradient to those that are there, which are `scale` times too large."""
        for parameter, start in self._starts:
            if parameter.grad is not None:
                parameter.grad.add_(parameter - start, alpha=2 * self._weight * scale)
