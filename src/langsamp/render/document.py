"""What an answer says, once: tables, sentences and notes, which a terminal, a notebook or a page show in their way."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "name", "code", "number", "control", "points", "near"]
"""What a column holds: a `name` may be of any script, a `code` stands in letters of one width, a `control` is a number
that others are read beside, `points` are differences, `near` are several names with a number each."""


class Value(NamedTuple):
    """A value with what is said beside it, and below it where there is room."""

    value: Any
    beside: str = ""
    below: str = ""
    is_best: bool = False
    bar: float = 0.0
    """Share of its cell that a stripe fills."""
    link: str = ""
    """What on the same page says more of it, by its id."""


class Near(NamedTuple):
    """One of several names in a cell, with a number."""

    name: str
    number: str
    is_kin: bool = False


class Column(NamedTuple):
    """A column of a table: its name, how its values are written, what they are, and where it is shown alone."""

    name: str
    write: Callable[[Any], str] = str
    kind: Kind = "text"
    only: Literal["", "narrow", "wide"] = ""
    """`wide`: only where there is room, as on a page; `narrow`: only where there is none, as in a terminal, which
    leaves out what stands below values."""
    over: str = ""
    """What it and its neighbours are of, as a heading above them where there is room."""

    @staticmethod
    def valued(given: Any) -> Value:
        """A value, with nothing beside it unless something was given."""
        return given if isinstance(given, Value) else Value(given)

    def text(self, given: Any) -> str:
        """What a narrow place shows of a value: no line below it, a star at the best one."""
        if isinstance(given, Value):
            value = self.text(given.value)
            return f"{value}{'*' * given.is_best} {given.beside}".rstrip() if value else ""
        if self.kind == "near":
            return ", ".join(f"{each.name}{'*' * each.is_kin} {each.number}".rstrip() for each in given)
        return "" if is_absent(given) else self.write(given)


@dataclass(frozen=True)
class Table:
    """Values under columns; None and NaN are written as nothing."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    caption: str = ""
    """How to read it, in sentences."""
    is_by_language: bool = False
    """Whether its first columns are a language's name and code, by which it is searched where that can be done."""
    search: Sequence[str] = ()
    """More words that find each row."""
    anchors: Sequence[str] = ()
    """By what a page links to each row."""
    sections: Sequence[str] = ()
    """Under what heading each row stands, rows of one together; a row under an empty one stands before them."""
    name: str = ""
    """Tells it from all others of a page, where something there speaks of it."""

    @classmethod
    def of(cls, title: str, rows: Iterable[Mapping[str, Any]]) -> "Table":
        """Rows that say their columns themselves; those of the first count."""
        lines = list(rows)
        names = list(lines[0]) if lines else []
        return cls(title, [Column(name) for name in names], [[line.get(name) for name in names] for line in lines])

    def fitting(self, width: Literal["narrow", "wide"]) -> "Table":
        """The columns that a place of this width shows, without those that are empty in every row."""
        kept = [
            at
            for at, column in enumerate(self.columns)
            if column.only in ("", width) and any(column.text(row[at]) for row in self.rows)
        ]
        rows = [[row[at] for at in kept] for row in self.rows]
        return replace(self, columns=[self.columns[at] for at in kept], rows=rows)

    @property
    def written(self) -> dict[str, list[str]]:
        """The text of each cell by column, in a narrow place."""
        table = self.fitting("narrow")
        return {column.name: [column.text(row[at]) for row in table.rows] for at, column in enumerate(table.columns)}


class Sentence(str):
    """What was found, in words."""

    __slots__ = ()


class Caption(Sentence):
    """How a table is read."""

    __slots__ = ()


class Note(str):
    """What a reader should know of how it was found."""

    __slots__ = ()


Part = Table | Sentence | Note


@dataclass(frozen=True)
class Document:
    """An answer, its parts in the order in which they are read; a table without a row is none of them."""

    parts: Sequence[Part]
    title: str = ""

    def __post_init__(self) -> None:
        shown = [part for part in self.parts if not isinstance(part, Table) or part.rows]
        object.__setattr__(self, "parts", shown)

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        return [part for part in self.parts if isinstance(part, Table)]

    @property
    def plain(self) -> Iterator[Part]:
        """Its parts where captions are sentences: one behind the last table that it explains."""
        for at, part in enumerate(self.parts):
            yield part
            later = (other.caption for other in self.parts[at + 1 :] if isinstance(other, Table))
            if isinstance(part, Table) and part.caption and part.caption not in later:
                yield Caption(part.caption)

    @property
    def lines(self) -> tuple[str, ...]:
        """Its sentences and notes, and the captions of its tables."""
        return tuple(
            f"note: {part}" if isinstance(part, Note) else str(part) for part in self.plain if isinstance(part, str)
        )


def is_absent(value: Any) -> bool:
    """Whether a value is None or NaN."""
    return value is None or value != value  # noqa: PLR0124 (NaN differs from itself)
