"""How well a vocabulary fits the text of each tag: pieces for a word, what it does not know, bytes in a piece."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from langsamp.data.tokens.tokenizer import vocabulary_size

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Fit(NamedTuple):
    """A vocabulary on the text of one tag."""

    documents: int
    pieces_per_word: float
    """Words are what spaces part: scripts without spaces have long ones."""
    unknown: float
    """Share of pieces that are `<unk>`, in [0, 1]."""
    bytes_per_token: float
    """Of the text in UTF-8; the more, the shorter the rows."""
    pieces: int
    """Different pieces that the text takes."""


def measure(tokenizer: "PreTrainedTokenizerFast", batches: Iterable[list[str]]) -> Fit:
    """The fit of a tokenizer to lists of texts, special tokens around them left out; zeros where there is no text."""
    backend, unknown_id = tokenizer.backend_tokenizer, tokenizer.unk_token_id
    documents = words = tokens = unknown = size = 0
    seen = np.zeros(vocabulary_size(tokenizer), bool)
    for texts in batches:
        ids = np.concatenate(
            [encoding.ids for encoding in backend.encode_batch_fast(texts, add_special_tokens=False)]
        ).astype(np.int64)
        documents += len(texts)
        words += sum(len(text.split()) for text in texts)
        tokens += len(ids)
        unknown += int(np.count_nonzero(ids == unknown_id)) if unknown_id is not None else 0
        size += sum(len(text.encode()) for text in texts)
        seen[ids] = True
    return Fit(documents, tokens / max(words, 1), unknown / max(tokens, 1), size / max(tokens, 1), int(seen.sum()))
