"""A pull back to the start: what is added to the loss grows with the squared distance to the encoder that it was.

Either of its weights, as L2-SP (Li et al. 2018), or of the vectors that it gives rows of text, which leaves the weights
free where no vector changes. LM head, language and script vectors are what is to be learned: nothing holds them.

Shape suffixes: B rows, L tokens, D hidden width.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from transformers import PreTrainedModel

from langsamp.config import Config
from langsamp.data.batches import MaskedBatch
from langsamp.data.rows import PreparedRows
from langsamp.errors import UserError
from langsamp.languages.table import describe
from langsamp.model.documents import isolated_documents
from langsamp.model.fast_paths import FastPaths
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.shapes import default_layer
from langsamp.training.optimization.layers import layers_of


class AnchorConfig(Config):
    """What holds an encoder at the one that it continues from (`model.init`); the log's loss is without it."""

    kind: Literal["weights", "sentence-vectors"] = "weights"
    """What may not go far: `weights` adds to the loss the sum of the squared distances of the encoder's weights to the
    start's, at the cost of a copy of the encoder. `sentence-vectors` adds the squared distance of each row's vector to
    the one that the start gives the same row, on average over the step's rows; costs a copy of the encoder up to
    `layer` and its forward pass. A row's vector is the mean over its ordinary tokens; `<mask>` is none: text in use has
    no masks, and what stands under them is to be learned. The start computes without dropout."""
    strength: float = Field(ge=0)
    """What the distance is multiplied with in the loss; 0 is no anchor. The log's `anchor_distance` shows how far the
    sentence vectors are."""
    layer: int | None = Field(default=None, ge=0)
    """Hidden state of the sentence vectors: 0 = embeddings, k = output of block k; null for two thirds of the depth, as
    the evaluation pools."""
    languages: Literal["all", "head"] = "all"
    """Whose sentence vectors are held: `head` holds those of languages that XLM-R knows, the ones that `sampler.replay`
    draws, while those of all others may move."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.kind == "weights" and (self.layer is not None or self.languages != "all"):
            raise ValueError("layer and languages are for kind sentence-vectors: weights belong to all languages")
        return self

    @property
    def held(self) -> str:
        """What is held, in words."""
        whose = " of head languages" if self.languages == "head" else ""
        return "weights" if self.kind == "weights" else f"sentence vectors{whose}"


class WeightAnchor:
    """The encoder's weights as they are now, and the gradient that pulls it back to them.

    The loss is that of masked tokens plus `strength` times the sum of (w - start) ** 2 over all trained weights w of
    the encoder.
    """

    def __init__(self, model: LangSampForMaskedLM, *, strength: float) -> None:
        """Keep a copy of the trained weights of the encoder of `model`, as many bytes as they take."""
        self._strength = strength
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
                parameter.grad.add_(parameter - start, alpha=2 * self._strength * scale)


class SentenceAnchor:
    """The encoder as it is now up to one layer, and how far the vectors of rows are from those that it gives them."""

    def __init__(self, model: LangSampForMaskedLM, config: AnchorConfig, rows: PreparedRows) -> None:
        """Keep a copy of the encoder of `model`, its embeddings and layers up to that of `config`.

        Raises:
            UserError: where `config.languages` means none of `rows`, the model has no such layer, or its language
                vectors are added at the input, so that no vector of the encoder alone is computed.
        """
        if model.placement == "input":
            raise UserError(
                "training.anchor holds sentence vectors of the encoder alone, which a variant with vectors at the "
                "input does not compute: train another, or use kind weights"
            )
        self.strength, self._encoder = config.strength, model.mlm.base_model
        blocks = layers_of(self._encoder)
        self.layer = default_layer(len(blocks)) if config.layer is None else config.layer
        if self.layer > len(blocks):
            raise UserError(
                f"training.anchor.layer {self.layer}: the encoder has {len(blocks)} layers; name one of them"
            )
        self._start = _cut(deepcopy(self._encoder).eval().requires_grad_(False), self.layer)
        self._holds = np.array([config.languages == "all" or describe(tag).is_head for tag in rows.tags], dtype=bool)
        if not any(holds and size for holds, size in zip(self._holds, rows.sizes, strict=True)):
            raise UserError(
                "training.anchor.languages head: no head language has a row, so none would be held; add some, or "
                "write all"
            )
        self._is_ordinary = torch.zeros(rows.vocabulary_size, dtype=torch.bool)
        self._is_ordinary[torch.from_numpy(rows.ordinary_ids)] = True
        self._is_ordinary = self._is_ordinary.to(self._encoder.device)

    def possible(self, paths: FastPaths) -> FastPaths:
        """These paths without what would leave out hidden states that are needed."""
        is_last = self.layer == len(layers_of(self._encoder))
        return paths.model_copy(update={"last_layer": False}) if is_last else paths

    @contextmanager
    def listening(self) -> Iterator[list[Tensor]]:
        """Within this block the hidden states (B, L, D) of each forward pass of the encoder are added to the list."""
        with _listening(self._encoder, self.layer) as heard:
            yield heard

    def distance(self, hidden_BLD: Tensor, batch: MaskedBatch, arguments: Mapping[str, Any]) -> Tensor:
        """The sum over the held rows of a batch of the squared distances of their vectors to the start's, a scalar.

        `hidden_BLD` are the encoder's states of `arguments`, which `batch` was made into.
        """
        held_B = self._holds[batch.tags]
        ids_BL, documents_BL = arguments["input_ids_BL"], arguments.get("documents_BL")
        if not held_B.any():
            return hidden_BLD.new_zeros(())
        if not held_B.all():
            rows = torch.from_numpy(np.flatnonzero(held_B)).to(ids_BL.device)
            ids_BL, hidden_BLD = ids_BL[rows], hidden_BLD[rows]
            documents_BL = None if documents_BL is None else documents_BL[rows]
        away_BLD = hidden_BLD.float() - self._hidden_of_start(ids_BL, documents_BL).float()
        ordinary_BL1 = self._is_ordinary[ids_BL][..., None]
        away_BD = away_BLD.masked_fill(~ordinary_BL1, 0).sum(1) / ordinary_BL1.sum(1).clamp(min=1)
        return away_BD.square().sum()

    @torch.no_grad()
    def _hidden_of_start(self, ids_BL: Tensor, documents_BL: Tensor | None) -> Tensor:
        context = {} if documents_BL is None else isolated_documents(self._start, documents_BL)
        with _listening(self._start, self.layer, is_enough=True) as heard, suppress(_ReachedError):
            self._start(ids_BL, **context)
        return heard[0]


def weight_anchor(model: LangSampForMaskedLM, config: AnchorConfig | None) -> WeightAnchor | None:
    """What holds the weights of `model` as it is now, where `config` asks for that."""
    if config is None or config.kind != "weights" or not config.strength:
        return None
    return WeightAnchor(model, strength=config.strength)


def sentence_anchor(
    model: LangSampForMaskedLM, config: AnchorConfig | None, rows: PreparedRows
) -> SentenceAnchor | None:
    """What holds the sentence vectors of `model` as it is now, where `config` asks for that.

    Raises:
        UserError: as `SentenceAnchor`.
    """
    if config is None or config.kind != "sentence-vectors" or not config.strength:
        return None
    return SentenceAnchor(model, config, rows)


class _ReachedError(Exception):
    """Thrown by a hook where the hidden state is known, to spare the blocks above it."""


@contextmanager
def _listening(encoder: PreTrainedModel, layer: int, *, is_enough: bool = False) -> Iterator[list[Tensor]]:
    """What goes into block `layer`, counted from 0, or out of the encoder behind its last norm, as it is computed."""
    blocks, heard = layers_of(encoder), list[Tensor]()

    def before(_block: nn.Module, inputs: tuple[Any, ...]) -> None:
        heard.append(inputs[0])
        if is_enough:
            raise _ReachedError

    def behind(_encoder: nn.Module, _inputs: object, output: Any) -> None:
        heard.append(output.last_hidden_state)

    in_the_middle = layer < len(blocks)
    hook = blocks[layer].register_forward_pre_hook(before) if in_the_middle else encoder.register_forward_hook(behind)
    try:
        yield heard
    finally:
        hook.remove()


def _cut(encoder: PreTrainedModel, layer: int) -> PreTrainedModel:
    """The encoder without the blocks above that which stops it at `layer`."""
    blocks = layers_of(encoder)
    for several in encoder.modules():
        if isinstance(several, nn.ModuleList) and len(several) and several[0] is blocks[0]:
            del several[layer + 1 :]
            break
    return encoder
