"""What a call of the front door gives back: numbers, and tables that show themselves in a notebook or a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from langsamp.addresses import with_addresses
from langsamp.render.document import Document, Table

Rows = Sequence[Mapping[str, Any]]
"""Lines of a table as people read them: column to text."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """An answer: `tables` and `lines` are what people read, `data` is what programs go on with."""

    title: str
    tables: Mapping[str, pd.DataFrame]
    """Tables as they are shown, by their captions; scores in per cent, differences in points."""
    lines: tuple[str, ...] = ()
    """Sentences that belong to the tables: findings first, then limits."""
    data: Any = field(default=None, repr=False)
    """The object behind the answer (an `Analysis`, a `Comparison`, a tidy table), unrounded."""
    folder: Path | None = None
    """Where it is stored; None where it is not."""

    @classmethod
    def of(cls, document: Document, data: Any) -> "Result":
        """The answer that a document says."""
        tables = {table.title: pd.DataFrame(table.written) for table in document.tables}
        return cls(title=document.title, tables=tables, lines=document.lines, data=data)

    def __str__(self) -> str:
        """The answer as text."""
        parts = [self.title] if self.title else []
        for caption, table in self.tables.items():
            parts.append("\n".join(part for part in (caption, table.to_string(index=False)) if part))
        return with_addresses("\n\n".join([*parts, "\n".join(self.lines)]).strip())

    def __repr__(self) -> str:
        """The answer as text, so that an interactive session shows it."""
        return str(self)

    def _repr_html_(self) -> str:
        """The answer as a notebook shows it; every text is escaped."""
        parts = [f"<h4>{escape(self.title)}</h4>"] if self.title else []
        for caption, table in self.tables.items():
            parts.append(f"<p>{escape(caption)}</p>" if caption else "")
            parts.append(table.to_html(index=False, escape=True, border=0, na_rep=""))
        parts += [f"<p>{escape(line)}</p>" for line in self.lines]
        return with_addresses("\n".join(part for part in parts if part))


def readable(tables: Mapping[str, Rows]) -> dict[str, pd.DataFrame]:
    """The tables of a terminal as data frames, without columns that are empty in every line."""
    return {caption: pd.DataFrame(Table.of(caption, rows).written) for caption, rows in tables.items()}
