"""What a laid-out table is: blocks of text cells below headers, lines of notes, and the same numbers tidy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from langsamp.render.numbers import score


class ColumnHead(NamedTuple):
    """A heading over one or more columns."""

    text: str
    span: int = 1


class TextCell(NamedTuple):
    """One cell as it is printed."""

    text: str = ""
    best: bool = False
    second: bool = False


@dataclass(frozen=True, kw_only=True)
class Block:
    """A header of one or more lines, each as wide as the rows, and the rows below it."""

    header: tuple[tuple[ColumnHead, ...], ...]
    rows: tuple[tuple[TextCell, ...], ...]
    title: str = ""
    labels: tuple[int, ...] = (0,)
    """Which columns hold words; the others hold numbers."""

    @property
    def width(self) -> int:
        """Number of columns."""
        return sum(head.span for head in self.header[-1])


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """One table in the paper's layout."""

    number: int
    caption: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    """Lines that belong under the table: what was mixed, left out or printed elsewhere."""
    tidy: pd.DataFrame = field(repr=False)
    """The numbers unrounded, one a row."""


def words(texts: Iterable[str]) -> list[TextCell]:
    """Cells that hold words."""
    return [TextCell(text) for text in texts]


def number_cell(mean: float | None, sd: float | None = None) -> str:
    """`44.7 (1.2)`, `44.7` without a deviation, a dash without a mean."""
    return score(mean) if mean is None or sd is None or pd.isna(mean) or pd.isna(sd) else f"{mean:.1f} ({sd:.1f})"


def ranked(
    means: Sequence[float | None], sds: Sequence[float | None] | None = None, *, second: bool = False
) -> list[TextCell]:
    """Cells of numbers that compete: the best as printed is marked, equals with it, and the second best if asked for.

    Nothing is marked where all that compete print the same.
    """
    rounded = [None if mean is None or pd.isna(mean) else round(mean, 1) for mean in means]
    places = sorted({mean for mean in rounded if mean is not None}, reverse=True)
    return [
        TextCell(
            number_cell(mean, None if sds is None else sds[index]),
            best=len(places) > 1 and near == places[0],
            second=second and len(places) > 1 and near == places[1],
        )
        for index, (mean, near) in enumerate(zip(means, rounded, strict=True))
    ]
