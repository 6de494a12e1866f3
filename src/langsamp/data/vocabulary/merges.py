"""The merges of a BPE tokenizer: which pieces a piece goes through while it is put together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

Merge = str | Sequence[str]
"""One merge as `tokenizer.json` writes it: `"a b"`, or `["a", "b"]`."""


@dataclass(frozen=True)
class Merges:
    """Pairs of pieces by rank, and how the tokenizer marks pieces within and at the end of a word."""

    merges: Sequence[Merge]
    inside: str = ""
    """What pieces within a word begin with."""
    end: str = ""
    """What the last piece of a word ends with."""

    @cached_property
    def _ranks(self) -> dict[tuple[str, str], int]:
        return {_pair(merge): rank for rank, merge in enumerate(self.merges)}

    def with_parts(self, pieces: Iterable[str]) -> set[str]:
        """These pieces and all that come up while each is put together.

        No merge crosses the border of a piece that ends up in a text, so these are the same in any text.
        """
        return {part for piece in pieces for part in (piece, *self._parts(piece))}

    def among(self, kept: frozenset[str]) -> list[Merge]:
        """The merges between kept pieces that give a kept piece, in their order."""
        return [merge for merge in self.merges if kept.issuperset((*_pair(merge), self._joined(*_pair(merge))))]

    def _parts(self, piece: str) -> list[str]:
        symbols = self._symbols(piece)
        parts = list(symbols)
        while ranked := [(self._ranks[pair], at) for at, pair in enumerate(pairwise(symbols)) if pair in self._ranks]:
            at = min(ranked)[1]
            symbols[at : at + 2] = [self._joined(*symbols[at : at + 2])]
            parts.append(symbols[at])
        return parts

    def _symbols(self, piece: str) -> list[str]:
        inside, end = self.inside, self.end
        is_inside, is_last = bool(inside) and piece.startswith(inside), bool(end) and piece.endswith(end)
        letters = piece[len(inside) * is_inside : len(piece) - len(end) * is_last]
        symbols = [(inside if number or is_inside else "") + letter for number, letter in enumerate(letters)]
        if symbols and is_last:
            symbols[-1] += end
        return symbols

    def _joined(self, first: str, second: str) -> str:
        return first + second.removeprefix(self.inside)


def _pair(merge: Merge) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second
