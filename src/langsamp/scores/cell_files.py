"""The files of one cell: its record, its scores and its predictions, read back whole or not at all."""

import re
from contextlib import suppress
from pathlib import Path

import pandas as pd

from langsamp.disk.files import as_record, read_versioned
from langsamp.disk.seals import check_sealed, read_record
from langsamp.errors import DamagedError
from langsamp.scores.cells import CellRecord, ModelRecord

RECORD, SCORES, PREDICTIONS = "cell.json", "scores.parquet", "predictions.parquet"
"""The files of a cell."""
_CELL = re.compile(r"[\w-]+")
"""What its folder is called, one word; `... (1)` and `... - Copy` are copies that systems and people make."""


def cell_folders(evaluation: Path) -> list[Path]:
    """The folders of an evaluation's cells by name; whatever else lies among them is none."""
    return sorted(path for path in evaluation.glob("cells/[!.]*") if path.is_dir() and _CELL.fullmatch(path.name))


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


def unlisted_cells(evaluation: Path, scores: pd.DataFrame) -> list[str]:
    """The cells of an evaluation whose scores its table lacks, though no later cell has taken over.

    So it is while another process scores, and where cells were copied here from another evaluation with its table.
    """
    there = [path.name for path in cell_folders(evaluation)]
    listed = set(scores.cell)
    if listed.issuperset(there):
        return []
    records, replaced = dict[str, CellRecord](), set[str]()
    for name in there:
        with suppress(DamagedError):  # which the evaluation tells when it is run again
            records[name] = read_cell(evaluation / "cells" / name)
    for path in evaluation.glob("models/[!.]*.json"):
        with suppress(DamagedError):
            replaced |= {path.stem} if read_record(ModelRecord, path).is_replaced else set()
    latest = dict[tuple[str, str], int]()
    places = {name: record.key.place for name, record in records.items()}
    for name, record in records.items():
        for tag in record.key.revisions:
            latest[places[name], tag] = max(latest.get((places[name], tag), 0), record.number)
    return sorted(
        name
        for name, record in records.items()
        if name not in listed and record.key.model not in replaced
        if any(latest[places[name], tag] == record.number for tag in record.key.revisions)
    )


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
