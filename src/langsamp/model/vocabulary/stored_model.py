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

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers.modeling_utils import load_state_dict

from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.disk.files import read_json
from langsamp.errors import DamagedError, DataMissingError, UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_EMBEDDING = re.compile(r"(^|\.)(word_embeddings|tok_embeddings|embed_tokens)\.weight$")
_DECODER = re.compile(r"(^|\.)((lm_head\.)?decoder|vocab_projector|lm_head)\.weight$")
_DECODER_BIAS = re.compile(
    r"(^|\.)(decoder\.bias|vocab_projector\.bias|lm_head\.bias|predictions\.bias|predictions\.decoder\.bias)$"
)
_BY_TOKEN = {"embedding": (_EMBEDDING, 2), "decoder": (_DECODER, 2), "bias": (_DECODER_BIAS, 1)}
_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.model", "*.txt")
_TORCH_FILES = (*(name for name in _FILES if "safetensors" not in name), "*.bin", "*.bin.index.json")
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

    @property
    def has_head(self) -> bool:
        """Whether it can predict tokens: a decoder or its bias is stored."""
        return any(kind != "embedding" for kind in self.by_token.values())


def open_stored(model: str) -> StoredModel:
    """The model of a folder or of the Hugging Face hub (`OWNER/NAME[@revision]`), its tokenizer checked against it.

    Raises:
        DataMissingError: where it is absent or lacks a part.
        DamagedError: where its weights cannot be read.
        UserError: where the tokenizer is not the model's, or lacks a token.
    """
    folder = Path(model) if Path(model).is_dir() else _from_hub(model)
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
    for kind in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{kind}.index.json"
        names = sorted(set(read_json(index)["weight_map"].values())) if index.is_file() else [kind]
        if all((folder / name).is_file() for name in names):
            return {key: tensor for name in names for key, tensor in _tensors(folder / name).items()}
        if index.is_file():
            absent = [name for name in names if not (folder / name).is_file()]
            raise DataMissingError(f"{folder} lacks {', '.join(absent)}, which {index.name} names; copy it there")
    raise DataMissingError(f"{folder} has no weights: expected model.safetensors or pytorch_model.bin")


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        content = load_state_dict(str(path), weights_only=True)
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read as weights ({_first_line(error)}); copy it again") from None
    except Exception as error:
        if type(error).__name__ != "UnpicklingError":  # named, not imported: no module of ours knows pickles
            raise
        raise DamagedError(
            f"{path} holds more than tensors, so it is not read (it could run a program); get the model as "
            "model.safetensors"
        ) from None
    return {name: tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _from_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    repository, _, revision = model.partition("@")
    try:
        folder = Path(snapshot_download(repository, revision=revision or None, allow_patterns=[*_FILES]))
        if not any(folder.glob("*.safetensors")):
            folder = Path(snapshot_download(repository, revision=revision or None, allow_patterns=[*_TORCH_FILES]))
    except (HFValidationError, OSError) as error:
        raise DataMissingError(
            f"no model at {model!r}: expected a folder with config.json, weights and tokenizer, or OWNER/NAME on the "
            f"Hugging Face hub ({_first_line(error)})"
        ) from None
    return folder


def config_with_vocabulary(model: StoredModel, *, rows: int, ids: Mapping[str, int]) -> dict[str, Any]:
    """The model's configuration for a table of `rows` rows, its token ids set to those of the same tokens in `ids`."""
    tokens = {number: token for token, number in model.vocabulary.ids.items()}
    config = json.loads(json.dumps(model.config))
    for key, number in model.config.items():
        if key.endswith("_token_id") and isinstance(number, int) and tokens.get(number) in ids:
            config[key] = ids[tokens[number]]
    config["vocab_size"] = rows
    return dict(config)
