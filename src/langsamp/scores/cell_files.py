"""The files of one cell: its record, its scores and its predictions, read back whole or not at all."""

from pathlib import Path

import pandas as pd

from langsamp.disk.files import as_record, read_versioned
from langsamp.disk.seals import check_sealed
from langsamp.scores.cells import CellRecord

RECORD, SCORES, PREDICTIONS = "cell.json", "scores.parquet", "predictions.parquet"
"""The files of a cell."""


def read_cell(folder: Path) -> CellRecord:
    """What the cell in `folder` says of itself, its scores being whole too.

    Raises:
        DamagedError: where a file of it is missing or changed, or it was written by another version.
    """
    remedy = remedy_of(folder)
    check_sealed(folder, remedy=remedy, only=[RECORD, SCORES])
    content = read_versioned(folder / RECORD, remedy=remedy)
    del content["schema"]
    return as_record(CellRecord, content, folder / RECORD, remedy=remedy)


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """The scores or the predictions of the cell in `folder`.

    Raises:
        DamagedError: where the file is missing or changed.
    """
    check_sealed(folder, remedy=remedy_of(folder), only=[name])
    return pd.read_parquet(folder / name)


def remedy_of(folder: Path) -> str:
    """What to do about a damaged cell."""
    return f"delete {folder}, which holds one cell, and run the evaluation again"
