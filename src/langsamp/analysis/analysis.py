"""An analysis and how it lies on disk: settings and single values as JSON, tables as parquet, both checked by type.

Each kind is a class of its own (`vectors/record.py` and so on). A field `points: tuple[Point, ...]` whose lines are
named tuples is a table: `points.parquet`, a column a field. A number that is not known is NaN, any other thing None.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar, get_args, get_type_hints

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from langsamp.disk.files import as_record, read_versioned, replacing, write_json
from langsamp.disk.seals import CHECKSUMS, check_sealed, seal
from langsamp.errors import DamagedError, UserError
from langsamp.provenance import SCHEMA, provenance

RECORD, PROVENANCE = "analysis.json", "provenance.json"
Line = TypeVar("Line")
_COMMANDS = "`langsamp run` makes those of a run, `langsamp analyze` and `langsamp donors` any"


class Analysis(BaseModel):
    """What one analysis found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ClassVar[str]
    """`vectors`, `identification`, `neutrality`, `donors`, `transfer`, `ablation` or `families`."""
    subject: str
    """What readers call that which was analysed: a model's name, or the runs side by side."""
    settings: Mapping[str, Any] = Field(default_factory=dict)
    """Everything that decides the result: options, seeds, fingerprints of models and text. JSON's types only."""
    asked: str | None = None
    """Fingerprint of what a run asked for, by which it knows an analysis that is made already."""
    sentences: tuple[str, ...] = ()
    """What was found, in words that stand by themselves."""
    notes: tuple[str, ...] = ()
    """What a reader should know of how it was found."""
    provenance: Mapping[str, Any] = Field(default_factory=dict, exclude=True, repr=False)
    """Set where the analysis was read from disk."""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its tables, by the name of their field, for those who go on with them."""
        return {name: pd.DataFrame(getattr(self, name), columns=line._fields) for name, line in _tables(type(self))}

    def as_json(self) -> dict[str, Any]:
        """All of it in JSON's types, what is missing as null."""
        tables = {name: [_plain(line) for line in getattr(self, name)] for name, _ in _tables(type(self))}
        return {"kind": self.kind, **self._values("asked"), **tables}

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
            write_json(fresh / RECORD, {"schema": SCHEMA, "kind": self.kind, **self._values()})
            write_json(fresh / PROVENANCE, provenance())
            seal(fresh)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The analysis of this kind that was saved as `folder`.

        Raises:
            DamagedError: where a file of it is absent or not as it was written, or it is of another kind.
        """
        remedy = remedy_of(folder)
        check_sealed(folder, remedy=remedy)
        path = folder / RECORD
        content = read_versioned(path, remedy=remedy)
        del content["schema"]
        if (kind := content.pop("kind", None)) != cls.kind:
            raise DamagedError(f"{path} is an analysis of the kind {kind!r}, expected {cls.kind!r}; {remedy}")
        for name, line in _tables(cls):
            table = folder / f"{name}.parquet"
            if table.is_file():  # the seal holds; one that is not there is a table that later versions have
                content[name] = [*_values_of(line, pd.read_parquet(table))]
        content["provenance"] = read_versioned(folder / PROVENANCE, remedy=remedy)
        return as_record(cls, content, path, remedy=remedy)

    def _values(self, *without: str) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={*without, *(name for name, _ in _tables(type(self)))})


def remedy_of(folder: Path) -> str:
    """What to do about a damaged analysis."""
    return f"delete {folder}, which holds one analysis, and make it again: {_COMMANDS}"


@cache
def _tables(owner: type[Analysis]) -> tuple[tuple[str, Any], ...]:
    """Name and line of each field that is a table."""
    lines = ((name, next(iter(get_args(field.annotation)), None)) for name, field in owner.model_fields.items())
    return tuple((name, line) for name, line in lines if hasattr(line, "_fields"))


def _values_of(line: Any, table: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    columns = []
    for name, hint in get_type_hints(line).items():
        missing = None if type(None) in get_args(hint) else float("nan")
        column = table[name].astype(object) if name in table else pd.Series(missing, index=table.index, dtype=object)
        columns.append(column.where(column.notna(), missing).tolist())
    return zip(*columns, strict=True)


def _plain(line: Any) -> dict[str, Any]:
    return {key: None if value != value else value for key, value in line._asdict().items()}  # noqa: PLR0124
