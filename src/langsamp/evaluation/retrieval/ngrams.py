"""A control for retrieval: how far shared letters alone find the translation, without any model.

Names, loanwords and punctuation are copied between languages, so some sentences are found by their looks. The overlap
of two sentences is the cosine of their sets of character 1- to 4-grams, letter case folded.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

_LONGEST = 4


def overlap_vectors(english: Sequence[str], target: Sequence[str]) -> tuple[csr_matrix, csr_matrix]:
    """Sparse unit vectors of both sides over one set of n-grams: their products are the overlaps in [0, 1].

    A sentence without characters has the zero vector and overlaps with nothing. Exact: no n-gram shares a column with
    another.
    """
    folded = [sentence.casefold() for sentence in (*english, *target)]
    row = np.repeat(np.arange(len(folded)), [len(sentence) for sentence in folded])
    code_points = np.frombuffer("".join(folded).encode("utf-32-le"), dtype=np.uint32)
    letter, letters = pd.factorize(code_points)  # by hashing: sorting half a million n-grams takes eight times as long
    rows, grams = _grams(row, letter.astype(np.int64) + 1, base=len(letters) + 1)
    column, columns = pd.factorize(grams)
    row_of, column_of = np.divmod(pd.unique(rows * len(columns) + column), max(len(columns), 1))
    sizes = np.bincount(row_of, minlength=len(folded))
    vectors = csr_matrix((1 / np.sqrt(sizes[row_of]), (row_of, column_of)), shape=(len(folded), len(columns)))
    return vectors[: len(english)], vectors[len(english) :]


def _grams(
    row: NDArray[np.int64], letter: NDArray[np.int64], *, base: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and number of each n-gram: its letters (from 1) are the digits of the number, so no two share one."""
    assert base**_LONGEST < 2**63, f"{base} distinct characters do not fit"
    rows, grams = [row], [letter]
    for length in range(2, _LONGEST + 1):
        number = grams[-1][:-1] * base + letter[length - 1 :]
        rows.append(row[: len(number)])
        grams.append(number)
    inside = [row[length:] == row[: len(row) - length] for length in range(_LONGEST)]
    keep = list(zip(rows, grams, inside, strict=True))
    return np.concatenate([r[i] for r, _, i in keep]), np.concatenate([g[i] for _, g, i in keep])
