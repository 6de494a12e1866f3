"""The entries of a fast tokenizer by id, and the same tokenizer with other entries, as its `tokenizer.json` says them.

Cutting is exact for text whose pieces are all kept. Unigram takes the most probable path of pieces and WordPiece the
longest piece first: leaving out what was not taken changes neither. BPE applies merges by rank: a piece is kept with
all the pieces that it is merged from, so every merge that such text needs is still there, in the same order.
"""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from langsamp.data.tokens.tokenizer import BYTE_PIECE
from langsamp.data.vocabulary.tokenizer_file import TokenizerFile
from langsamp.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_AMONG_THE_FIRST = 64
_KINDS = ("Unigram", "WordPiece", "BPE", "WordLevel")


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer's pieces and added tokens, by string."""

    backend: Mapping[str, Any]
    """The whole `tokenizer.json`."""
    special: frozenset[str]
    """Tokens that stand for no text, and those that the tokenizer's own settings name."""
    padding: str
    """The token that fills rows."""

    @classmethod
    def of(cls, tokenizer: "PreTrainedTokenizerFast") -> "Vocabulary":
        """The vocabulary of a loaded tokenizer.

        Raises:
            UserError: for a kind of tokenizer that is none of Unigram, WordPiece, BPE and WordLevel.
        """
        backend = json.loads(tokenizer.backend_tokenizer.to_str())
        vocabulary = cls(backend, frozenset(tokenizer.all_special_tokens), str(tokenizer.pad_token))
        if (kind := vocabulary.file.model.type) not in _KINDS:
            raise UserError(f"a tokenizer of kind {kind!r} cannot be changed; expected one of {', '.join(_KINDS)}")
        return vocabulary

    def with_backend(self, backend: Mapping[str, Any]) -> "Vocabulary":
        """The vocabulary of the same tokenizer with another `tokenizer.json`."""
        return replace(self, backend=backend)

    @cached_property
    def file(self) -> TokenizerFile:
        """The `tokenizer.json` by its parts."""
        return TokenizerFile.model_validate(self.backend)

    @property
    def kind(self) -> str:
        """`Unigram`, `WordPiece`, `BPE` or `WordLevel`."""
        return str(self.file.model.type)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Id of every entry, in ascending order of ids."""
        entries = self.file.model.vocab
        ids = dict(entries) if isinstance(entries, dict) else {piece: row for row, (piece, _) in enumerate(entries)}
        ids |= {token.content: token.id for token in self.file.added_tokens}
        return dict(sorted(ids.items(), key=lambda entry: entry[1]))

    @cached_property
    def size(self) -> int:
        """Rows that an embedding table needs: the largest id and one."""
        return max(self.ids.values()) + 1

    @cached_property
    def required(self) -> frozenset[str]:
        """Entries that no cut may drop.

        Special and added tokens; those before the padding where it is among the first, since models of RoBERTa's kind
        count positions from its id; single characters and bytes, so that no text becomes unknown; of Unigram the least
        probable piece, from which the cost of an unknown character is reckoned.
        """
        added = {token.content for token in self.file.added_tokens}
        padding = self.ids[self.padding]
        first = {token for token, number in self.ids.items() if number <= padding < _AMONG_THE_FIRST}
        return frozenset(self.special | added | first | self.characters | self._unknown_and_least())

    @cached_property
    def characters(self) -> frozenset[str]:
        """Pieces of one character, within a word too, and of one byte."""
        inside = self.file.model.continuing_subword_prefix or ""
        return frozenset(
            piece for piece in self.ids if len(piece.removeprefix(inside)) == 1 or BYTE_PIECE.fullmatch(piece)
        )

    def with_parts(self, tokens: Iterable[str]) -> set[str]:
        """These tokens and, of BPE, all that they are merged from and the vocabulary has."""
        if self.kind != "BPE":
            return set(tokens)
        return self.file.model.merging.with_parts(tokens) & self.ids.keys()

    def cut(self, kept: Set[str]) -> dict[str, Any]:
        """The `tokenizer.json` with these entries only, in their order, with ids from 0 on without gaps.

        Raises:
            UserError: where a special token is missing from `kept`.
        """
        if dropped := sorted(token for token in self.special if token not in kept):
            raise UserError(
                f"the cut would drop the special tokens {', '.join(dropped)}, which the model was trained on: keep them"
            )
        entries = self.file.model.vocab
        if isinstance(entries, dict):
            ordered = [token for token in self.ids if token in kept and token in entries]
            return self._renewed({token: row for row, token in enumerate(ordered)}, ordered)
        pairs = [pair for pair in entries if pair[0] in kept]
        return self._renewed(pairs, [piece for piece, _ in pairs])

    def extended(self, pieces: Sequence[tuple[str, float]]) -> dict[str, Any]:
        """The `tokenizer.json` with these pieces and scores behind the ordinary ones; of Unigram or WordPiece.

        Added tokens that stood last, as `<mask>` does in XLM-R, stand last again, so that their ids move.
        """
        entries = self.file.model.vocab
        if isinstance(entries, dict):
            ordered = [*(token for token in self.ids if token in entries), *(piece for piece, _ in pieces)]
            return self._renewed({token: row for row, token in enumerate(ordered)}, ordered)
        added = {token.content for token in self.file.added_tokens}
        end = len(entries)
        while entries[end - 1][0] in added:
            end -= 1
        renewed = [*entries[:end], *pieces, *entries[end:]]
        return self._renewed(renewed, [piece for piece, _ in renewed])

    def _renewed(self, entries: dict[str, int] | list[tuple[str, float]], ordered: Sequence[str]) -> dict[str, Any]:
        """The backend with a model of these entries, ordered by id, and every id elsewhere set to the new one."""
        ids = {token: row for row, token in enumerate(ordered)}
        for token in sorted(self.file.added_tokens, key=lambda token: token.id):
            ids.setdefault(token.content, len(ids))
        model = self.file.model
        return self.file.renewed(model.renewed(entries, model.merging.among(frozenset(ids))), ids)

    def _unknown_and_least(self) -> set[str]:
        model = self.file.model
        if isinstance(model.vocab, dict):
            return {model.unk_token} & self.ids.keys() if model.unk_token else set()
        least = min(model.vocab, key=lambda pair: pair[1])[0]
        return {least} | ({model.vocab[model.unk_id][0]} if model.unk_id is not None else set())
