"""AdamW whose update of a tensor is scaled down where its gradient is larger than the average it is divided by.

StableAdamW (Wortsman et al. 2023, algorithm 2): the learning rate of each tensor is divided by max(1, RMS), where RMS
is the root of the mean of g^2 / max(v, epsilon^2) over the tensor, g its gradient and v AdamW's bias-corrected average
of squared gradients, this one included. Where a stale average would let an update explode it stays small. The update
itself is torch's own, fused, and the host never waits for the device.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

from langsamp.training.sharding import part_here, sum_of_parts

_ON_CPU, _ELSEWHERE = 1 << 18, 1 << 24
"""Numbers whose ratio is computed at once, so that a large embedding needs no second copy of itself: what stays in a
core's cache, or enough to keep a GPU busy."""


class StableAdamW(AdamW):
    """AdamW with update clipping; each group has one parameter, as each has its own learning rate."""

    def __init__(self, groups: Iterable[dict[str, Any]], **settings: Any) -> None:
        """Update the parameters of `groups` with torch's settings of AdamW."""
        alone = [{**group, "params": [parameter]} for group in groups for parameter in group["params"]]
        super().__init__(alone, fused=True, **settings)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters once; the groups' learning rates are the same before and after."""
        rates = [group["lr"] for group in self.param_groups]
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate / self._excess(group)
        try:
            return super().step(closure)
        finally:
            for group, rate in zip(self.param_groups, rates, strict=True):
                group["lr"] = rate

    def _excess(self, group: dict[str, Any]) -> Tensor:
        """By how much the group's update is too large: max(1, RMS), a scalar on the parameter's device."""
        (parameter,) = group["params"]
        state, gradient = self.state[parameter], parameter.grad
        if gradient is None or not state:  # the first average is the gradient's own square
            return torch.ones((), device=parameter.device)
        _, beta = group["betas"]
        correction = 1 - beta ** (state["step"] + 1)
        total = torch.zeros((), device=parameter.device)
        together = _ON_CPU if parameter.device.type == "cpu" else _ELSEWHERE
        parts: Any = (part_here(each).reshape(-1) for each in (gradient, state["exp_avg_sq"]))
        for gradient_part, average_part in zip(*(each.split(together) for each in parts), strict=True):
            squared = gradient_part.square()
            average = average_part.lerp(squared, 1 - beta).div_(correction).clamp_(min=group["eps"] ** 2)
            total += squared.div_(average).sum()
        excess: Tensor = (sum_of_parts(total, like=gradient) / gradient.numel()).sqrt_().clamp_(min=1.0)
        return excess
