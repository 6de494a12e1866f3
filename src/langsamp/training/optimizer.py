"""Which parameters are updated how."""

from typing import Any

from torch import nn
from torch.optim import AdamW, Optimizer

from langsamp.training.config import TrainingConfig

_TABLES = ("language.weight", "script.weight")


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """AdamW over all trained parameters; only matrices decay, and of these not the language and script tables."""
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    decaying = {name: parameter for name, parameter in trained.items() if parameter.ndim >= 2 and name not in _TABLES}
    groups: list[dict[str, Any]] = [
        {"params": list(decaying.values()), "weight_decay": config.weight_decay},
        {"params": [trained[name] for name in trained if name not in decaying], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, fused=True)
