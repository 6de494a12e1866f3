"""Law 5: neither way of packing loses a token or depends on how the documents come in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langsamp.data.packing import Delimiters, best_fit, concatenated, segments

FRAME = Delimiters(begin=0, end=2, padding=1)
ROW = 8
DOCUMENTS = st.lists(st.lists(st.integers(5, 59), min_size=1, max_size=30), max_size=40)


def groups(documents: list[list[int]], size: int) -> list[list[str]]:
    texts = [" ".join(map(str, document)) for document in documents]
    return [texts[first : first + size] for first in range(0, len(texts), size)]


def bare(batch: list[str]) -> list[list[int]]:
    return [[int(word) for word in text.split()] for text in batch]


def framed(batch: list[str]) -> list[list[int]]:
    return [[FRAME.begin, *tokens, FRAME.end] for tokens in bare(batch)]


@given(DOCUMENTS, st.integers(1, 7))
def test_concatenation_keeps_every_token_in_order(documents: list[list[int]], size: int) -> None:
    *rows, tail = concatenated(map(bare, groups(documents, size)), row_tokens=ROW, dtype="<u2")
    assert all(part.shape[1] == ROW for part in rows)
    assert len(tail) < ROW
    packed = [int(token) for part in (*rows, tail) for token in part.ravel()]
    assert packed == [token for document in documents for token in document]


@given(DOCUMENTS, st.integers(1, 7))
def test_best_fit_keeps_every_document_whole_or_cut_only_where_it_is_longer_than_a_row(documents, size):
    packed = list(best_fit(map(framed, groups(documents, size)), row_tokens=ROW, dtype="<u2", delimiters=FRAME))
    whole = list(best_fit(map(framed, groups(documents, 1000)), row_tokens=ROW, dtype="<u2", delimiters=FRAME))
    rows = np.concatenate([np.empty((0, ROW), "<u2"), *packed])
    np.testing.assert_array_equal(rows, np.concatenate([np.empty((0, ROW), "<u2"), *whole]))
    found = []
    for row, numbers in zip(rows, segments(rows, FRAME), strict=True):
        for number in range(1, numbers.max(initial=0) + 1):
            piece = row[numbers == number].tolist()
            assert piece[0] == FRAME.begin and piece[-1] == FRAME.end
            assert (np.diff(np.flatnonzero(numbers == number)) == 1).all()
            found.append(piece[1:-1])
        assert (row[numbers == 0] == FRAME.padding).all()
    expected = [
        document[first : first + ROW - 2] for document in documents for first in range(0, len(document), ROW - 2)
    ]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("seed", range(3))
def test_best_fit_wastes_little(seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(3, 200, size=2000)
    documents = [[7] * int(length) for length in lengths]
    (rows,) = best_fit(map(framed, groups(documents, 100)), row_tokens=256, dtype="<u2", delimiters=FRAME)
    assert (rows == FRAME.padding).mean() < 0.02


def test_rows_stay_near_the_order_of_the_text() -> None:
    """The last rows, which are held out, are no shorter documents than the others."""
    lengths = np.random.default_rng(0).integers(3, 200, size=2000)
    documents = [[7] * int(length) for length in lengths]
    (rows,) = best_fit(map(framed, groups(documents, 100)), row_tokens=256, dtype="<u2", delimiters=FRAME)
    numbers = segments(rows, FRAME).max(axis=1)
    third = len(numbers) // 3
    assert abs(numbers[:third].mean() - numbers[-third:].mean()) < 0.3
