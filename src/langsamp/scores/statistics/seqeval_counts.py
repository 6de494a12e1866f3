"""Spans of labelled sentences, counted sentence by sentence exactly as seqeval 1.2.2 counts them, in whole arrays.

seqeval's default mode reads a label as a first letter (B, I, E, S, O or any other) and a type (the rest), joins all
sentences with an `O` between them, and decides at each word whether a span ends before it and whether one starts there.
The rules below are those of its `start_of_chunk` and `end_of_chunk`; a span reaches back to the last start, wherever
that was. On labels without prefixes (`NOUN`) all this is done to the bare words, as the paper's part-of-speech scores
need it.

The counts add up over sentences with one exception: a sentence that begins with the bare label `X` (or a lone letter)
takes its first span's start from the sentence before it. It keeps the one of the order in which the text has it.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from langsamp.errors import DamagedError

_B, _I, _E, _S, _OUTSIDE, _DOT = map(ord, "BIESO.")


class Labels(NamedTuple):
    """The labels of many sentences in one row."""

    sentence: NDArray[np.intp]
    """Which sentence each label is of, (labels,)."""
    code: NDArray[np.intp]
    names: list[str]
    """What the codes stand for."""


class _Spans(NamedTuple):
    """By the word after which a span ends; types are numbered alike on both sides."""

    ends: NDArray[np.bool_]
    start: NDArray[np.intp]
    type: NDArray[np.intp]


def split_labels(sentences: pa.Array) -> Labels:
    """The labels of sentences that are their labels joined by spaces; a blank sentence has none."""
    words = pc.utf8_split_whitespace(sentences.cast(pa.string()))
    sentence_T = np.repeat(np.arange(len(sentences)), pc.list_value_length(words).to_numpy(zero_copy_only=False))
    coded = words.flatten().dictionary_encode()
    names = coded.dictionary.to_pylist()
    code_T = coded.indices.to_numpy(zero_copy_only=False).astype(np.intp)
    if "" in names:
        kept = code_T != names.index("")
        sentence_T, code_T = sentence_T[kept], code_T[kept]
    return Labels(sentence_T, code_T, names)


def check_lengths(gold: Labels, predicted: Labels) -> None:
    """Accept labels of equally many words in each sentence.

    Raises:
        DamagedError: where a sentence has not as many predicted as gold labels.
    """
    if not np.array_equal(gold.sentence, predicted.sentence):
        raise DamagedError("a sentence has not as many predicted as gold labels; score its cell again with --force")


def span_counts(gold: Labels, predicted: Labels, *, sentences: int) -> NDArray[np.int64]:
    """Spans that are right, predicted and true in each sentence, shape (sentences, 3).

    Micro F1 is 2 x right / (predicted + true), each summed over sentences.

    Raises:
        DamagedError: where a sentence has not as many predicted as gold labels.
    """
    check_lengths(gold, predicted)
    types = {
        name: number for number, name in enumerate(dict.fromkeys(map(_type, gold.names + predicted.names + ["O"])))
    }
    place_T = np.arange(len(gold.code)) + gold.sentence  # one place is left for an O after each sentence
    true, guessed = (_spans(labels, place_T, types, length=len(place_T) + sentences) for labels in (gold, predicted))
    sentence_T = np.repeat(np.arange(sentences), np.bincount(gold.sentence, minlength=sentences) + 1)
    same_T = (true.start == guessed.start) & (true.type == guessed.type)
    counted = (true.ends & guessed.ends & same_T, guessed.ends, true.ends)
    return np.stack([np.bincount(sentence_T[ends_T], minlength=sentences) for ends_T in counted], axis=1)


def _type(label: str) -> str:
    return label[1:].split("-", maxsplit=1)[-1] or "_"


def _spans(labels: Labels, place_T: NDArray[np.intp], types: dict[str, int], *, length: int) -> _Spans:
    now, kind = np.full(length, _OUTSIDE), np.full(length, types[_type("O")])
    if len(place_T):
        now[place_T] = np.array([ord(name[:1] or " ") for name in labels.names])[labels.code]
        kind[place_T] = np.array([types[_type(name)] for name in labels.names])[labels.code]
    before = np.concatenate([[_OUTSIDE], now[:-1]])
    other_kind = kind != np.concatenate([[-1], kind[:-1]])  # no type stands before the first word
    starts = _among(now, _B, _S) | (_among(before, _E, _S, _OUTSIDE) & _among(now, _E, _I))
    starts |= ~_among(now, _OUTSIDE, _DOT) & other_kind
    ends = _among(before, _E, _S) | (_among(before, _B, _I) & _among(now, _B, _S, _OUTSIDE))
    ends |= ~_among(before, _OUTSIDE, _DOT) & other_kind
    start_T = np.maximum.accumulate(np.where(starts, np.arange(length), 0))
    # `ends[t]` speaks of the word before t; nothing ends after the last place, which is an O
    return _Spans(np.append(ends[1:], False), start_T, kind)


def _among(letters: NDArray[np.intp], *wanted: int) -> NDArray[np.bool_]:
    return np.asarray(np.logical_or.reduce([letters == each for each in wanted]))
