"""Which tags have much of their text in common, in any order: told by a few digests of each tag's documents.

The smallest digests of a set are a sample of it that falls alike in all sets, so two of them tell how much these have
in common (bottom-k sketches, Broder 1997), wherever and however the tags were prepared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from xxhash import xxh3_64_intdigest

_DIGESTS = 48
"""Of a tag; a share of a half is told to 7 points (a standard deviation)."""


class DocumentSketch:
    """The smallest digests of the documents that pass by."""

    def __init__(self) -> None:
        self._smallest = np.empty(0, np.uint64)

    def watching(self, batches: Iterable[list[str]]) -> Iterator[list[str]]:
        """`batches` of documents as they are."""
        for batch in batches:
            self.add([xxh3_64_intdigest(document.encode()) for document in batch])
            yield batch

    @property
    def digests(self) -> tuple[int, ...]:
        """The smallest ones, in order; all of them where the documents are few."""
        return tuple(self._smallest.tolist())

    def add(self, digests: Sequence[int]) -> None:
        """Digests of documents, or of another sketch."""
        new = np.array(digests, np.uint64)
        if len(self._smallest) == _DIGESTS:
            new = new[new < self._smallest[-1]]
        if len(new):
            self._smallest = np.union1d(self._smallest, new)[:_DIGESTS]


def shared_documents(sketches: Mapping[str, Sequence[int]], *, least: float) -> dict[tuple[str, str], float]:
    """Of which pairs at least the share `least` of all different documents stands under both tags, and that share."""
    owners: dict[int, list[str]] = {}
    for tag, digests in sketches.items():
        for digest in digests:
            owners.setdefault(digest, []).append(tag)
    pairs = dict.fromkeys(pair for tags in owners.values() for pair in combinations(tags, 2))
    shares = {pair: _similarity(*(sketches[tag] for tag in pair)) for pair in pairs}
    return {pair: share for pair, share in shares.items() if share >= least}


def _similarity(first: Sequence[int], second: Sequence[int]) -> float:
    """Jaccard's, by the smallest digests of both sets together."""
    together = sorted({*first, *second})[:_DIGESTS]
    both = {*first} & {*second}
    return sum(digest in both for digest in together) / len(together)
