"""An analysis on disk: settings and single values as JSON, tables as parquet; all that pictures and the report read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from langsamp.disk.files import as_record, read_versioned, replacing, write_json
from langsamp.disk.seals import CHECKSUMS, check_sealed, seal
from langsamp.errors import UserError
from langsamp.provenance import SCHEMA, provenance

RECORD, PROVENANCE = "analysis.json", "provenance.json"
_COMMANDS = "`langsamp run` makes those of a run, `langsamp analyze` and `langsamp donors` any"


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What one analysis found. Each kind says beside its function which values and tables it has."""

    kind: str
    """`vectors`, `neutrality`, `donors`, `transfer`, `ablation` or `families`."""
    subject: str
    """What readers call that which was analysed: a model's name, or the runs side by side."""
    settings: Mapping[str, Any]
    """Everything that decides the result: options, seeds, fingerprints of models and text. JSON's types only."""
    values: Mapping[str, Any]
    """Single numbers, sentences and lists. JSON's types only."""
    tables: Mapping[str, pd.DataFrame]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Set where the analysis was read from disk."""

    def save(self, folder: Path) -> None:
        """Write the analysis as `folder`, whole or not at all; an older one there goes.

        Raises:
            UserError: where the folder cannot be written, or holds anything that is no analysis.
        """
        is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        if not is_free and not any((folder / name).is_file() for name in (RECORD, CHECKSUMS)):
            raise UserError(
                f"{folder} holds other things than an analysis, which would be lost: name a folder that is new, or one "
                "with an older analysis"
            )
        with replacing(folder) as fresh:
            for name, table in self.tables.items():
                table.to_parquet(fresh / f"{name}.parquet", index=False)
            said = {"kind": self.kind, "subject": self.subject, "settings": self.settings, "values": self.values}
            write_json(fresh / RECORD, {"schema": SCHEMA, **said, "tables": sorted(self.tables)})
            write_json(fresh / PROVENANCE, provenance())
            seal(fresh)

    @classmethod
    def load(cls, folder: Path) -> "Analysis":
        """The analysis that was saved as `folder`.

        Raises:
            DamagedError: where a file of it is absent or cannot be read.
        """
        remedy = f"delete {folder}, which holds one analysis, and make it again: {_COMMANDS}"
        check_sealed(folder, remedy=remedy)
        content = read_versioned(folder / RECORD, remedy=remedy)
        record = as_record(_Record, content, folder / RECORD, remedy=remedy)
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in record.tables}
        return cls(
            **record.model_dump(include={"kind", "subject", "settings", "values"}),
            tables=tables,
            provenance=read_versioned(folder / PROVENANCE, remedy=remedy),
        )


class _Record(BaseModel):
    """What `analysis.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(alias="schema")
    kind: str
    subject: str
    settings: Mapping[str, Any]
    values: Mapping[str, Any]
    tables: tuple[str, ...]


def read_analyses(folder: Path) -> tuple[Analysis, ...]:
    """Every analysis that lies in `folder` (a run's `analysis/`), by folder name; none where there is no such folder.

    Raises:
        DamagedError: where one cannot be read.
    """
    folders = {path.parent for name in (RECORD, CHECKSUMS) for path in folder.glob(f"[!.]*/{name}")}
    return tuple(map(Analysis.load, sorted(folders)))
