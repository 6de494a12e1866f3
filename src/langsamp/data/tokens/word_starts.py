"""Which tokens begin a word, as the tokenizer itself marks them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from langsamp.data.tokens.tokenizer import vocabulary_size
from langsamp.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_SPACE_AS_BYTE = "Ġ"
"""How byte-level BPE writes the byte of a space (Radford et al. 2019)."""


def word_starts(tokenizer: "PreTrainedTokenizerFast") -> NDArray[np.bool_]:
    """For each id whether its token begins a word, shape (vocabulary,).

    SentencePiece and byte-level BPE mark the space before a word, so what follows without one, punctuation too, belongs
    to the word before it. WordPiece marks what continues a word. Of whole words each begins one.

    Raises:
        UserError: where the tokenizer marks neither.
    """
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    kind, continuing = backend["model"].get("type"), backend["model"].get("continuing_subword_prefix")
    starts = np.zeros(vocabulary_size(tokenizer), dtype=bool)
    marks = tuple(sorted(set(_marks_of_spaces(backend))))
    for token, number in tokenizer.get_vocab().items():
        if kind == "WordPiece":
            starts[number] = not token.startswith(continuing or "##")
        else:
            starts[number] = kind == "WordLevel" or (bool(marks) and token.startswith(marks))
    if not starts.any():
        raise UserError(
            f"masking.unit word: this tokenizer ({kind}) does not tell where words begin, neither by ▁ or Ġ before "
            "them nor by ## before what continues one: use masking.unit token"
        )
    return starts


def _marks_of_spaces(part: Any) -> Iterator[str]:
    """What spaces become, as the parts of a `tokenizer.json` but for its vocabulary say."""
    if isinstance(part, list):
        for each in part:
            yield from _marks_of_spaces(each)
    if not isinstance(part, dict) or "vocab" in part:
        return
    match part.get("type"):
        case "Metaspace":
            yield part["replacement"]
        case "ByteLevel":
            yield _SPACE_AS_BYTE
        case "Replace" if part.get("pattern") == {"String": " "} and part.get("content"):
            yield part["content"]
    for each in part.values():
        yield from _marks_of_spaces(each)
