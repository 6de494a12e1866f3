"""Pieces that an existing vocabulary lacks, learned from text, as Glot500 did (Imani et al. 2023).

A new vocabulary is trained on the text as the old tokenizer normalises it; its pieces that the old one lacks are
merged in. Unigram pieces bring their own log probabilities and stand before `<mask>`; WordPiece has none, the longest
piece wins, and new ones stand behind the old.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, models, trainers

from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.tokens.unigram import learned_pieces
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Pieces = list[tuple[str, float]]
"""Pieces with their scores."""

_SPACE = "▁"  # how SentencePiece writes a space
_WHY_NOT = {
    "BPE": "it splits a word by all its merges in order, and merges learned apart have no place in that order",
    "WordLevel": "it has whole words only, which no other pieces stood for",
}


def new_pieces(tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str], config: TokenizerConfig) -> Pieces:
    """The pieces of a vocabulary of `config.vocab_size` learned from `texts` that `tokenizer` lacks, likeliest first.

    Raises:
        UserError: where the tokenizer's kind cannot be extended, the text is too small for so many pieces, or all of
            its pieces are known.
    """
    vocabulary = Vocabulary.of(tokenizer)
    if vocabulary.kind not in _LEARNERS:
        raise UserError(
            f"a {vocabulary.kind} vocabulary cannot be extended, only {' or '.join(_LEARNERS)}: "
            f"{_WHY_NOT[vocabulary.kind]}. Train one of its own (`langsamp tokenizer train`) or keep it"
        )
    learned = _LEARNERS[vocabulary.kind](tokenizer, texts, config)
    new = [(piece, score) for piece, score in learned if piece not in vocabulary.ids]
    if not new:
        raise UserError(
            f"the extension learned nothing: all {len(learned):,} pieces of the text are in the vocabulary already. "
            "Ask for more pieces, or give text of languages that it lacks"
        )
    return sorted(new, key=lambda pair: -pair[1])


def old_pieces(tokenizer: "PreTrainedTokenizerFast", pieces: Sequence[str]) -> list[list[int]]:
    """For each piece the ids of the tokens that its text has been until now, `<unk>` left out."""
    vocabulary = Vocabulary.of(tokenizer)
    if vocabulary.kind == "WordPiece":
        return [_longest_first(piece, vocabulary) for piece in pieces]
    split, unknown = tokenizer.backend_tokenizer.model.tokenize, tokenizer.unk_token_id
    return [[token.id for token in split(piece) if token.id != unknown] for piece in pieces]


def _learn_unigram(tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str], config: TokenizerConfig) -> Pieces:
    characters = {_SPACE}
    learned = learned_pieces(_noting(characters, _normalised(tokenizer, texts)), config)
    return [(piece, score) for piece, score in learned if characters.issuperset(piece)]


def _learn_wordpiece(tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str], config: TokenizerConfig) -> Pieces:
    old = tokenizer.backend_tokenizer
    backend = Tokenizer(models.WordPiece(unk_token=str(tokenizer.unk_token)))
    backend.normalizer, backend.pre_tokenizer = old.normalizer, old.pre_tokenizer
    trainer = trainers.WordPieceTrainer(
        vocab_size=config.vocab_size, continuing_subword_prefix=_prefix(Vocabulary.of(tokenizer)), show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    return [(piece, -float(number)) for piece, number in sorted(backend.get_vocab().items(), key=lambda pair: pair[1])]


_LEARNERS: dict[str, Callable[["PreTrainedTokenizerFast", Iterable[str], TokenizerConfig], Pieces]] = {
    "Unigram": _learn_unigram,
    "WordPiece": _learn_wordpiece,
}
"""Kinds of vocabularies that can be extended."""


def _longest_first(piece: str, vocabulary: Vocabulary) -> list[int]:
    """The ids of the longest known pieces from the left; characters that are not known are left out."""
    prefix = _prefix(vocabulary)
    inside = prefix if piece.startswith(prefix) else ""
    left, numbers = piece.removeprefix(prefix), list[int]()
    while left:
        end = next((end for end in range(len(left), 0, -1) if inside + left[:end] in vocabulary.ids), 0)
        if end:
            numbers.append(vocabulary.ids[inside + left[:end]])
        left, inside = left[max(end, 1) :], prefix
    return numbers


def _prefix(vocabulary: Vocabulary) -> str:
    """What pieces within a word begin with."""
    return str(vocabulary.file.model.continuing_subword_prefix)


def _normalised(tokenizer: "PreTrainedTokenizerFast", texts: Iterable[str]) -> Iterable[str]:
    normalizer = tokenizer.backend_tokenizer.normalizer
    return texts if normalizer is None else map(normalizer.normalize_str, texts)


def _noting(characters: set[str], texts: Iterable[str]) -> Iterator[str]:
    """The texts, their characters put into the set: training also makes pieces of some that no text has."""
    for text in texts:
        characters.update(text)
        yield text
