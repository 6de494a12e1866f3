"""Sentences to vectors: one hidden layer of any Hugging Face encoder, averaged over the tokens.

Each distinct sentence is encoded once, in batches of sentences of like length, and the model stops after the deepest
layer that is asked for. None of this changes a vector by more than float rounding (design law 9).

Shape suffixes: B sentences of a batch, L tokens, D hidden width, N sentences.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerBase

from langsamp.errors import UserError
from langsamp.evaluation.batching import batch_cost, by_length
from langsamp.evaluation.loading import load_model, num_positions
from langsamp.evaluation.packed_linear import LinearBackend, choose_linear_backend, pack
from langsamp.evaluation.retrieval.encoder_check import check_encoder, layers_of
from langsamp.evaluation.unknown import is_unknown
from langsamp.model.hidden_layers import MAX_PIECES
from langsamp.model.pretrained.loading_report import encoder_of

_BLOCKS = {
    "bert": "encoder.layer",
    "camembert": "encoder.layer",
    "deberta-v2": "encoder.layer",
    "distilbert": "transformer.layer",
    "eurobert": "layers",
    "modernbert": "layers",
    "roberta": "encoder.layer",
    "xlm-roberta": "encoder.layer",
    "xlm-roberta-xl": "encoder.layer",
}
"""Where the transformer blocks stand; a model type that is not here runs to its end, with the same vectors."""

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class _ReachedError(Exception):
    """Thrown by a hook where the deepest wanted hidden state is known, to spare the blocks above it."""


class Encoder:
    """An encoder that gives mean-pooled hidden states; it needs no language and no script."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, token_budget: int | None = None
    ) -> None:
        """Take a loaded model on its device, of an encoder-decoder its encoder half.

        `token_budget` as in `EvaluationConfig`.

        Raises:
            UserError: where it is no plain encoder, that is one vector of each layer for each token.
        """
        self.model = encoder_of(model).eval()
        self.tokenizer = tokenizer
        self.tokenizer.truncation_side = "right"
        self.num_layers = layers_of(self.model, kind=model.config.model_type)
        check_encoder(self.model, num_layers=self.num_layers)
        self.token_budget = token_budget or (1024 if self.model.device.type == "cpu" else 32768)
        self.batch_cost = batch_cost(self.model)
        self.max_pieces = min(MAX_PIECES, num_positions(self.model))
        path = _BLOCKS.get(model.config.model_type)
        self._blocks: Sequence[nn.Module] | None = None if path is None else self.model.get_submodule(path)
        self.products = LinearBackend("torch", "not asked for anything else")
        """How the linear layers are computed."""

    @classmethod
    def load(
        cls, folder: Path, *, device: str | None = None, precision: str = "fp32", token_budget: int | None = None
    ) -> "Encoder":
        """The encoder that is saved in `folder`, on a GPU where there is one unless `device` says otherwise.

        Raises:
            UserError: as `load_model`, and where the model is no plain encoder.
            DamagedError: where a file cannot be read.
        """
        model, tokenizer = load_model(AutoModel, folder, device=device, dtype=_DTYPES[precision])
        encoder = cls(model, tokenizer, token_budget=token_budget)
        encoder.speed_up()
        return encoder

    def speed_up(self) -> LinearBackend:
        """Compute the linear layers in the way that a short measurement finds faster on this machine; gives the way.

        The vectors stay the same to float rounding; the model can no longer be trained or saved where its weights are
        packed.
        """
        self.products = choose_linear_backend(self.model)
        if self.products.backend == "oneDNN":
            pack(self.model)
        return self.products

    def encode(
        self,
        sentences: Sequence[str],
        *,
        layers: Sequence[int],
        advance: Callable[[int], object] | None = None,
        cut: set[str] | None = None,
        unknown: set[str] | None = None,
    ) -> dict[int, NDArray[np.float32]]:
        """Vectors (N, D) of each of `layers`: 0 = embeddings, k = output of block k, the last with its final norm.

        A vector is the mean over all tokens of the sentence, special tokens included. `advance` is told how many
        distinct sentences each batch finished; `cut` gets the sentences that are longer than the window, `unknown`
        those of whose tokens half or more are `<unk>`.

        Raises:
            UserError: where the tokenizer does not fit the model, or the model gives NaN or infinite values.
        """
        distinct = list(dict.fromkeys(sentences))
        pieces = self._pieces(distinct)
        if cut is not None:
            cut.update(self._too_long(distinct, pieces))
        if unknown is not None:
            unknown.update(self._unknown(distinct, pieces))
        vectors = {layer: np.empty((len(distinct), self.model.config.hidden_size), np.float32) for layer in layers}
        for batch in by_length(list(map(len, pieces)), self.token_budget, batch_cost=self.batch_cost):
            for layer, pooled in self._pooled([pieces[index] for index in batch], layers).items():
                vectors[layer][batch] = pooled
            if advance is not None:
                advance(len(batch))
        for layer, layer_vectors in vectors.items():
            if not np.isfinite(layer_vectors).all():
                bad = distinct[int(np.flatnonzero(~np.isfinite(layer_vectors).all(axis=1))[0])]
                raise UserError(
                    f"layer {layer} is NaN or infinite, for example on {bad[:60]!r}: the model's training "
                    "diverged, or the precision is too low for it (try fp32)"
                )
        row = {sentence: index for index, sentence in enumerate(distinct)}
        order = np.array([row[sentence] for sentence in sentences], dtype=np.intp)
        return {layer: layer_vectors[order] for layer, layer_vectors in vectors.items()}

    def _pieces(self, sentences: list[str]) -> list[list[int]]:
        if not sentences:
            return []
        pieces: list[list[int]] = self.tokenizer(
            sentences, truncation=True, max_length=self.max_pieces, return_attention_mask=False
        )["input_ids"]
        if not all(pieces):
            raise UserError(
                "the tokenizer gives no token for a blank line: expected one that adds special tokens (<s> </s>)"
            )
        top, size = max(max(ids) for ids in pieces), self.model.get_input_embeddings().weight.shape[0]
        if top >= size:
            raise UserError(
                f"the tokenizer gives token {top}, but the model has {size} embeddings: use its own tokenizer"
            )
        return pieces

    def _unknown(self, sentences: list[str], pieces: list[list[int]]) -> list[str]:
        """The sentences that the tokenizer does not know, by half of their tokens of text."""
        unknown_id, around = self.tokenizer.unk_token_id, self.tokenizer.num_special_tokens_to_add()
        return [
            sentence
            for sentence, ids in zip(sentences, pieces, strict=True)
            if is_unknown(ids, unknown_id, around=around)
        ]

    def _too_long(self, sentences: list[str], pieces: list[list[int]]) -> list[str]:
        """The sentences that lost tokens; only those that fill the window are tokenised again."""
        full = [sentence for sentence, ids in zip(sentences, pieces, strict=True) if len(ids) >= self.max_pieces]
        if not full:
            return []
        whole = self.tokenizer(full, truncation=False, return_attention_mask=False, verbose=False)["input_ids"]
        return [sentence for sentence, ids in zip(full, whole, strict=True) if len(ids) > self.max_pieces]

    @torch.inference_mode()
    def _pooled(self, pieces: Sequence[Sequence[int]], layers: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        filler = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else 0
        ids_BL = torch.full((len(pieces), max(map(len, pieces))), filler)
        mask_BL = torch.zeros_like(ids_BL)
        for row, ids in enumerate(pieces):
            ids_BL[row, : len(ids)] = torch.tensor(ids)
            mask_BL[row, : len(ids)] = 1
        ids_BL, mask_BL = ids_BL.to(self.model.device), mask_BL.to(self.model.device)
        pooled = {}
        for layer, hidden_BLD in self._hidden(ids_BL, mask_BL, layers).items():
            real_BLD = hidden_BLD.float().masked_fill(~mask_BL.bool()[..., None], 0)
            pooled[layer] = (real_BLD.sum(1) / mask_BL.sum(1, keepdim=True)).cpu().numpy()
        return pooled

    def _hidden(self, ids_BL: Tensor, mask_BL: Tensor, layers: Sequence[int]) -> dict[int, Tensor]:
        """What `hidden_states[layer]` of a full forward pass holds, without the blocks above the deepest layer."""
        if self._blocks is None:
            every = self.model(ids_BL, attention_mask=mask_BL, output_hidden_states=True).hidden_states
            return {layer: every[layer] for layer in layers}
        states: dict[int, Tensor] = {}

        def keep(layer: int) -> Callable[[nn.Module, tuple[Any, ...]], None]:
            def hook(block: nn.Module, inputs: tuple[Any, ...]) -> None:
                states[layer] = inputs[0]
                if layer == max(layers):
                    raise _ReachedError

            return hook

        # hidden state k enters block k (counted from 0); the last one leaves the model, behind any final norm
        hooks = [self._blocks[k].register_forward_pre_hook(keep(k)) for k in set(layers) if k < self.num_layers]
        try:
            states[self.num_layers] = self.model(ids_BL, attention_mask=mask_BL).last_hidden_state
        except _ReachedError:
            pass
        finally:
            for hook in hooks:
                hook.remove()
        return {layer: states[layer] for layer in layers}
