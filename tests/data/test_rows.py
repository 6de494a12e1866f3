"""Rows on disk: a damaged folder is never read."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from langsamp.data import rows as data_rows
from langsamp.data.rows import MANIFEST, PreparedRows, file_name
from langsamp.errors import DamagedError, DataMissingError
from langsamp.languages import table
from langsamp.provenance import SCHEMA
from tests.tiny_parts import ROW_TOKENS, write_rows


def test_rows_come_back_as_written(rows: PreparedRows) -> None:
    assert [rows.training(tag).shape for tag in range(3)] == [(180, 24), (27, 24), (54, 24)]
    assert [len(rows.held_out(tag)) for tag in range(3)] == [20, 3, 6]
    assert rows.ordinary_ids.tolist() == list(range(5, 60))


def test_a_large_file_is_read_as_a_small_one(rows: PreparedRows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_rows, "_LARGE", 0)
    large = PreparedRows(rows.folder)
    for tag in range(len(rows.tags)):
        assert np.array_equal(large.training(tag), rows.training(tag)) and large.training(tag).size
        assert np.array_equal(large.held_out(tag), rows.held_out(tag))


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


def test_more_tags_than_open_files_are_read(tmp_path: Path) -> None:
    """FineWeb-2 has 1,868 tags; a Mac gives a process 256 file descriptors."""
    sizes = {f"{language}_{script}": 2 for language in ("deu", "eng", "fra", "swh") for script in table.scripts()}
    write_rows(tmp_path / "rows", sizes)
    assert len(sizes) > 600
    used = len(list(Path("/dev/fd").iterdir()))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 64, hard))
    try:
        rows = PreparedRows(tmp_path / "rows")
        for _ in range(2):  # also those whose maps were closed on the way
            read = [np.array(rows.training(tag)) for tag in range(len(sizes))]
        assert len(list(Path("/dev/fd").iterdir())) <= used + (used + 64) // 4 + 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(
        np.array_equal(ids, np.fromfile(rows.folder / file_name(tag), "<u2").reshape(-1, ROW_TOKENS))
        for tag, ids in zip(rows.tags, read, strict=True)
    )


def test_a_file_that_goes_while_rows_are_in_use_is_named(rows: PreparedRows) -> None:
    (rows.folder / file_name("kmr_Latn")).unlink()
    with pytest.raises(DamagedError, match=r"kmr_Latn\.ids was whole when the rows were opened"):
        rows.training(2)


@pytest.mark.parametrize("content", ["{", '{"schema": 2}', "[]"])
def test_a_damaged_manifest_is_named(rows: PreparedRows, content: str) -> None:
    (rows.folder / MANIFEST).write_text(content)
    with pytest.raises(DamagedError, match=MANIFEST):
        PreparedRows(rows.folder)


def test_the_manifest_is_plain_json(rows: PreparedRows) -> None:
    content = json.loads(Path(rows.folder / MANIFEST).read_text())
    assert content["schema"] == SCHEMA
    assert content["tags"]["deu_Latn"]["rows"] == 180
