"""A pull back to the start: what is added to the loss grows with the squared distance to the encoder that it was.

Either of its weights, as L2-SP (Li et al. 2018), or of the vectors that it gives rows of text, which leaves the weights
free where no vector changes; these may be pulled to where the start would have them if it did not tell languages apart
(centred by language, as Libovický et al. 2020). LM head, language and script vectors are what is to be learned:
nothing holds them.

Shape suffixes: B rows, L tokens, D hidden width.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from copy import deepcopy
from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from langsamp.config import Config
from langsamp.data.batches import MaskedBatch
from langsamp.data.packing import segments
from langsamp.data.rows import PreparedRows
from langsamp.errors import UserError
from langsamp.languages.table import describe
from langsamp.model.fast.linear_layers import linear_layers_by
from langsamp.model.fast_paths import FastPaths
from langsamp.model.hidden_layers import chosen_layer
from langsamp.model.isolated_documents import isolated_documents
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.progress import Bar
from langsamp.training.optimization.layers import layers_of

_ROWS_OF_MEAN = 32
_Layer = Annotated[int, Field(ge=0)]


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
    layer: _Layer | Annotated[tuple[_Layer, ...], Field(min_length=1)] | None = None
    """Hidden state of the sentence vectors: 0 = embeddings, k = output of block k; null for two thirds of the depth, as
    the evaluation pools. A list holds the vectors of each, and adds up their distances."""
    languages: Literal["all", "head"] = "all"
    """Whose sentence vectors are held: `head` holds those of languages that XLM-R knows, the ones that `sampler.replay`
    draws, while those of all others may move."""
    target: Literal["start", "neutral"] = "start"
    """Where they are held: `start` where the start has them; `neutral` there less what the start gives all rows of
    their language in common (the mean vector of some of its rows, against the mean of the held languages), so that
    what tells sentences apart is kept and what tells languages apart is not."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.kind == "weights" and (self.layer is not None or self.languages != "all" or self.target != "start"):
            raise ValueError(
                "layer, languages and target are for kind sentence-vectors: weights belong to all languages"
            )
        return self

    def layers(self, depth: int) -> list[int]:
        """The hidden states that are held of an encoder of so many layers, lowest first.

        Raises:
            UserError: where it has not all of them.
        """
        asked = self.layer if isinstance(self.layer, tuple) else (self.layer,)
        return sorted({chosen_layer(each, depth, key="training.anchor.layer") for each in asked})

    @property
    def held(self) -> str:
        """What is held, in words."""
        whose = " of head languages" if self.languages == "head" else ""
        if self.kind == "weights":
            return "weights"
        return f"sentence vectors{whose}{', centred by language' if self.target == 'neutral' else ''}"


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
    """The encoder as it is now up to one layer, and how far the vectors of rows are from where it would have them."""

    def __init__(
        self, model: LangSampForMaskedLM, config: AnchorConfig, rows: PreparedRows, *, title: str | None = None
    ) -> None:
        """Keep a copy of the encoder of `model`, its embeddings and layers up to the last that `config` holds.

        Target `neutral` computes the start's vectors of some rows of each held language, 32 at most, and shows how far
        it is under `title`, where there is one.

        Raises:
            UserError: where `config` means none of `rows`, or, to be centred, a single language; where the model has
                no such layer; or where its language vectors are added at the input, so that no vector of the encoder
                alone is computed.
        """
        if model.placement == "input":
            raise UserError(
                "training.anchor holds sentence vectors of the encoder alone, which a variant with vectors at the "
                "input does not compute: train another, or use kind weights"
            )
        self.strength, self._encoder = config.strength, model.mlm.base_model
        self.layers = config.layers(len(layers_of(self._encoder)))
        self._start = _cut(deepcopy(self._encoder).eval().requires_grad_(False), self.layers[-1])
        self._holds = np.array([config.languages == "all" or describe(tag).is_head for tag in rows.tags], dtype=bool)
        held = [tag for tag, size in enumerate(rows.sizes) if size and self._holds[tag]]
        check_held(len(held), config)
        is_ordinary = torch.zeros(rows.vocabulary_size, dtype=torch.bool)
        is_ordinary[torch.from_numpy(rows.ordinary_ids)] = True
        self._is_ordinary = is_ordinary.to(self._encoder.device)
        self._shifts_STD = self._shifts(rows, held, title) if config.target == "neutral" else None

    def possible(self, paths: FastPaths) -> FastPaths:
        """These paths without what would leave out hidden states that are needed."""
        return without_pruning(paths, self.layers, self._encoder)

    def taking(self, paths: FastPaths) -> AbstractContextManager[None]:
        """Compute the start's linear layers by these paths' products within this block, as the encoder's are."""
        return linear_layers_by(self._start, paths.products)

    @contextmanager
    def listening(self) -> Iterator[list[Tensor]]:
        """Within this block the hidden states (B, L, D) of each held layer are added to the list, lowest first."""
        with _listening(self._encoder, self.layers) as heard:
            yield heard

    def distance(self, heard: Sequence[Tensor], batch: MaskedBatch, arguments: Mapping[str, Any]) -> Tensor:
        """The sum over held rows and layers of the squared distances of the vectors to their targets, a scalar.

        `heard` are the encoder's states of `arguments`, which `batch` was made into, as `listening` gives them.
        """
        held = np.flatnonzero(self._holds[batch.tags])
        if not len(held):
            return heard[0].new_zeros(())
        device, is_whole = heard[0].device, len(held) == len(batch.tags)
        rows_B = slice(None) if is_whole else torch.from_numpy(held).to(device)  # a slice copies nothing
        ids_BL, documents_BL = arguments["input_ids_BL"][rows_B], arguments.get("documents_BL")
        starts = self._start_states(ids_BL, None if documents_BL is None else documents_BL[rows_B])
        tags_B = torch.from_numpy(batch.tags[held]).to(device)
        squares = []
        for layer, (now_BLD, start_BLD) in enumerate(zip(heard, starts, strict=True)):
            away_BD = self._pooled(now_BLD[rows_B].float() - start_BLD.float(), ids_BL)
            if self._shifts_STD is not None:
                away_BD = away_BD - self._shifts_STD[layer, tags_B]
            squares.append(away_BD.square().sum())
        return torch.stack(squares).sum()

    def _pooled(self, hidden_BLD: Tensor, ids_BL: Tensor) -> Tensor:
        """The mean over each row's ordinary tokens, (B, D)."""
        ordinary_BL1 = self._is_ordinary[ids_BL][..., None]
        return hidden_BLD.masked_fill(~ordinary_BL1, 0).sum(1) / ordinary_BL1.sum(1).clamp(min=1)

    def _shifts(self, rows: PreparedRows, held: Sequence[int], title: str | None) -> Tensor:
        """From each language's mean vector to the mean of the held languages' in the start, (layers, tags, D)."""
        shape = len(self.layers), len(rows.tags), self._encoder.config.hidden_size
        means_STD = torch.zeros(shape, device=self._encoder.device)
        with Bar(title or "", total=len(held), unit="languages", patience=2, is_shown=title is not None) as bar:
            for tag in held:
                means_STD[:, tag] = self._mean(rows, tag)
                bar.update()
        return means_STD[:, held].mean(1, keepdim=True) - means_STD

    def _mean(self, rows: PreparedRows, tag: int) -> Tensor:
        """The start's mean vector of a language, (layers, D)."""
        size = rows.sizes[tag]
        chosen = np.linspace(0, size - 1, min(size, _ROWS_OF_MEAN)).astype(np.int64)  # over the whole text
        pooled = [
            torch.stack([self._pooled(states.float(), ids_BL) for states in self._start_states(ids_BL, documents)])
            for ids_BL, documents in self._text(rows, tag, chosen)
        ]
        return torch.cat(pooled, dim=1).mean(1)

    def _text(self, rows: PreparedRows, tag: int, chosen: NDArray[np.int64]) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Tokens of the chosen rows, and which document each is of where rows keep them apart, a few rows at a time."""
        device, few = self._encoder.device, 8
        for first in range(0, len(chosen), few):
            tokens = rows.training(tag)[chosen[first : first + few]]
            apart = None if rows.frame is None else torch.from_numpy(segments(tokens, rows.frame)).to(device)
            yield torch.from_numpy(tokens.astype(np.int64)).to(device), apart

    @torch.no_grad()
    def _start_states(self, ids_BL: Tensor, documents_BL: Tensor | None) -> list[Tensor]:
        context = {} if documents_BL is None else isolated_documents(self._start, documents_BL)
        with _listening(self._start, self.layers, is_enough=True) as heard, suppress(_ReachedError):
            self._start(ids_BL, **context)
        return heard


def held_layers(model: LangSampForMaskedLM, config: AnchorConfig | None) -> list[int]:
    """The hidden states of which `config` holds sentence vectors; none where it holds none."""
    if config is None or config.kind != "sentence-vectors" or not config.strength:
        return []
    return config.layers(len(layers_of(model.mlm.base_model)))


def without_pruning(paths: FastPaths, layers: Sequence[int], encoder: PreTrainedModel) -> FastPaths:
    """These paths, without the last layer's pruning where `layers` hold what comes out of it at all positions."""
    needs_last = bool(layers) and layers[-1] == len(layers_of(encoder))
    return paths.model_copy(update={"last_layer": False}) if needs_last else paths


def check_held(number: int, config: AnchorConfig) -> None:
    """Accept that the vectors of so many languages are held.

    Raises:
        UserError: where it is none, or one that is to be centred.
    """
    if not number and config.languages == "head":
        raise UserError(
            "training.anchor.languages head: none of the text's languages is one, so none would be held; add some, or "
            "write all"
        )
    if number < 2 and config.target == "neutral":
        raise UserError(
            f"training.anchor.target neutral: the vectors of {number} language would be held, and one alone has "
            "nothing that tells it from others; add languages, or write target: start"
        )


def weight_anchor(model: LangSampForMaskedLM, config: AnchorConfig | None) -> WeightAnchor | None:
    """What holds the weights of `model` as it is now, where `config` asks for that."""
    if config is None or config.kind != "weights" or not config.strength:
        return None
    return WeightAnchor(model, strength=config.strength)


def sentence_anchor(
    model: LangSampForMaskedLM, config: AnchorConfig | None, rows: PreparedRows, *, title: str | None = None
) -> SentenceAnchor | None:
    """What holds the sentence vectors of `model` as it is now, where `config` asks for that.

    Raises:
        UserError: as `SentenceAnchor`.
    """
    if config is None or not held_layers(model, config):
        return None
    return SentenceAnchor(model, config, rows, title=title)


class _ReachedError(Exception):
    """Thrown by a hook where the hidden state is known, to spare the blocks above it."""


@contextmanager
def _listening(encoder: PreTrainedModel, layers: Sequence[int], *, is_enough: bool = False) -> Iterator[list[Tensor]]:
    """What goes into each block of `layers`, counted from 0, or out of the encoder behind its last norm, as computed.

    Where that `is_enough`, the computation ends at the last of them.
    """
    blocks, heard, hooks = layers_of(encoder), list[Tensor](), list[RemovableHandle]()

    def before(_block: nn.Module, inputs: tuple[Any, ...]) -> None:
        heard.append(inputs[0])
        if is_enough and len(heard) == len(layers):
            raise _ReachedError

    def behind(_encoder: nn.Module, _inputs: object, output: Any) -> None:
        heard.append(output.last_hidden_state)

    for layer in layers:
        is_block = layer < len(blocks)
        hooks.append(
            blocks[layer].register_forward_pre_hook(before) if is_block else encoder.register_forward_hook(behind)
        )
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def _cut(encoder: PreTrainedModel, layer: int) -> PreTrainedModel:
    """The encoder without the blocks above that which stops it at `layer`."""
    blocks = layers_of(encoder)
    for several in encoder.modules():
        if isinstance(several, nn.ModuleList) and len(several) and several[0] is blocks[0]:
            del several[layer + 1 :]
            break
    return encoder
