"""Scores on disk: one atomic folder per cell, and one tidy table over all of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from langsamp.artifacts import SCHEMA, locked, provenance, read_json, replacing, write_bytes, write_json
from langsamp.errors import DamagedError, UserError
from langsamp.evaluation.cells import COLUMNS, PLACE, AboutCell, Cell, CellRecord, LanguageResult
from langsamp.evaluation.score_table import read_parquet


class ResultStore:
    """The cells below one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not exist yet."""
        self.folder = folder

    def records(self) -> dict[str, CellRecord]:
        """All complete cells by id, earlier ones first; one whose record is cut short is not there.

        Raises:
            DamagedError: where a cell was written in another layout.
        """
        found = {}
        for path in (self.folder / "cells").glob("[!.]*/cell.json"):
            content = _content(path)
            if not content:
                continue
            try:
                record = CellRecord.model_validate(content)
            except ValidationError:
                raise DamagedError(
                    f"{path} is no cell of this version of langsamp; move {self.folder / 'cells'} away or choose "
                    "another output folder, then run the evaluation again"
                ) from None
            if record.provenance.get("schema") != SCHEMA:
                raise DamagedError(
                    f"{path} has schema {record.provenance.get('schema')!r}, expected {SCHEMA}; delete its folder and "
                    "run the evaluation again"
                )
            found[path.parent.name] = record
        return dict(sorted(found.items(), key=lambda item: (item[1].number, item[0])))

    def has(self, cell: Cell) -> bool:
        """Whether `cell` is there, complete."""
        return cell.id in self.records()

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
            _scores(results).to_parquet(fresh / "scores.parquet", index=False)
            _predictions(results).to_parquet(fresh / "predictions.parquet", index=False)
            write_json(fresh / "cell.json", record.model_dump(mode="json"))

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
        found = {path.stem: _content(path) for path in (self.folder / "failed").glob("[!.]*.json")}
        return {place: str(content["reason"]) for place, content in found.items() if "reason" in content}

    def note_failure(self, cell: Cell, reason: str | None) -> None:
        """Remember that the run of a cell gave nothing; with None that it gave something.

        Raises:
            UserError: where the folder cannot be written.
        """
        path = self.folder / "failed" / f"{cell.place}.json"
        if reason is not None:
            write_json(path, {"cell": cell.model_dump(mode="json"), "reason": reason})
        else:
            path.unlink(missing_ok=True)

    def name_models(self, names: Mapping[str, str]) -> None:
        """Remember what tables call the models, by fingerprint; the scores of a renamed model follow.

        Raises:
            UserError: where the folder cannot be written.
        """
        for model, name in names.items():
            write_json(self.folder / "models" / f"{model}.json", {"name": name})

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
            write_bytes(self.folder / "scores.parquet", table.to_parquet(index=False))
            seen, records = records, self.records()
            if {name: record.number for name, record in records.items()} == {
                name: record.number for name, record in seen.items()
            }:
                break
        return table

    def _table(self, records: Mapping[str, CellRecord]) -> pd.DataFrame:
        names = self._names()
        frames = [self._frame(cell, record, names) for cell, record in records.items()]
        table = pd.concat(frames, ignore_index=True).drop_duplicates([*PLACE, "tag", "metric"], keep="last")
        return table.sort_values([*PLACE, "tag"], kind="stable", ignore_index=True)[list(COLUMNS)]

    def _names(self) -> dict[str, str]:
        found = {path.stem: _content(path) for path in (self.folder / "models").glob("[!.]*.json")}
        return {model: str(content["name"]) for model, content in found.items() if "name" in content}

    def _frame(self, cell: str, record: CellRecord, names: Mapping[str, str]) -> pd.DataFrame:
        path = self.folder / "cells" / cell / "scores.parquet"
        mend = "delete its folder and run the evaluation again"
        frame = read_parquet(path, mend=mend)
        if lacking := {"tag", "metric", "value", "n"} - {*frame}:
            raise DamagedError(f"{path} lacks {', '.join(sorted(lacking))}; {mend}")
        key = record.key
        frame["revision"] = frame["tag"].map(dict(key.revisions))
        return frame.assign(
            **key.columns,
            main=frame["metric"] == record.metric,
            model_name=names.get(key.model, record.model_name),
            cell=cell,
        ).astype({"layer": "Int64"})


def _content(path: Path) -> dict[str, Any]:
    """What a JSON file holds; nothing where it is damaged, or another process has just taken it away."""
    with suppress(DamagedError, FileNotFoundError):
        content = read_json(path)
        if isinstance(content, dict):
            return content
    return {}


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
