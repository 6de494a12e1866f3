"""Exact duplicates found in bounded memory: digests in a set, older ones as sorted files that are searched.

A digest has 128 bits, so among a billion different texts the chance of one false duplicate is about 1e-21. Memory holds
at most `limit` digests and one batch; each further digest costs 16 bytes of disk.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128_digest

_DIGEST = np.dtype("S16")
_IN_MEMORY = 1_000_000  # about 100 MB as Python objects

_Digests = NDArray[np.bytes_]


DIGEST_BYTES = _DIGEST.itemsize


def digests_of(texts: Sequence[str]) -> list[bytes]:
    """What stands for each text."""
    return [xxh3_128_digest(text.encode()) for text in texts]


class SeenTexts:
    """The texts met so far, as digests; `new` says which of a batch were not.

    The files lie in `folder` (the system's place for scratch files if None), have no name and vanish with the process.
    """

    def __init__(self, *, limit: int = _IN_MEMORY, folder: Path | None = None) -> None:
        self._limit = limit
        self._folder = folder
        self._recent: set[bytes] = set()
        self._sorted: list[_Digests] = []

    def new(self, texts: Sequence[str]) -> list[bool]:
        """For each of `texts` whether it is met for the first time, repeats inside the batch included."""
        return self.are_new(digests_of(texts))

    def are_new(self, digests: Sequence[bytes]) -> list[bool]:
        """`new` by the digests of texts."""
        recent, remember = self._recent, self._recent.add
        # `set.add` returns None: one look-up decides and remembers.
        fresh = [
            not (old or digest in recent or remember(digest))
            for digest, old in zip(digests, self._in_files(digests), strict=True)
        ]
        if len(recent) >= self._limit:
            self._spill()
        return fresh

    @property
    def in_memory(self) -> int:
        """Digests held in memory now."""
        return len(self._recent)

    def __len__(self) -> int:
        return len(self._recent) + sum(map(len, self._sorted))

    def _in_files(self, digests: Sequence[bytes]) -> list[bool]:
        is_known = np.zeros(len(digests), bool)
        if self._sorted and digests:
            wanted = np.array(digests, _DIGEST)
            order = np.argsort(wanted)  # neighbours share pages of the file
            wanted = wanted[order]
            for known in self._sorted:
                places = np.searchsorted(known, wanted)
                places[places == len(known)] = 0
                is_known[order] |= known[places] == wanted
        return [bool(known) for known in is_known]

    def _spill(self) -> None:
        """Move the set to disk; runs of like size are merged, so a billion texts stay in about ten files."""
        run = np.sort(np.fromiter(self._recent, _DIGEST, len(self._recent)))
        self._recent.clear()
        merged = _on_disk([run], self._folder)
        while self._sorted and len(self._sorted[-1]) <= 2 * len(merged):
            merged = _on_disk(_merge(self._sorted.pop(), merged, block=self._limit), self._folder)
        self._sorted.append(merged)


def _merge(left: _Digests, right: _Digests, *, block: int) -> Iterator[_Digests]:
    """The digests of two sorted arrays in order, about `block` from each at a time."""
    taken = 0
    for start in range(0, len(left), block):
        stop = start + block
        until = int(np.searchsorted(right, left[stop])) if stop < len(left) else len(right)
        yield np.sort(np.concatenate([left[start:stop], right[taken:until]]))
        taken = until


def _on_disk(parts: Sequence[_Digests] | Iterator[_Digests], folder: Path | None) -> _Digests:
    with tempfile.TemporaryFile(dir=folder) as file:
        for part in parts:
            file.write(part.tobytes())
        file.flush()
        return np.memmap(file, _DIGEST, mode="r")  # the map keeps the nameless file alive
