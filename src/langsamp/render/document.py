"""What an answer says, once: tables, sentences and notes, which a terminal, a notebook or a page show in their way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column of a table: its name, and how its values are written."""

    name: str
    write: Callable[[Any], str] = str


@dataclass(frozen=True)
class Table:
    """Values under columns; None and NaN are written as nothing."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    @classmethod
    def of(cls, title: str, rows: Iterable[Mapping[str, Any]]) -> "Table":
        """Rows that say their columns themselves; those of the first count."""
        lines = list(rows)
        names = list(lines[0]) if lines else []
        return cls(title, [Column(name) for name in names], [[line.get(name) for name in names] for line in lines])

    @property
    def written(self) -> dict[str, list[str]]:
        """The text of each cell by column, without the columns that are empty in every row."""
        texts = {
            column.name: ["" if is_absent(row[at]) else column.write(row[at]) for row in self.rows]
            for at, column in enumerate(self.columns)
        }
        return {name: cells for name, cells in texts.items() if any(cells)}


class Sentence(str):
    """What was found, in words."""

    __slots__ = ()


class Note(str):
    """What a reader should know of how it was found."""

    __slots__ = ()


@dataclass(frozen=True)
class Document:
    """An answer, its parts in the order in which they are read."""

    parts: Sequence[Table | Sentence | Note]
    title: str = ""

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        return [part for part in self.parts if isinstance(part, Table)]

    @property
    def lines(self) -> tuple[str, ...]:
        """Its sentences and notes."""
        return tuple(
            f"note: {part}" if isinstance(part, Note) else str(part) for part in self.parts if isinstance(part, str)
        )


def is_absent(value: Any) -> bool:
    """Whether a value is None or NaN."""
    return value is None or value != value  # noqa: PLR0124 (NaN differs from itself)
