"""Rows on disk: packing loses nothing, and a damaged folder is never read."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langsamp.data.rows import MANIFEST, PreparedRows, file_name, pack
from langsamp.errors import DamagedError, DataMissingError


@given(st.lists(st.lists(st.integers(0, 59), min_size=1, max_size=30), max_size=40), st.integers(1, 7))
def test_packing_loses_no_token_however_documents_are_batched(documents: list[list[int]], size: int) -> None:
    texts = [" ".join(map(str, document)) for document in documents]
    groups = [texts[first : first + size] for first in range(0, len(texts), size)]
    *rows, tail = pack(
        groups, encode=lambda batch: [[int(word) for word in text.split()] for text in batch], row_tokens=8, dtype="<u2"
    )
    assert all(part.shape[1] == 8 for part in rows)
    assert len(tail) < 8
    packed = [int(token) for part in (*rows, tail) for token in part.ravel()]
    assert packed == [token for document in documents for token in document]


def test_rows_come_back_as_written(rows: PreparedRows) -> None:
    assert [rows.training(tag).shape for tag in range(3)] == [(180, 24), (27, 24), (54, 24)]
    assert [len(rows.held_out(tag)) for tag in range(3)] == [20, 3, 6]
    assert rows.ordinary_ids.tolist() == list(range(5, 60))


def test_a_folder_without_manifest_does_not_exist(rows: PreparedRows) -> None:
    (rows.folder / MANIFEST).unlink()
    with pytest.raises(DataMissingError, match=r"no manifest\.json"):
        PreparedRows(rows.folder)


@pytest.mark.parametrize("damage", ["cut short", "changed", "missing"])
def test_a_damaged_file_is_named(rows: PreparedRows, damage: str) -> None:
    path = rows.folder / file_name("kmr_Latn")
    if damage == "missing":
        path.unlink()
    else:
        ids = np.fromfile(path, dtype="<u2")
        (ids[:-1] if damage == "cut short" else ids ^ 1).tofile(path)
    with pytest.raises(DamagedError, match=r"kmr_Latn\.ids"):
        PreparedRows(rows.folder)


@pytest.mark.parametrize("content", ["{", '{"schema": 1}', "[]"])
def test_a_damaged_manifest_is_named(rows: PreparedRows, content: str) -> None:
    (rows.folder / MANIFEST).write_text(content)
    with pytest.raises(DamagedError, match=MANIFEST):
        PreparedRows(rows.folder)


def test_the_manifest_is_plain_json(rows: PreparedRows) -> None:
    content = json.loads(Path(rows.folder / MANIFEST).read_text())
    assert content["schema"] == 1
    assert content["tags"]["deu_Latn"]["rows"] == 180
