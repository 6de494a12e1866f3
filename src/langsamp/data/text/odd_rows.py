"""Rows that cannot be read: each costs itself, counted and named; more than a few of them are an error.

Released data have a few: a word without its label, a line in another encoding, a record without text. To lose a
language by one of them helps nobody, and to lose a part of a file in silence less.
"""

from collections.abc import Sequence
from pathlib import Path

from langsamp.errors import UserError

ODD_SHARE = 0.01
"""Share of the rows of a file that may be left out."""
FEW_ODD = 3
"""So many may be left out of a short file too, while they are fewer than half of its rows."""

NO_UTF8 = "no UTF-8"
"""What is wrong with a row of bytes, as its reason ends."""

_NAMED = 3  # rows that a note names, the others are counted


class OddRow(str):
    """A row that cannot be read: empty text that knows where it stands and what is wrong with it."""

    where: str | Path
    """The file, or the name of another source."""
    row: str
    reason: str

    def __new__(cls, where: str | Path, row: str, reason: str) -> "OddRow":
        """`row` is its number with the unit, such as `line 3`."""
        self = super().__new__(cls)
        self.where, self.row, self.reason = where, row, reason
        return self

    def after(self, lines: int) -> "OddRow":
        """The same, of a file that has so many lines before those among which it was counted."""
        unit, number = self.row.split()
        return OddRow(self.where, f"{unit} {int(number) + lines}", self.reason)


def are_few(odd: int, of: int) -> bool:
    """Whether so many odd ones among `of` may be left out."""
    return odd <= max(FEW_ODD, int(ODD_SHARE * of)) and not _are_most(odd, of)


def short(where: str | Path) -> str:
    """A file by its last two names: notes are kept, and no path of this machine belongs into them."""
    return "/".join(where.parts[-2:]) if isinstance(where, Path) else where


class OddRows:
    """The odd rows of one file, or of the files of one split or tag."""

    def __init__(self, called: str = "rows") -> None:
        """`called` says what a row is: `rows`, `sentences`, `documents`."""
        self._called = called
        self.first: list[OddRow] = []
        """Those that a note names."""
        self.number = 0

    def add(self, row: OddRow) -> None:
        """Count one more."""
        self.number += 1
        if self.number <= _NAMED:
            self.first.append(row)

    def extend(self, rows: Sequence[OddRow], number: int) -> None:
        """Count so many more, of which `rows` are the first."""
        for row in rows:
            self.add(row)
        self.number += number - len(rows)

    def are_most(self, of: int) -> bool:
        """Whether at least half of `of` rows are odd."""
        return _are_most(self.number, of)

    def check(self, of: int) -> None:
        """Accept the odd ones among `of` rows.

        Raises:
            UserError: where they are more than `ODD_SHARE` of the rows and than `FEW_ODD`, or half of them; names the
                first.
        """
        if not self.number or are_few(self.number, of):
            return
        first = self.first[0]
        mend = "Mend the data"
        if first.reason.endswith(NO_UTF8):
            mend += ", or convert the file where all of it is in an older encoding: `iconv -f WINDOWS-1252 -t UTF-8`"
        raise UserError(
            f"{first.where}, {first.row}: {first.reason}. {self.number} of {of} {self._called} cannot be read; up to "
            f"{ODD_SHARE:.0%}, or {FEW_ODD} if these are fewer than half, would be left out. {mend}"
        )

    def notes(self, of: int) -> list[str]:
        """One line that counts the odd ones among `of` rows and names the first of them; nothing where there is none.

        Raises:
            UserError: as `check` does.
        """
        self.check(of)
        return self.words(of)

    def words(self, of: int) -> list[str]:
        """`notes` without a check, for `of` rows that are not all."""
        if not self.number:
            return []
        named = "; ".join(f"{short(row.where)}, {row.row}: {row.reason}" for row in self.first)
        more = f"; and {self.number - _NAMED} more" if self.number > _NAMED else ""
        return [f"{self.number} of {of} {self._called} cannot be read and are left out: {named}{more}"]


def _are_most(odd: int, of: int) -> bool:
    return odd > 0 and 2 * odd >= of
