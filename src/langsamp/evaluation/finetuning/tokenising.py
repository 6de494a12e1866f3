"""Examples to tokens, each text once: what was tokenised stays in memory, found again by content.

Ways: `text` cuts a text at the window; `words` tokenises a sentence that is split into words already, as the library
does it; `words alone` is the original's, each word on its own and two end tokens behind the sequence.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from transformers import PreTrainedTokenizerBase

from langsamp.errors import UserError
from langsamp.evaluation.finetuning.tokens import Tokens
from langsamp.evaluation.models import tokenizer_fingerprint
from langsamp.evaluation.tasks.examples import Examples, LabelledTexts, TaggedSentences
from langsamp.evaluation.unknown import is_unknown, note_on_unknown

Method = Literal["text", "words", "words alone"]

_CACHE_BYTES = 2**30


class TokenCache:
    """The tokens of texts that were tokenised last, up to `max_bytes` of them."""

    def __init__(self, max_bytes: int = _CACHE_BYTES) -> None:
        """Start empty."""
        self.max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, Tokens] = OrderedDict()

    def find(self, key: Hashable, make: Callable[[], Tokens]) -> Tokens:
        """What is kept under `key`, or else what `make` gives, which is then kept."""
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > 1 and sum(tokens.num_bytes for tokens in self._kept.values()) > self.max_bytes:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


_CACHE = TokenCache()
"""Shared by all models with the same tokenizer, and by all seeds."""


class Tokeniser:
    """Makes tokens of examples for one model."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        folder: Path,
        *,
        window: int,
        method: Method,
        vocabulary_size: int,
        cache: TokenCache = _CACHE,
    ) -> None:
        """Take the `tokenizer` that was loaded from `folder`; `vocabulary_size` is the model's.

        Raises:
            UserError: where the tokenizer cannot serve.
        """
        self.tokenizer, self.window, self.method, self.cache = tokenizer, window, method, cache
        self.vocabulary_size = vocabulary_size
        self._key = (tokenizer_fingerprint(folder), type(tokenizer).__name__, window, method)
        self.tokenizer.truncation_side = "right"
        if method != "text":
            if not tokenizer.is_fast:
                raise UserError(
                    f"the tokenizer in {folder} cannot tell which token belongs to which word: expected a fast one; "
                    "save it again from AutoTokenizer with a tokenizer.json"
                )
            self._before, self._after = _frame(tokenizer)
            if method == "words alone":
                self._after = [*self._after, *self._after[-1:]]
            self._space = "" if _splits_alike(tokenizer) else " "

    def tokens(self, examples: Examples) -> Tokens:
        """The tokens of `examples`.

        Raises:
            UserError: where the tokenizer gives nothing, or tokens that the model does not have.
        """
        tokens = self.cache.find((*self._key, examples.revision), lambda: self._make(examples))
        if tokens.ids.size and (top := int(tokens.ids.max())) >= self.vocabulary_size:
            raise UserError(
                f"the tokenizer gives token {top}, but the model has {self.vocabulary_size} embeddings: use its own "
                "tokenizer"
            )
        return tokens

    def _make(self, examples: Examples) -> Tokens:
        if isinstance(examples, LabelledTexts):
            return self._texts(examples.texts)
        return self._sentences(examples)

    def _texts(self, texts: Sequence[str]) -> Tokens:
        sequences = _ids(self.tokenizer, list(texts))
        long = [index for index, ids in enumerate(sequences) if len(ids) > self.window]
        if long:
            cut = _ids(self.tokenizer, [texts[index] for index in long], truncation=True, max_length=self.window)
            for index, ids in zip(long, cut, strict=True):
                sequences[index] = ids
        if not all(sequences):
            raise UserError(
                "the tokenizer gives no token for a blank text: expected one that adds special tokens (<s> </s>)"
            )
        notes = [f"{len(long)} of {len(texts)} texts are longer than {self.window} tokens and were cut"] if long else []
        around = self.tokenizer.num_special_tokens_to_add()
        notes += self._notes_on_unknown(sequences, around=around, called="texts")
        return Tokens.of(sequences, [[0]] * len(texts), ends=[True] * len(texts), notes=notes)

    def _sentences(self, examples: TaggedSentences) -> Tokens:
        room = self.window - len(self._before) - len(self._after)
        sequences: list[list[int]] = []
        heads: list[list[int]] = []
        ends: list[bool] = []
        pieces_of: list[list[int]] = []
        num_split = num_unknown = 0
        for words in self._pieces(examples.words):
            pieces_of.append([piece for pieces in words for piece in pieces])
            fitting = [pieces if 0 < len(pieces) <= room else [self._unknown()] for pieces in words]
            num_unknown += sum(pieces is not fits for pieces, fits in zip(words, fitting, strict=True))
            parts = list(_parts(fitting, room=room))
            num_split += len(parts) > 1
            for part in parts:
                sequence, starts = list(self._before), []
                for pieces in part:
                    starts.append(len(sequence))
                    sequence += pieces
                sequences.append(sequence + self._after)
                heads.append(starts)
                ends.append(part is parts[-1])
        notes = []
        if num_split:
            notes.append(
                f"{num_split} of {len(examples)} sentences are longer than {self.window} tokens and were split between "
                "words"
            )
        if num_unknown:
            notes.append(f"{num_unknown} words have no token or more than {room}, and count as unknown")
        notes += self._notes_on_unknown(pieces_of, around=0, called="sentences")
        return Tokens.of(sequences, heads, ends=ends, notes=notes)

    def _pieces(self, sentences: Sequence[Sequence[str]]) -> Iterator[list[list[int]]]:
        """The token ids of each word of each sentence."""
        if self.method == "words alone":
            distinct = list(dict.fromkeys(word for words in sentences for word in words))
            ids = _ids(self.tokenizer, [self._space + word for word in distinct], add_special_tokens=False)
            ids_of = dict(zip(distinct, ids, strict=True))
            yield from ([ids_of[word] for word in words] for words in sentences)
            return
        spaced = [[self._space + word for word in words] for words in sentences]
        encoded = self.tokenizer(
            spaced, is_split_into_words=True, add_special_tokens=False, truncation=False, verbose=False
        )
        for index, words in enumerate(sentences):
            pieces: list[list[int]] = [[] for _ in words]
            for token, word in zip(encoded["input_ids"][index], encoded.word_ids(index), strict=True):
                pieces[word].append(token)
            yield pieces

    def _notes_on_unknown(self, sequences: Sequence[list[int]], *, around: int, called: str) -> list[str]:
        """A note where the tokenizer does not know many of them; `around` special tokens stand about each."""
        unknown = sum(is_unknown(ids, self.tokenizer.unk_token_id, around=around) for ids in sequences)
        note = note_on_unknown(unknown, len(sequences), called=called)
        return [note] if note else []

    def _unknown(self) -> int:
        if self.tokenizer.unk_token_id is None:
            raise UserError(
                "a word has no token or does not fit the window, and the tokenizer has no unknown token to stand for "
                "it; name one of its tokens `unk_token` in tokenizer_config.json"
            )
        return int(self.tokenizer.unk_token_id)


def _ids(tokenizer: PreTrainedTokenizerBase, texts: list[str], **settings: object) -> list[list[int]]:
    """Token ids of each text, untruncated unless `settings` say so."""
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(
        texts, **{"truncation": False, "return_attention_mask": False, "verbose": False, **settings}
    )["input_ids"]
    return ids


def _frame(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """The special tokens before and behind a sequence."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids, special = encoded["input_ids"], encoded["special_tokens_mask"]
    ordinary = [index for index, flag in enumerate(special) if not flag]
    if not ordinary:
        raise UserError("the tokenizer gives no token for 'a': expected one that knows every text, at least as unknown")
    return list(ids[: ordinary[0]]), list(ids[ordinary[-1] + 1 :])


def _splits_alike(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether words that are handed over one by one become what they are in a text.

    Byte-level tokenizers keep the space before a word in its token, and lose it here: `the cat` becomes `thecat`.
    """
    apart = tokenizer(["a", "a"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    return bool(apart == tokenizer("a a", add_special_tokens=False)["input_ids"])


def _parts(words: Iterable[list[int]], *, room: int) -> Iterator[list[list[int]]]:
    """Words in runs of at most `room` tokens, each as long as possible; at least one run."""
    part: list[list[int]] = []
    used = 0
    for pieces in words:
        if used + len(pieces) > room:
            yield part
            part, used = [], 0
        part.append(pieces)
        used += len(pieces)
    yield part
