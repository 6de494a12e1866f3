"""Examples as sequences of tokens: what fits the window, and where labels belong.

A text is one sequence, cut at the window. A sentence of words is one sequence or, where it is longer than the window,
several: it is split between words, so that every word keeps its label. The first token of a word stands for the word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Sequences S of tokens, and the places P that have a label: whole texts, or words in their order.

    Each field is one flat array; sequence s holds `ids[starts[s]:starts[s + 1]]` and `places[s]:places[s + 1]`.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    """(S + 1,)."""
    places: NDArray[np.int64]
    """(S + 1,)."""
    heads: NDArray[np.int32]
    """(P,), where in its sequence the first token of each word stands; 0 for texts."""
    ends: NDArray[np.bool_]
    """(S,), whether a sequence is the last of its example."""
    notes: tuple[str, ...] = ()
    """What was cut, split or replaced."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(S,), tokens of each sequence."""
        return np.diff(self.starts)

    @property
    def num_places(self) -> int:
        """How many labels there are."""
        return len(self.heads)

    @property
    def num_bytes(self) -> int:
        """Memory that the arrays take."""
        return self.ids.nbytes + self.starts.nbytes + self.places.nbytes + self.heads.nbytes + self.ends.nbytes

    @classmethod
    def of(
        cls,
        sequences: Sequence[Sequence[int]],
        heads: Sequence[Sequence[int]],
        *,
        ends: Sequence[bool],
        notes: Sequence[str] = (),
    ) -> "Tokens":
        """Flat arrays of lists."""
        return cls(
            ids=_flat(sequences),
            starts=_borders(sequences),
            places=_borders(heads),
            heads=_flat(heads),
            ends=np.array(ends, dtype=np.bool_),
            notes=tuple(notes),
        )

    @classmethod
    def joined(cls, several: Sequence["Tokens"]) -> "Tokens":
        """The sequences of `several` one after another."""
        return cls(
            ids=np.concatenate([tokens.ids for tokens in several]),
            starts=_chained([tokens.starts for tokens in several]),
            places=_chained([tokens.places for tokens in several]),
            heads=np.concatenate([tokens.heads for tokens in several]),
            ends=np.concatenate([tokens.ends for tokens in several]),
        )


def _flat(lists: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return np.fromiter((value for values in lists for value in values), dtype=np.int32)


def _borders(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(values) for values in lists], dtype=np.int64)])


def _chained(borders: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Borders of parts that follow one another: each but the first starts where the one before ends."""
    shifts = np.cumsum([0, *(part[-1] for part in borders[:-1])])
    return np.concatenate([[0], *(part[1:] + shift for part, shift in zip(borders, shifts, strict=True))])
