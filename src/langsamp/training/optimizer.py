"""Which parameters are updated how.

`adamw` and `stable-adamw` update all alike. `muon` updates the matrices inside the encoder's layers by Muon (Jordan et
al. 2024), and all else, that is embeddings, LM head, norms, biases and the two tables, by AdamW. Muon's steps are as
large as AdamW's (Liu et al. 2025, "Muon is scalable for LLM training"), so one learning rate and decay serve both.
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer

from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.config import TrainingConfig
from langsamp.training.optimization.layers import layers_above
from langsamp.training.optimization.stable_adamw import StableAdamW

_HIGHEST, _PART = "highest", "part"
"""Keys of a group: its learning rate at the schedule's height, and which optimizer of several it belongs to."""


def make_optimizer(model: LangSampForMaskedLM, config: TrainingConfig) -> Optimizer:
    """The optimizer over all trained parameters, those of lower layers at rates that `config.layer_decay` lessens.

    Matrices decay by `config.weight_decay`, the language and script tables by `config.tables_weight_decay` and at their
    own learning rate, norms and biases not at all.
    """
    tables, matrices, others = _sorted(model)
    hidden = _hidden_matrices(model) if config.optimizer == "muon" else {}
    by_depth = _ByDepth(model, config)
    groups = [
        *by_depth.groups([each for each in matrices if each not in hidden], weight_decay=config.weight_decay),
        *by_depth.groups(others, weight_decay=0.0),
        {"params": tables, "weight_decay": config.tables_weight_decay, "lr": config.highest_of_tables},
    ]
    settings: dict[str, Any] = {"lr": config.learning_rate, "betas": config.betas, "eps": config.epsilon}
    if config.optimizer == "stable-adamw":
        return _ready(StableAdamW(groups, **settings))
    if config.optimizer == "adamw":
        return _ready(AdamW(groups, fused=True, **settings))
    muon = Muon(
        by_depth.groups(list(hidden)),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        momentum=config.momentum,
        adjust_lr_fn="match_rms_adamw",
    )
    return _ready(_Together([AdamW(groups, fused=True, **settings), muon]))


def set_learning_rate(optimizer: Optimizer, share: float) -> None:
    """Let every group learn at `share` of its highest learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = group[_HIGHEST] * share


class _ByDepth:
    """Groups of parameters by learning rate; all in one where no decay by layer is asked for."""

    def __init__(self, model: LangSampForMaskedLM, config: TrainingConfig) -> None:
        self._rate, self._decay = config.learning_rate, config.layer_decay
        self._above = layers_above(model) if self._decay is not None else {}

    def groups(self, parameters: Sequence[Tensor], **settings: float) -> list[dict[str, Any]]:
        if self._decay is None:
            return [{"params": list(parameters), **settings}]
        by_height: dict[int, list[Tensor]] = {}
        for parameter in parameters:
            by_height.setdefault(self._above.get(parameter, 0), []).append(parameter)
        return [
            {"params": members, "lr": self._rate * self._decay**above, **settings}
            for above, members in sorted(by_height.items())
        ]


class _Together(Optimizer):
    """Several optimizers as one, each with its own groups; they share one state, which is this one's."""

    def __init__(self, parts: Sequence[Optimizer]) -> None:
        self._parts = parts
        groups = [{**group, _PART: number} for number, part in enumerate(parts) for group in part.param_groups]
        super().__init__(groups, {})

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update all parameters once."""
        assert closure is None, "the trainer computes the gradients"
        for number, part in enumerate(self._parts):
            part.param_groups = [group for group in self.param_groups if group[_PART] == number]
            part.state = self.state
            part.step()


def _ready(optimizer: Optimizer) -> Optimizer:
    for group in optimizer.param_groups:
        group[_HIGHEST] = group["lr"]
    return optimizer


def _sorted(model: LangSampForMaskedLM) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The trained parameters: the two tables, other matrices, and the rest."""
    tables = [
        table.weight for table in (model.language, model.script) if table is not None and table.weight.requires_grad
    ]
    trained = [each for each in model.parameters() if each.requires_grad and all(each is not table for table in tables)]
    return tables, [each for each in trained if each.ndim >= 2], [each for each in trained if each.ndim < 2]


def _hidden_matrices(model: LangSampForMaskedLM) -> dict[Tensor, None]:
    """The matrices of linear layers inside the encoder, in order."""
    linear = (module for module in model.mlm.base_model.modules() if isinstance(module, nn.Linear))
    return {layer.weight: None for layer in linear if layer.weight.requires_grad}
