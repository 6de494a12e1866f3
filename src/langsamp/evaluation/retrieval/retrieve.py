"""Sentence retrieval: each English sentence looks for its translation among all sentences of the target language.

Protocol (paper, section 4.2, and the original evaluation): vectors are means of one hidden layer over all tokens with
the special ones; similarity is the cosine, searched exactly, without centring; the score is the share of English
sentences whose translation is among the 1, 5 or 10 nearest, in per cent. Two controls and chance stand beside it:
the same from the embedding layer, and from shared character n-grams.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.errors import UserError
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.retrieval.ngrams import overlap_vectors
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.unknown import note_on_unknown
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import LanguageResult
from langsamp.scores.statistics.unit_length import unit_length

KS = (1, 5, 10)
"""How many nearest sentences may hold the translation."""

VERSION = 1
"""Raised with every change of this file that moves a score; part of a cell's key."""

Ties = Literal["last", "index"]
"""Where equally similar sentences stand: the translation `last` among them (so that identical vectors earn nothing),
or in the order of the file, as the original evaluation's search has it."""

_SLACK = 1e-12
"""Similarities closer than this are equal: double precision rounds cosines of equal vectors to within 1e-15."""
_CHUNK = 1024
"""Queries whose similarities are held at once."""


def retrieve(
    texts: Mapping[LangScript, ParallelText],
    encoder: Encoder,
    *,
    layer: int,
    ties: Ties = "last",
    controls: bool = True,
    failures: dict[str, str] | None = None,
    advance: Callable[[int], object] | None = None,
) -> Iterator[LanguageResult]:
    """Score language after language; the English side of all of them is encoded once, before the first.

    Each gets `top1_accuracy`, `top5_accuracy` and `top10_accuracy` in per cent, and with `controls` the same three as
    `layer0_...`, `ngram_...` and `chance_...`; the predictions are the `rank` of each item's translation, 1 = nearest,
    and which item was `nearest`.
    `failures` gets why, by tag, a language has no result. `advance` is told how many of `num_sentences(texts)` each
    batch finished.

    Raises:
        UserError: where the encoder's vectors of the English side cannot be used, or without `failures` those of a
            language.
    """
    layers = sorted({0, layer}) if controls else [layer]
    queries = list(dict.fromkeys(sentence for text in texts.values() for sentence in text.english))
    cut: set[str] = set()
    unknown: set[str] = set()
    english = encoder.encode(queries, layers=layers, advance=advance, cut=cut, unknown=unknown)
    row = {sentence: index for index, sentence in enumerate(queries)}
    for tag, text in texts.items():
        rows = np.array([row[sentence] for sentence in text.english])
        try:
            target = encoder.encode(text.target, layers=layers, advance=advance, cut=cut, unknown=unknown)
        except UserError as error:
            if failures is None:
                raise
            failures[str(tag)] = str(error)
            continue
        search_of = {of: search(_wide(english[of][rows]), _wide(target[of]), ties=ties) for of in layers}
        metrics = _accuracies(search_of[layer].rank, prefix="")
        if controls:
            metrics |= _controls(text, search_of[0].rank, ties=ties)
        yield LanguageResult(
            tag=tag,
            metrics=metrics,
            predictions=search_of[layer]._asdict(),
            num_items=len(text.target),
            notes=(*_notes(text, cut, window=encoder.max_pieces), *_notes_on_unknown(text, unknown)),
        )


def num_sentences(texts: Iterable[ParallelText]) -> int:
    """Sentences that `retrieve` encodes: distinct ones of each language, and of all English sides together."""
    texts = list(texts)
    return len({s for text in texts for s in text.english}) + sum(len(set(text.target)) for text in texts)


class SearchResult(NamedTuple):
    """What the search for the translation of each of E sentences gave."""

    rank: NDArray[np.int32]
    """Of the translation, 1 = nearest."""
    nearest: NDArray[np.int32]
    """Which sentence was nearest: the translation itself exactly where its rank is 1."""


def search(english_ED: Any, target_ND: Any, *, ties: Ties = "last") -> SearchResult:
    """Where `target_ND[i]` stands among all rows of `target_ND` by their product with `english_ED[i]`, largest first.

    Both are dense or sparse matrices of unit rows, so that products are cosines; a zero row is similar to nothing.
    """
    rank, nearest = [], []
    for first in range(0, english_ED.shape[0], _CHUNK):
        product = english_ED[first : first + _CHUNK] @ target_ND.T
        similar_EN = product if isinstance(product, np.ndarray) else product.toarray()
        own_E = first + np.arange(similar_EN.shape[0])
        own_E1 = np.diagonal(similar_EN, offset=first)[:, None]
        nearer_EN = similar_EN > own_E1 + _SLACK
        level_EN = (similar_EN >= own_E1 - _SLACK) & ~nearer_EN
        if ties == "index":
            level_EN &= np.arange(similar_EN.shape[1]) <= own_E[:, None]
        rank_E = nearer_EN.sum(1) + level_EN.sum(1)  # the translation is level with itself, so ranks start at 1
        similar_EN[np.arange(len(own_E)), own_E] = -np.inf
        rank.append(rank_E)
        nearest.append(np.where(rank_E == 1, own_E, similar_EN.argmax(1)))
    return SearchResult(np.concatenate(rank).astype(np.int32), np.concatenate(nearest).astype(np.int32))


def ranks(english_ED: Any, target_ND: Any, *, ties: Ties = "last") -> NDArray[np.int32]:
    """The ranks alone of `search`."""
    return search(english_ED, target_ND, ties=ties).rank


def _controls(text: ParallelText, embeddings: NDArray[np.int32], *, ties: Ties) -> dict[str, float]:
    overlap = ranks(*overlap_vectors(text.english, text.target), ties=ties)
    return {
        **_accuracies(embeddings, prefix="layer0_"),
        **_accuracies(overlap, prefix="ngram_"),
        **{f"chance_top{k}_accuracy": 100 * min(k / len(text.target), 1.0) for k in KS},
    }


def _notes(text: ParallelText, cut: Collection[str], *, window: int) -> tuple[str, ...]:
    sides = (("English", text.english), (str(text.tag), text.target))
    long = [(name, sum(sentence in cut for sentence in sentences)) for name, sentences in sides]
    return tuple(
        f"{number} of {len(text.target)} {name} sentences are longer than {window} tokens and were cut"
        for name, number in long
        if number
    )


def _notes_on_unknown(text: ParallelText, unknown: Collection[str]) -> tuple[str, ...]:
    """A note on each side of which one sentence in twenty or more is unknown to the tokenizer."""
    sides = (("English", text.english), (str(text.tag), text.target))
    notes = (
        note_on_unknown(sum(sentence in unknown for sentence in side), len(side), called=f"{name} sentences")
        for name, side in sides
    )
    return tuple(filter(None, notes))


def _wide(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    return unit_length(vectors.astype(np.float64))


def _accuracies(ranks_E: NDArray[np.int32], *, prefix: str) -> dict[str, float]:
    return {f"{prefix}top{k}_accuracy": float(100 * (ranks_E <= k).mean()) for k in KS}
