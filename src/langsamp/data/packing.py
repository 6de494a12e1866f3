"""Documents to rows of equal length: one after another as in the paper, or whole ones that fit, without cutting.

`concatenated` cuts documents where a row ends, and fills every row. `best_fit` puts whole documents into rows and fills
up with padding; only a document longer than a row is cut, and each piece then has special tokens of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Ids = NDArray[np.unsignedinteger]
Tokens = Sequence[int] | Ids
"""Of a document."""

_WINDOW = 20_000
"""Documents that are fitted together; more fill rows no better and need more memory."""


class Delimiters(NamedTuple):
    """What stands around a document's tokens, and what fills a row up."""

    begin: int
    end: int
    padding: int


def concatenated(batches: Iterable[Sequence[Tokens]], *, row_tokens: int, dtype: DTypeLike) -> Iterator[Ids]:
    """The tokens of all documents in order as arrays (rows, row_tokens); the last array is the tail, shape (tail,).

    The result does not depend on how the documents are cut into batches (design law 5).
    """
    rest = np.empty(0, dtype)
    for documents in batches:
        ids = [np.asarray(tokens, dtype) for tokens in documents]
        tokens = np.concatenate([rest, *ids])
        full = len(tokens) // row_tokens * row_tokens
        yield tokens[:full].reshape(-1, row_tokens)
        rest = tokens[full:]
    yield rest


def best_fit(
    batches: Iterable[Sequence[Tokens]], *, row_tokens: int, dtype: DTypeLike, delimiters: Delimiters
) -> Iterator[Ids]:
    """Whole documents as arrays (rows, row_tokens), filled up with padding; nothing is left over.

    Best fit decreasing (Johnson 1973) over windows of documents: the longest piece first, each into the row with the
    least room that suffices. Rows stand in the order of their longest pieces in the text, so that the last ones hold
    documents as long as the others. The result does not depend on how the documents are cut into batches.
    """
    pieces = chain.from_iterable(_pieces(tokens, row_tokens, delimiters) for each in batches for tokens in each)
    while window := list(islice(pieces, _WINDOW)):
        rows = _fitted([len(piece) for piece in window], row_tokens)
        packed = np.full((len(rows), row_tokens), delimiters.padding, dtype)
        for row, members in enumerate(sorted(rows)):
            tokens = np.concatenate([window[member] for member in members])
            packed[row, : len(tokens)] = tokens
        yield packed


def segments(rows_BL: Ids, delimiters: Delimiters) -> NDArray[np.int64]:
    """Which document of its row each token belongs to, (B, L): 1, 2, 3 ..., and 0 for padding."""
    numbers_BL = np.cumsum(rows_BL == delimiters.begin, axis=1)
    numbers_BL[rows_BL == delimiters.padding] = 0
    return numbers_BL


def _pieces(tokens: Tokens, row_tokens: int, delimiters: Delimiters) -> Iterator[Tokens]:
    """The document, or the parts that fit into a row, each between special tokens."""
    if len(tokens) <= row_tokens:
        yield tokens
        return
    inner, most = tokens[1:-1], row_tokens - 2
    for first in range(0, len(inner), most):
        yield [delimiters.begin, *inner[first : first + most], delimiters.end]


def _fitted(lengths: Sequence[int], row_tokens: int) -> list[list[int]]:
    """Rows as lists of the numbers of their pieces, the longest first."""
    rows: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(row_tokens + 1)]
    there = 0  # bit r is set where some row has room for r tokens
    for piece in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        length = lengths[piece]
        enough = there >> length
        if enough:
            room = length + (enough & -enough).bit_length() - 1
            row = with_room[room].pop()
            if not with_room[room]:
                there ^= 1 << room
            rows[row].append(piece)
        else:
            room, row = row_tokens, len(rows)
            rows.append([piece])
        left = room - length
        with_room[left].append(row)
        there |= 1 << left
    return rows
