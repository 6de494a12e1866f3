"""From a folder to a model on its device and its tokenizer, tried once before any work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerBase

from langsamp.data.tokens.tokenizer import open_tokenizer
from langsamp.errors import UserError
from langsamp.model.conditioning import check_export
from langsamp.model.pretrained.load_pretrained import Pretrained, load_pretrained
from langsamp.model.pretrained.model_config import load_config
from langsamp.model.pretrained.tokenizer_match import check_match, unread_pieces

MAX_POSITIONS = 512
"""Tokens that a model is taken to have positions for where its config does not tell."""


def load_model(
    auto: Any, folder: Path, *, device: str | None = None, dtype: torch.dtype = torch.float32, **settings: Any
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model that is saved in `folder` as `auto` builds it (`AutoModel`, ...) with `settings`, and its tokenizer.

    It stands on `device`, by default a GPU where there is one. What stands above the encoder may be new.

    Raises:
        UserError: where weights of the encoder are missing, so that loading would invent them; where the tokenizer is
            another model's; where the model cannot be used as `auto`.
        DamagedError: where a file cannot be read.
    """
    loaded, tokenizer = load_all(auto, folder, device=device, dtype=dtype, **settings)
    return loaded.model, tokenizer


def load_all(
    auto: Any, folder: Path, *, device: str | None = None, dtype: torch.dtype = torch.float32, **settings: Any
) -> tuple[Pretrained, PreTrainedTokenizerBase]:
    """As `load_model`, with what the loading found."""
    check_export(folder)
    config = load_config(folder)
    if auto is AutoModelForSequenceClassification and getattr(config, "is_encoder_decoder", False):
        raise UserError(
            f"{folder} is an encoder-decoder, whose classifier of texts would read the decoder: its encoder half is "
            "scored by retrieval and by tasks of tokens only"
        )
    tokenizer = open_tokenizer(folder)
    check_match(tokenizer, config, model=folder)
    loaded = load_pretrained(auto, folder, dtype=dtype, **settings)
    with _usable(device) as name:
        loaded.model.to(name)
    return loaded, tokenizer


def doubts_of(folder: Path) -> list[str]:
    """What can be doubted of a model before it is scored, a sentence each; what cannot be read is told by loading."""
    try:
        config, tokenizer = load_config(folder), open_tokenizer(folder)
        doubts = [*check_match(tokenizer, config, model=folder), *unread_pieces(folder, tokenizer)]
    except UserError:
        return []
    if marked := getattr(tokenizer, "src_lang", None):
        doubts.append(
            f"the tokenizer of {folder} marks every sentence as {marked} (src_lang), whatever its language, as those "
            "of translation models do: the mark is one of the tokens that are scored"
        )
    languages = getattr(config, "n_langs", 1)
    if getattr(config, "use_lang_emb", False) and languages > 1:
        doubts.append(
            f"the model {folder} was trained with a vector for each of {languages} languages on its tokens "
            "(use_lang_emb in its config.json), and is scored without them, as for languages that it does not know"
        )
    return doubts


def check_device(device: str | None) -> None:
    """Accept a device on which something can be computed; None is the best there is.

    Raises:
        UserError: where it is none, or not on this machine.
    """
    with _usable(device) as name:
        torch.empty(1, device=name)


@contextmanager
def _usable(device: str | None) -> Iterator[str]:
    """The name of a device for this block, whose failures are the user's to mend."""
    try:
        yield device or ("cuda" if torch.cuda.is_available() else "cpu")
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for the device
        said = str(error).splitlines()[0].rstrip(".")
        raise UserError(
            f"cannot compute on device {device!r}: {said}. Give cpu, or cuda where there is such a GPU with enough "
            "memory free; `langsamp doctor` says what is here"
        ) from None


def num_positions(model: PreTrainedModel) -> int:
    """Tokens that the model has positions for; RoBERTa's kind starts counting behind its padding index."""
    table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    if isinstance(table, nn.Embedding):
        return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
    said = getattr(model.config, "max_position_embeddings", None)
    return said if isinstance(said, int) and said > 0 else MAX_POSITIONS
