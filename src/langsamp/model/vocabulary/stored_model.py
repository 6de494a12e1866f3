"""A pretrained model's folder as it is stored: configuration, tensors by name, and which of them are rows of tokens.

Working on stored tensors leaves all others bit for bit, whatever class reads them, with or without an LM head.

V is the vocabulary, D the width.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.disk.files import read_json
from langsamp.errors import DataMissingError, UserError
from langsamp.model.conditioning import check_export
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.model.pretrained.weight_files import tensor_names, weight_files

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_EMBEDDING = re.compile(r"(^|\.)(word_embeddings|tok_embeddings|embed_tokens)\.weight$")
_DECODER = re.compile(r"(^|\.)((lm_head\.)?decoder|vocab_projector|lm_head)\.weight$")
_DECODER_BIAS = re.compile(
    r"(^|\.)(decoder\.bias|vocab_projector\.bias|lm_head\.bias|predictions\.bias|predictions\.decoder\.bias)$"
)
_BY_TOKEN = {"embedding": (_EMBEDDING, 2), "decoder": (_DECODER, 2), "bias": (_DECODER_BIAS, 1)}
_DECIDING = ("pad_token_id", "cls_token_id", "sep_token_id", "mask_token_id")
"""Ids in which a model and its tokenizer must agree; in some published models those of begin and end are old."""
_UNUSED_ROWS, _UNUSED_SHARE = 128, 0.01
"""Rows beyond the tokenizer that a table may have: a padding, or a share of it (mDeBERTa has 899 of 251,000)."""


@dataclass(frozen=True)
class StoredModel:
    """What a folder holds."""

    name: str
    folder: Path
    config: Mapping[str, Any]
    tokenizer: "PreTrainedTokenizerFast"
    weights: Mapping[str, Tensor]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The entries of its tokenizer."""
        return Vocabulary.of(self.tokenizer)

    @property
    def rows(self) -> int:
        """Rows of its embedding table."""
        return int(self.embedding.shape[0])

    @property
    def embedding(self) -> Tensor:
        """Its token embeddings, shape (V, D)."""
        return self.weights[self.embedding_name]

    @property
    def embedding_name(self) -> str:
        """Under which name the token embeddings are stored."""
        return next(name for name in self.weights if _EMBEDDING.search(name))

    @cached_property
    def by_token(self) -> dict[str, str]:
        """The tensors with a row for each entry of the vocabulary: name and `embedding`, `decoder` or `bias`."""
        return {
            name: kind
            for name, tensor in self.weights.items()
            for kind, (pattern, dimensions) in _BY_TOKEN.items()
            if pattern.search(name) and tensor.shape[:1] == (self.rows,) and tensor.dim() == dimensions
        }


def open_stored(model: str) -> StoredModel:
    """The model of a folder or of the Hugging Face hub (`OWNER/NAME[@revision]`), its tokenizer checked against it.

    Raises:
        DataMissingError: where it is absent or lacks a part.
        DamagedError: where its weights cannot be read.
        UserError: where it has no weights or they hold more than tensors, and where the tokenizer is not the model's or
            lacks a token.
    """
    folder = model_folder(model)
    if not (folder / "config.json").is_file():
        raise DataMissingError(f"{folder} is no model: expected config.json beside its weights and tokenizer")
    config, weights = read_json(folder / "config.json"), _weights(folder)
    if not any(_EMBEDDING.search(name) for name in weights):
        raise UserError(
            f"no token embeddings among the weights of {model}: expected a tensor named like "
            f"`embeddings.word_embeddings.weight`, there are {', '.join(list(weights)[:3])} ..."
        )
    stored = StoredModel(model.rstrip("/"), folder, config, load_tokenizer(str(folder)), weights)
    _check_tokenizer(stored)
    return stored


def _check_tokenizer(model: StoredModel) -> None:
    size, rows = model.vocabulary.size, model.rows
    remedy = "it is that of another model; put the model's own tokenizer into its folder"
    if size > rows:
        raise UserError(
            f"the tokenizer of {model.name} has {size:,} entries but the embedding table {rows:,} rows: {remedy}"
        )
    if rows - size >= max(_UNUSED_ROWS, _UNUSED_SHARE * rows):
        raise UserError(
            f"the tokenizer of {model.name} has {size:,} entries, far fewer than the embedding table's {rows:,} rows: "
            f"{remedy}"
        )
    for key in _DECIDING:
        number, token = model.config.get(key), getattr(model.tokenizer, key.removesuffix("_id"))
        if number is not None and model.vocabulary.ids[str(token)] != number:
            raise UserError(
                f"the model {model.name} has {key} {number}, but its tokenizer gives {token} the id "
                f"{model.vocabulary.ids[str(token)]}: {remedy}"
            )


def _weights(folder: Path) -> dict[str, Tensor]:
    """Every stored tensor by name, of all shards; nothing of a file is ever executed."""
    check_export(folder)
    files = weight_files(folder)
    tensor_names(files)  # refuses what is no plain file of tensors
    return {name: tensor for file in files for name, tensor in _tensors(file).items()}


def _tensors(file: Path) -> dict[str, Tensor]:
    if file.suffix == ".safetensors":
        return dict(load_file(file))
    return dict(torch.load(file, map_location="cpu", weights_only=True))


def config_with_vocabulary(model: StoredModel, *, rows: int, ids: Mapping[str, int]) -> dict[str, Any]:
    """The model's configuration for a table of `rows` rows, its token ids set to those of the same tokens in `ids`."""
    tokens = {number: token for token, number in model.vocabulary.ids.items()}
    config = json.loads(json.dumps(model.config))
    for key, number in model.config.items():
        if key.endswith("_token_id") and isinstance(number, int) and tokens.get(number) in ids:
            config[key] = ids[tokens[number]]
    config["vocab_size"] = rows
    return dict(config)
