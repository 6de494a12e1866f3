"""Scores on disk: one atomic folder per cell, and one tidy table over all of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd

from langsamp.disk.files import Record, locked, replacing, write_json
from langsamp.disk.leftovers import sweep
from langsamp.disk.seals import check_sealed, read_record, seal, write_record
from langsamp.errors import DamagedError, UserError
from langsamp.provenance import SCHEMA, provenance
from langsamp.scores.cell_files import PREDICTIONS, RECORD, SCORES, cell_folders, read_cell, read_table, remedy_of
from langsamp.scores.cells import (
    COLUMNS,
    PLACE,
    AboutCell,
    Cell,
    CellRecord,
    FailureRecord,
    LanguageResult,
    ModelRecord,
)
from langsamp.scores.score_table import write_scores
from langsamp.scores.setting import row_numbers


class ResultStore:
    """The cells below one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not exist yet."""
        self.folder = folder

    def records(self) -> dict[str, CellRecord]:
        """All whole cells by id, earlier ones first; a damaged one is not there, so that it is scored again.

        Raises:
            DamagedError: where a cell was written by another version.
        """
        folders = {}
        for folder in cell_folders(self.folder):
            with suppress(DamagedError, FileNotFoundError):  # the latter where another process replaces it just now
                check_sealed(folder, remedy=remedy_of(folder), only=[RECORD, SCORES])
                folders[folder.name] = folder
        records = {name: read_cell(folder) for name, folder in folders.items()}
        return dict(sorted(records.items(), key=lambda item: (item[1].number, item[0])))

    def damaged(self) -> list[str]:
        """What is wrong with cells that are not among `records`, a sentence each."""
        sentences = []
        for folder in cell_folders(self.folder):
            try:
                read_cell(folder)
            except DamagedError as error:
                sentences.append(str(error))
        return sentences

    def sweep(self) -> None:
        """Take away what processes that were killed left half-written here."""
        sweep(self.folder, *(self.folder / name for name in ("cells", "failed", "models")))

    def write(self, cell: Cell, results: Sequence[LanguageResult], about: AboutCell) -> None:
        """Store what a cell's languages got.

        Raises:
            UserError: where the folder cannot be written.
        """
        record = CellRecord(
            number=1 + max((record.number for record in self.records().values()), default=0),
            key=cell,
            revision=cell.revision,
            status="partial" if about.failures else "complete",
            provenance=provenance(**about.facts),
            **{key: value for key, value in vars(about).items() if key != "facts"},
        )
        with replacing(self.folder / "cells" / cell.id) as fresh:
            _scores(results).to_parquet(fresh / SCORES, index=False)
            _predictions(results).to_parquet(fresh / PREDICTIONS, index=False)
            write_json(fresh / RECORD, {"schema": SCHEMA, **record.model_dump(mode="json")})
            seal(fresh)

    @contextmanager
    def claimed(self, cell: Cell) -> Iterator[None]:
        """Keep other processes away from the cells of this place while the block runs.

        Raises:
            UserError: where another process is at work on them.
        """
        with locked(self.folder / "cells" / cell.place):
            yield

    def failed(self) -> dict[str, str]:
        """Why the last run of a place (`Cell.place`) gave nothing, for those of which that is so."""
        return {name: record.reason for name, record in _whole(FailureRecord, self.folder / "failed").items()}

    def note_failure(self, cell: Cell, reason: str | None) -> None:
        """Remember that the run of a cell gave nothing; with None that it gave something.

        Raises:
            UserError: where the folder cannot be written.
        """
        path = self.folder / "failed" / f"{cell.place}.json"
        if reason is not None:
            write_record(path, {"cell": cell.model_dump(mode="json"), "reason": reason})
        else:
            path.unlink(missing_ok=True)

    def name_models(self, names: Mapping[str, str], *, alone: bool = False) -> None:
        """Remember what tables call the models, by fingerprint; the scores of a renamed model follow.

        `alone` says that no other model has one of these names any more: the table leaves out what was scored for those
        that had one, until they have a name again.

        Raises:
            UserError: where the folder cannot be written.
        """
        records = {model: {"name": name, "is_replaced": False} for model, name in names.items()}
        for model, record in self._named().items() if alone else ():
            if model not in names and record.name in names.values():
                records[model] = {"name": record.name, "is_replaced": True}
        for model, content in records.items():
            write_record(self.folder / "models" / f"{model}.json", content)

    def scores(self) -> pd.DataFrame:
        """The tidy table (`COLUMNS`) over all cells, also written to `scores.parquet`.

        Where another process adds a cell meanwhile, the table is made again: whoever writes last has seen all.

        Raises:
            DamagedError: where a cell's scores cannot be read, naming the file.
            UserError: where the table cannot be written.
        """
        records, table = self.records(), pd.DataFrame(columns=list(COLUMNS))
        while records:
            table = self._table(records)
            write_scores(self.folder / "scores.parquet", table)
            seen, records = records, self.records()
            if {name: record.number for name, record in records.items()} == {
                name: record.number for name, record in seen.items()
            }:
                break
        return table

    def _table(self, records: Mapping[str, CellRecord]) -> pd.DataFrame:
        named = self._named()
        frames = [
            self._frame(cell, record, named.get(record.key.model))
            for cell, record in records.items()
            if record.key.model not in named or not named[record.key.model].is_replaced
        ]
        if not frames:
            return pd.DataFrame(columns=list(COLUMNS))
        table = pd.concat(frames, ignore_index=True)
        number = row_numbers(table, [*PLACE, "tag"])
        latest = table.cell.groupby(number).transform("last")  # with all its metrics, be they fewer than before
        table = table[table.cell == latest]
        return table.sort_values([*PLACE, "tag"], kind="stable", ignore_index=True)[list(COLUMNS)]

    def _named(self) -> dict[str, ModelRecord]:
        return _whole(ModelRecord, self.folder / "models")

    def _frame(self, cell: str, record: CellRecord, named: ModelRecord | None) -> pd.DataFrame:
        frame = read_table(self.folder / "cells" / cell, SCORES)
        key = record.key
        frame["revision"] = frame.tag.map(dict(key.revisions))
        return frame.assign(
            **key.columns,
            main=frame.metric == record.metric,
            model_name=named.name if named else record.model_name,
            cell=cell,
        ).astype({"layer": "Int64"})


def _whole(owner: type[Record], folder: Path) -> dict[str, Record]:
    """The records in a folder by name; without the damaged ones, which are written again when they are next needed."""
    records = {}
    for path in folder.glob("[!.]*.json"):
        with suppress(DamagedError, FileNotFoundError):
            records[path.stem] = read_record(owner, path)
    return records


def _scores(results: Sequence[LanguageResult]) -> pd.DataFrame:
    rows = [
        (str(result.tag), metric, value, result.num_items)
        for result in results
        for metric, value in result.metrics.items()
    ]
    if wrong := next((row for row in rows if not math.isfinite(row[2])), None):
        raise UserError(f"{wrong[0]} got {wrong[2]} as its {wrong[1]}, which is no score: the model gives no numbers")
    return pd.DataFrame(rows, columns=["tag", "metric", "value", "n"])


def _predictions(results: Sequence[LanguageResult]) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame({"tag": str(result.tag), "item": np.arange(result.num_items), **result.predictions})
            for result in results
        ],
        ignore_index=True,
    )
