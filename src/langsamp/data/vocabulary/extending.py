"""Pieces that an existing Unigram vocabulary lacks, learned from text, as Glot500 did (Imani et al. 2023).

A new vocabulary is trained on the text as the old tokenizer normalises it; its pieces that the old one lacks are
merged in, with their own log probabilities, before `<mask>`.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from langsamp.data.tokenizer import TokenizerConfig
from langsamp.data.unigram import learned_pieces
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_SPACE = "▁"  # how SentencePiece writes a space
_WHY_NOT = {
    "BPE": "BPE splits a word by all its merges in order, and merges learned apart have no order among the old ones",
    "WordPiece": "WordPiece takes the longest piece first, so new pieces would split the text of old languages anew",
    "WordLevel": "it has whole words only",
}


def new_pieces(
    tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str], config: TokenizerConfig
) -> list[tuple[str, float]]:
    """The pieces of a vocabulary of `config.vocab_size` learned from `texts` that `tokenizer` lacks, likeliest first.

    Raises:
        UserError: where the tokenizer is not Unigram, the text is too small for so many pieces, or all are known.
    """
    vocabulary = Vocabulary.of(tokenizer)
    if vocabulary.kind != "Unigram":
        raise UserError(
            f"a {vocabulary.kind} vocabulary cannot be extended, only a Unigram one such as XLM-R's: "
            f"{_WHY_NOT[vocabulary.kind]}. Train one of its own (`langsamp tokenizer train`) or keep it"
        )
    characters = {_SPACE}
    learned = learned_pieces(_noting(characters, _normalised(tokenizer, texts)), config)
    learned = [(piece, score) for piece, score in learned if characters.issuperset(piece)]
    new = [(piece, score) for piece, score in learned if piece not in vocabulary.ids]
    if not new:
        raise UserError(
            f"the extension learned nothing: all {len(learned):,} pieces of the text are in the vocabulary already. "
            "Ask for more pieces, or give text of languages that it lacks"
        )
    return sorted(new, key=lambda pair: -pair[1])


def _normalised(tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str]) -> Iterable[str]:
    normalizer = tokenizer.backend_tokenizer.normalizer
    return texts if normalizer is None else map(normalizer.normalize_str, texts)


def _noting(characters: set[str], texts: Iterable[str]) -> Iterator[str]:
    """The texts, their characters put into the set: training also makes pieces of some that no text has."""
    for text in texts:
        characters.update(text)
        yield text
