"""A token as a person reads it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

WORD_STARTS = ("▁", "Ġ")
"""What SentencePiece and byte-level BPE put before a token that begins a word."""
GOES_ON = "##"
"""What WordPiece puts before a token that does not."""


def readable(tokenizer: "PreTrainedTokenizerBase", index: int) -> str:
    """The text of one token without marks of the tokenizer; the token itself where that is no whole text."""
    token, text = str(tokenizer.convert_ids_to_tokens(index)), str(tokenizer.decode([index])).strip()
    if token in WORD_STARTS:
        return "(space)"
    return text.removeprefix(GOES_ON) if text and "\ufffd" not in text else token
