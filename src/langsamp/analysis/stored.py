"""An analysis on disk: settings and single values as JSON, tables as parquet; all that pictures and the report read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from langsamp.artifacts import SCHEMA, provenance, read_versioned, replacing, write_json
from langsamp.errors import DamagedError, UserError

RECORD, PROVENANCE = "analysis.json", "provenance.json"


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
        if not is_free and not (folder / RECORD).is_file():
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

    @classmethod
    def load(cls, folder: Path) -> "Analysis":
        """The analysis that was saved as `folder`.

        Raises:
            DamagedError: where a file of it is absent or cannot be read.
        """
        mend = "run the analysis again"
        for name in (RECORD, PROVENANCE):
            if not (folder / name).is_file():
                raise DamagedError(f"{folder} holds no {name}; {mend}")
        record = read_versioned(folder / RECORD, mend=mend)
        tables = {}
        for name in record.pop("tables"):
            try:
                tables[name] = pd.read_parquet(folder / f"{name}.parquet")
            except (OSError, ValueError) as error:
                raise DamagedError(f"{folder / name}.parquet cannot be read ({error}); {mend}") from None
        said = {key: record[key] for key in ("kind", "subject", "settings", "values")}
        return cls(**said, tables=tables, provenance=read_versioned(folder / PROVENANCE, mend=mend))


def read_analyses(folder: Path) -> tuple[Analysis, ...]:
    """Every analysis that lies in `folder` (a run's `analysis/`), by folder name; none where there is no such folder.

    Raises:
        DamagedError: where one cannot be read.
    """
    return tuple(Analysis.load(path.parent) for path in sorted(folder.glob(f"[!.]*/{RECORD}")))
