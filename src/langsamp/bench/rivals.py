"""One training step in four ways over the same model: as stock transformers, the authors, a plain loop, this package.

The authors' way is written anew from its description: eager attention, both vectors added at all positions, hidden
states gathered at masked ones, plain cross-entropy, PyTorch's default AdamW.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW
from transformers import AutoConfig, AutoModelForMaskedLM

from langsamp.bench.timing import Times
from langsamp.data.masking import IGNORED
from langsamp.model.autotune import BatchShape, TunedPaths, half_type, tune_paths
from langsamp.model.mlm import LangSampForMaskedLM

STOCK, AUTHORS, OURS = "stock transformers, all positions", "the authors' way", "langsamp"
PLAIN = "a plain loop"
"""The authors' loss with torch's fused attention and fused AdamW: what one writes today without effort."""
_MASKED_SHARE = 0.15
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class StepSize:
    """How much is measured: the model, the batch, and how often."""

    layers: int
    hidden: int
    heads: int
    vocab_size: int
    rows: int
    row_tokens: int
    rounds: int
    has_targets: bool = False
    """Whether the targets of docs/performance.md are meant for this size."""
    floor: int = 2048
    """Rows and columns of the products that tell what the machine can do."""

    def gflop(self, masked: int, *, all_positions: bool = False, prunes: bool = True) -> float:
        """Forward and backward of the products, a multiply-add counted as 2, with the last layer pruned or not."""
        tokens, width = self.rows * self.row_tokens, self.hidden
        scored = tokens if all_positions else masked
        attention = 4 * self.row_tokens * width
        layer = 24 * width**2 + attention  # 4 squares for attention, 8 for the feed-forward part
        last = tokens * 4 * width**2 + masked * (20 * width**2 + attention)
        body = (self.layers - 1) * tokens * layer + (last if prunes and not all_positions else tokens * layer)
        head = scored * 2 * width * (self.vocab_size + width)
        return 3 * (body + head) / 1e9


@dataclass(frozen=True)
class StepSetting:
    """What a step is computed in."""

    implementation: str
    precision: str = "fp32"
    dropout: float = 0.0

    def __str__(self) -> str:
        return f"{self.implementation}, {self.precision}"


class Workplace:
    """A model with optimizer and one batch, on which steps are done in any way."""

    def __init__(self, size: StepSize, *, device: str = "cpu") -> None:
        """Make all from a fixed seed, so that any two of one size are equal; both tables are zero at first."""
        self.size = size
        self.device = torch.device(device)
        self.model = _model(size).to(self.device)
        self.optimizer = AdamW(self.model.parameters(), lr=1e-5)
        self.scaler = torch.amp.GradScaler(device, enabled=False)
        self.batch = {name: values.to(self.device) for name, values in _batch(size).items()}
        self.masked = int((self.batch["labels_BL"] != IGNORED).sum())
        self._choices: dict[str, TunedPaths] = {}

    def choice(self, precision: str) -> TunedPaths:
        """The fast paths that ours takes, chosen once for each precision."""
        if precision not in self._choices:
            shape = BatchShape(
                rows=self.size.rows, row_tokens=self.size.row_tokens, masked=self.masked, precision=precision
            )
            self._choices[precision] = tune_paths(self.model, shape, device=self.device)
        return self._choices[precision]

    def steps(self, setting: StepSetting, *, warm_up: int, number: int) -> list[Times]:
        """What each of `number` steps took, after some that do not count."""
        taken = []
        with self.ready(setting):
            for count in range(warm_up + number):
                began = Times.now()
                self.gradients(setting)
                self.scaler.unscale_(self.optimizer)
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.scaler.step(self.optimizer)
                self.scaler.update()
                self.optimizer.zero_grad()
                self._finish()
                if count >= warm_up:
                    taken.append(Times.now().since(began))
        return taken

    def ready(self, setting: StepSetting) -> AbstractContextManager[None]:
        """Make the model what this setting says, within the block."""
        self.model.mlm.set_attn_implementation("eager" if setting.implementation == AUTHORS else "sdpa")
        for layer in self.model.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = setting.dropout
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=setting.precision == "fp16")
        for group in self.optimizer.param_groups:
            group["fused"] = None if setting.implementation == AUTHORS else True
        return (
            self.model.taking(self.choice(setting.precision).paths) if setting.implementation == OURS else nullcontext()
        )

    def gradients(self, setting: StepSetting) -> float:
        """The step's mean loss, whose gradients are left with the parameters."""
        torch.manual_seed(_SEED)
        dtype = half_type(setting.precision)
        with torch.autocast(self.device.type, dtype, enabled=dtype is not None):
            loss = _LOSSES[setting.implementation](self.model, self.batch)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _finish(self) -> None:
        if self.device.type != "cpu":
            torch.accelerator.synchronize(self.device)


def _stock(model: LangSampForMaskedLM, batch: Mapping[str, Tensor]) -> Tensor:
    loss: Tensor = model.mlm(batch["input_ids_BL"], labels=batch["labels_BL"]).loss
    return loss


def _at_masked_tokens(model: LangSampForMaskedLM, batch: Mapping[str, Tensor]) -> Tensor:
    mlm: Any = model.mlm
    hidden_BLD = mlm.roberta(batch["input_ids_BL"]).last_hidden_state
    assert model.language is not None and model.script is not None
    shift_BD = model.language(batch["language_ids_B"]) + model.script(batch["script_ids_B"])
    chosen_BL = batch["labels_BL"] != IGNORED
    logits_MV = mlm.lm_head((hidden_BLD + shift_BD[:, None])[chosen_BL])
    return F.cross_entropy(logits_MV.float(), batch["labels_BL"][chosen_BL])


def _ours(model: LangSampForMaskedLM, batch: Mapping[str, Tensor]) -> Tensor:
    loss: Tensor = model(**batch) / (batch["labels_BL"] != IGNORED).sum()
    return loss


_LOSSES: dict[str, Callable[[LangSampForMaskedLM, Mapping[str, Tensor]], Tensor]] = {
    STOCK: _stock,
    AUTHORS: _at_masked_tokens,
    PLAIN: _at_masked_tokens,
    OURS: _ours,
}


def _model(size: StepSize) -> LangSampForMaskedLM:
    config = AutoConfig.for_model(
        "xlm-roberta",
        vocab_size=size.vocab_size,
        num_hidden_layers=size.layers,
        hidden_size=size.hidden,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=size.row_tokens + 2,
        type_vocab_size=1,
    )
    torch.manual_seed(_SEED)
    mlm = AutoModelForMaskedLM.from_config(config, trust_remote_code=False)
    model = LangSampForMaskedLM(mlm, variant="both", num_languages=600, num_scripts=30).train()
    for table in (model.language, model.script):
        assert table is not None
        nn.init.zeros_(table.weight)
    return model


def _batch(size: StepSize) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(_SEED)
    ids = torch.randint(5, size.vocab_size - 1, (size.rows, size.row_tokens), generator=generator)
    chosen = torch.rand(ids.shape, generator=generator) < _MASKED_SHARE
    return {
        "input_ids_BL": torch.where(chosen, size.vocab_size - 1, ids),
        "labels_BL": torch.where(chosen, ids, IGNORED),
        "language_ids_B": torch.arange(size.rows) % 600,
        "script_ids_B": torch.arange(size.rows) % 30,
    }
