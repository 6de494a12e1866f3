"""Which pieces chosen languages need: counted in their text, down to a share of each one's tokens or a number."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from langsamp.data.text.cleaning import clean_batches
from langsamp.data.text.corpus import Corpus, CorpusConfig
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Counts = NDArray[np.int64]
"""How often each id occurs, by id."""


class Need(NamedTuple):
    """What decides which pieces are kept; one of the first two."""

    coverage: float | None = None
    """The least share of each language's tokens whose pieces are kept, in (0, 1]."""
    min_count: int | None = None
    """Pieces that occur at least so often in the text of all languages together."""
    keep: frozenset[str] = frozenset()
    """Pieces kept in any case."""


def texts_by_tag(corpus: Corpus, config: CorpusConfig) -> Iterator[tuple[LangScript, Iterator[list[str]]]]:
    """The clean documents of each tag, streamed in lists of up to a thousand."""
    for tag in corpus.tags:
        yield tag, clean_batches(corpus.documents(tag), tag=tag, config=config)


def count_tokens(tokenizer: "PreTrainedTokenizerFast", batches: Iterable[list[str]], *, size: int) -> Counts:
    """How often each of `size` ids occurs in these lists of texts, special tokens around them left out."""
    counts = np.zeros(size, np.int64)
    backend = tokenizer.backend_tokenizer
    for batch in batches:
        encodings = backend.encode_batch_fast(batch, add_special_tokens=False)
        counts += np.bincount(np.concatenate([encoding.ids for encoding in encodings]).astype(np.int64), minlength=size)
    return counts


def count_corpus(
    tokenizer: "PreTrainedTokenizerFast", corpus: Corpus, config: CorpusConfig, *, size: int
) -> tuple[dict[LangScript, Counts], dict[LangScript, list[str]]]:
    """Of each tag how often each of `size` ids occurs, and its first thousand documents."""
    counts, samples = {}, {}
    for tag, batches in texts_by_tag(corpus, config):
        samples[tag] = next(batches)
        counts[tag] = count_tokens(tokenizer, chain([samples[tag]], batches), size=size)
    return counts, samples


def lengthening(tokenizer: "PreTrainedTokenizerFast", backend: Mapping[str, Any], texts: list[str]) -> float:
    """Tokens of `texts` by the tokenizer `backend` (a `tokenizer.json`), over those by `tokenizer`."""
    lengths = [
        sum(len(encoding.ids) for encoding in each.encode_batch_fast(texts, add_special_tokens=False))
        for each in (tokenizer.backend_tokenizer, Tokenizer.from_str(json.dumps(backend)))
    ]
    return lengths[1] / max(lengths[0], 1)


def needed_pieces(vocabulary: Vocabulary, counts: Mapping[LangScript, Counts], need: Need) -> set[str]:
    """The pieces to keep: the required ones, those of `need.keep`, and those that occur often enough.

    Raises:
        UserError: where `need` says both or neither of its two measures, or one out of its range.
    """
    if (need.coverage is None) == (need.min_count is None):
        raise UserError("give either a share of tokens to cover (--coverage 0.998) or a least number (--min-count 3)")
    if need.coverage is not None and not 0 < need.coverage <= 1:
        raise UserError(f"--coverage is a share of tokens, above 0 and at most 1; got {need.coverage}")
    if need.min_count is not None and need.min_count < 1:
        raise UserError(f"--min-count is 1 or more; got {need.min_count}")
    if need.min_count is not None:
        often = set(np.flatnonzero(total(counts) >= need.min_count).tolist())
    else:
        often = {number for each in counts.values() for number in _covering(each, need.coverage or 1)}
    frequent = {token for token, number in vocabulary.ids.items() if number in often}
    return vocabulary.with_parts(vocabulary.required | need.keep | frequent)


def total(counts: Mapping[LangScript, Counts]) -> Counts:
    """The counts of all tags together."""
    summed: Counts = np.sum([*counts.values()], axis=0, dtype=np.int64)
    return summed


def covered_share(vocabulary: Vocabulary, counts: Counts, kept: set[str]) -> float:
    """The share of counted tokens whose piece is kept, in [0, 1]; 1 where there are none."""
    is_kept = np.zeros(len(counts), bool)
    is_kept[[number for token, number in vocabulary.ids.items() if token in kept]] = True
    return float(counts[is_kept].sum() / counts.sum()) if counts.any() else 1.0


def pieces_named(tokenizer: "PreTrainedTokenizerFast", vocabulary: Vocabulary, lines: Iterable[str]) -> frozenset[str]:
    """What the lines of a `--keep` file name: a piece as it is written, and the pieces of the line as text.

    Raises:
        UserError: for a line that is no piece and that the tokenizer cannot write without `<unk>`.
    """
    named = set[str]()
    for number, line in enumerate(lines, 1):
        tokens = tokenizer.backend_tokenizer.encode(line, add_special_tokens=False).tokens if line.strip() else []
        known = {token for token in tokens if token in vocabulary.ids and token != tokenizer.unk_token}
        if line.strip() and line not in vocabulary.ids and known != set(tokens):
            raise UserError(
                f"line {number} of the pieces to keep, {line!r}, is no piece of the tokenizer and has characters that "
                "it does not know; name pieces or text that it can write"
            )
        named |= known | ({line} & vocabulary.ids.keys())
    return frozenset(named)


def _covering(counts: Counts, coverage: float) -> list[int]:
    """The fewest ids that make up this share of the counted tokens; of equally frequent ones the first."""
    order = np.argsort(-counts, kind="stable")
    reached = np.cumsum(counts[order])
    enough = int(np.searchsorted(reached, coverage * reached[-1])) + 1
    return [int(number) for number in order[:enough] if counts[number]]
