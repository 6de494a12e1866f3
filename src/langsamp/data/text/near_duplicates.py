"""Near duplicates in bounded memory: texts whose MinHash agrees in a band with that of an earlier one (Broder 1997).

A text is the set of its runs of five characters, upper and lower case alike. Its MinHash has 128 values; each agrees
with another text's with a chance of the two sets' Jaccard similarity. They are cut into bands (Indyk and Motwani 1998),
as many and as wide as datasketch finds best for the similarity that is asked for, and texts are alike where all of a
band agrees. Bands are kept as digests, as exact duplicates are, so memory does not grow with the corpus: each text
costs 16 bytes of disk for each band.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from xxhash import xxh32_intdigest

from langsamp.data.text.duplicates import SeenTexts, digests_of
from langsamp.errors import UserError

_RUN, _VALUES = 5, 128


def check_near_duplicates() -> None:
    """Accept an installation that can find near duplicates.

    Raises:
        UserError: where it cannot.
    """
    if find_spec("datasketch") is None:
        raise UserError(
            "corpus.near_duplicates needs datasketch, which is not installed: pip install 'langsamp[near-duplicates]'"
        )


class NearTexts:
    """The texts met so far, by the bands of their MinHashes; `new` says which of a batch were like none of them."""

    def __init__(self, similarity: float, *, folder: Path | None = None, limit: int | None = None) -> None:
        """Find texts from this Jaccard similarity on; `folder` and `limit` as in `SeenTexts`."""
        from datasketch import MinHashLSH

        best = MinHashLSH(threshold=similarity, num_perm=_VALUES)
        self.bands, self._rows = int(best.b), int(best.r)
        self._seen = SeenTexts(folder=folder) if limit is None else SeenTexts(folder=folder, limit=limit)

    def new(self, texts: Sequence[str]) -> list[bool]:
        """For each of `texts` whether it is like no earlier one, kept or not, of this batch or before."""
        return self.are_new(self.digests(texts))

    def digests(self, texts: Sequence[str]) -> list[bytes]:
        """The digests of the bands of each text, `bands` of them, one text after another."""
        return digests_of([key for keys in map(self._keys, self._hashed(texts)) for key in keys])

    def are_new(self, digests: Sequence[bytes]) -> list[bool]:
        """`new` by what `digests` gives of texts."""
        fresh = self._seen.are_new(digests)
        return [all(fresh[start : start + self.bands]) for start in range(0, len(fresh), self.bands)]

    @property
    def in_memory(self) -> int:
        """Digests of bands held in memory now."""
        return self._seen.in_memory

    def _hashed(self, texts: Sequence[str]) -> list[list[int]]:
        from datasketch import MinHash

        signatures = MinHash.bulk(
            map(_runs, texts), num_perm=_VALUES, seed=1, hashfunc=xxh32_intdigest, scheme="affine32"
        )
        return [each.hashvalues.tolist() for each in signatures]

    def _keys(self, values: list[int]) -> list[str]:
        rows = self._rows
        return [f"{band}:{values[band * rows : (band + 1) * rows]}" for band in range(self.bands)]


def _runs(text: str) -> set[bytes]:
    text = text.casefold()
    return {text[start : start + _RUN].encode() for start in range(max(1, len(text) - _RUN + 1))}
