"""Rows on disk: a damaged folder is never read."""

import json
from pathlib import Path

import numpy as np
import pytest

from langsamp.artifacts import SCHEMA
from langsamp.data.rows import MANIFEST, PreparedRows, file_name
from langsamp.errors import DamagedError, DataMissingError


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


@pytest.mark.parametrize("content", ["{", '{"schema": 2}', "[]"])
def test_a_damaged_manifest_is_named(rows: PreparedRows, content: str) -> None:
    (rows.folder / MANIFEST).write_text(content)
    with pytest.raises(DamagedError, match=MANIFEST):
        PreparedRows(rows.folder)


def test_the_manifest_is_plain_json(rows: PreparedRows) -> None:
    content = json.loads(Path(rows.folder / MANIFEST).read_text())
    assert content["schema"] == SCHEMA
    assert content["tags"]["deu_Latn"]["rows"] == 180
