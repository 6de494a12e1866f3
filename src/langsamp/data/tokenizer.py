"""Which tokenizer a run uses, and what the rest of the package needs to know about any tokenizer."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pydantic import Field

from langsamp.artifacts import fingerprint
from langsamp.config import Config
from langsamp.data.packing import Frame
from langsamp.errors import DataMissingError, UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
_BYTE_PIECE = re.compile("<0x[0-9A-F]{2}>")
_STATE = ("truncation", "padding")  # what the last call left behind, no property of a tokenizer


class TokenizerConfig(Config):
    """Load a tokenizer, or train one on the run's own text."""

    load: str | None = None
    """A Hugging Face name or a folder; None trains one, for which the other keys are."""
    vocab_size: int = Field(default=32_000, ge=300)
    """Entries of the vocabulary, special ones and bytes included."""
    sample_documents: int = Field(default=1_000_000, ge=1)
    """Documents to train on, drawn from all tags with p(tag) ~ documents(tag)**alpha, none twice."""
    alpha: float = Field(default=0.3, ge=0, le=1)
    """Exponent of the draw: 1 keeps the corpus's shares, 0 takes the same number of each tag."""
    character_coverage: float = Field(default=0.9995, gt=0.9, le=1)
    """Share of the sample's characters that get a piece of their own; the rarest others become bytes."""
    byte_fallback: bool = True
    """Write characters without a piece as bytes; False makes them `<unk>`."""
    seed: int = Field(default=0, ge=0)
    """Seed of the draw."""


class UnknownShare(NamedTuple):
    """How much of a text a vocabulary lacks, as shares of its ordinary tokens in [0, 1]."""

    unknown: float
    """`<unk>`: what the model cannot see."""
    in_bytes: float
    """Bytes of characters without a piece: seen, but three or four tokens for a character."""


def load_tokenizer(name_or_folder: str) -> "PreTrainedTokenizerFast":
    """The fast tokenizer of a Hugging Face model or of a folder.

    Raises:
        DataMissingError: where there is none.
        UserError: where it is not fast, or has no token that a masked LM needs.
    """
    from transformers import AutoTokenizer

    if not Path(name_or_folder).is_dir() and not _HUB_NAME.fullmatch(name_or_folder):
        raise DataMissingError(f"there is no folder {name_or_folder}; expected a tokenizer's folder or OWNER/NAME")
    try:
        tokenizer = AutoTokenizer.from_pretrained(name_or_folder)
    except (OSError, ValueError) as error:
        raise DataMissingError(
            f"no tokenizer found at {name_or_folder!r}: {str(error).rstrip('.')}. Give the name of a model on the "
            "Hugging Face hub, or a folder with its tokenizer.json; without a connection, download it first where "
            "there is one"
        ) from error
    if not tokenizer.is_fast:
        raise UserError(f"the tokenizer of {name_or_folder!r} has no fast form; expected one with a tokenizer.json")
    for token in ("mask_token", "cls_token", "sep_token", "pad_token"):
        if getattr(tokenizer, token) is None:
            raise UserError(
                f"the tokenizer of {name_or_folder!r} has no {token}; expected that of a masked LM such as XLM-R"
            )
    for key in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(key, None)  # how it was found; saved with it, it would make equal tokenizers differ
    return tokenizer


def tokenizer_fingerprint(tokenizer: "PreTrainedTokenizerFast") -> str:
    """Names what a tokenizer does to text: equal for a copy in another folder, other after any change of pieces."""
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    return fingerprint([{key: part for key, part in backend.items() if key not in _STATE}, special_ids(tokenizer)])


def vocabulary_size(tokenizer: "PreTrainedTokenizerFast") -> int:
    """Rows that an embedding table needs: the largest id and one."""
    return int(max(tokenizer.get_vocab().values())) + 1


def special_ids(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """Ids of the tokens that stand for no text, in ascending order."""
    added = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return sorted(added.union(tokenizer.all_special_ids))


def textless_ids(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """Ids below the vocabulary's size that stand for no text: special ones and gaps, in ascending order.

    All others are ordinary: they stand for text, bytes among them.
    """
    ordinary = set(tokenizer.get_vocab().values()).difference(special_ids(tokenizer))
    return [number for number in range(vocabulary_size(tokenizer)) if number not in ordinary]


def frame_of(tokenizer: "PreTrainedTokenizerFast") -> Frame:
    """What the tokenizer puts around every document, and its padding.

    Raises:
        UserError: where it does not put one token before and one behind, so that documents could not be told apart,
            or has no token for padding alone.
    """
    around = tokenizer.backend_tokenizer.encode("").ids
    if tokenizer.pad_token_id == tokenizer.unk_token_id:
        raise UserError(
            f"rows.packing best-fit needs a tokenizer whose padding stands for nothing else; that of this one, "
            f"{tokenizer.pad_token}, also stands for unknown text. Use rows.packing concatenate"
        )
    if len(around) != 2 or tokenizer.pad_token_id in around:
        raise UserError(
            f"rows.packing best-fit needs a tokenizer that puts one special token before a document and one behind; "
            f"this one puts {tokenizer.convert_ids_to_tokens(around)}. Use rows.packing concatenate"
        )
    return Frame(begin=around[0], end=around[1], padding=int(tokenizer.pad_token_id))


def unknown_share(tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str]) -> UnknownShare:
    """How much of `texts` the vocabulary lacks; zeros where there is no text."""
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    ids = np.concatenate([np.array([], np.int64), *(encoding.ids for encoding in encodings)])
    in_bytes = [number for piece, number in tokenizer.get_vocab().items() if _BYTE_PIECE.fullmatch(piece)]
    total = max(len(ids), 1)
    return UnknownShare(
        unknown=int(np.count_nonzero(ids == tokenizer.unk_token_id)) / total,
        in_bytes=int(np.count_nonzero(np.isin(ids, in_bytes))) / total,
    )
