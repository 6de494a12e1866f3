"""Rows of labelled texts in tab-separated files: read plainly, or as the original evaluation reads them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.errors import UserError
from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.tasks.examples import LabelledTexts
from langsamp.evaluation.tasks.readers.formats.label_spellings import label_named
from langsamp.evaluation.tasks.readers.formats.lines import read_lines, read_text
from langsamp.languages.tags import LangScript

_ALSO: Mapping[str, tuple[str, ...]] = {
    "category": ("label", "topic"), "label": ("category", "topic"),
    "text": ("sentence", "verse"), "verse": ("text", "sentence"),
}  # fmt: skip
"""What data sets call a column besides its usual name."""
BLANK = "are blank and count all the same"


@dataclass(frozen=True, kw_only=True)
class Table:
    """What the rows of one layout are made of."""

    columns: tuple[str, ...]
    label: str
    """The column with the label."""
    text: str
    has_header: bool
    labels: tuple[str, ...]
    """The labels there are."""
    protocol: Protocol

    def read(self, tag: LangScript, paths: Sequence[Path]) -> LabelledTexts:
        """The texts and labels of the one file given; an odd row is left out and noted.

        Raises:
            UserError: where it cannot be read as such a table, or more rows are odd than may be left out; names the
                line.
        """
        (path,) = paths
        return (_read_as_pandas_does if self.protocol == "paper" else _read_plainly)(tag, path, self)


def noted(tag: LangScript, texts: Sequence[str], labels: Sequence[str], notes: Sequence[str] = ()) -> LabelledTexts:
    """Labelled texts with a note on blank ones and on those that look quoted."""
    blank = sum(not text.strip() for text in texts)
    quoted = sum(len(text) > 1 and text[0] == text[-1] == '"' and '""' in text[1:-1] for text in texts)
    remarks = [
        *([f"{blank} of {len(texts)} texts {BLANK}"] if blank else []),
        *([f"{quoted} of {len(texts)} texts look quoted as in CSV and are kept as they stand"] if quoted else []),
    ]
    return LabelledTexts(tag=tag, texts=tuple(texts), labels=tuple(labels), notes=(*notes, *remarks))


def _read_plainly(tag: LangScript, path: Path, table: Table) -> LabelledTexts:
    """Each line is a row, its columns what stands between tabs: quotes, `NA` and `null` are text like any other."""
    lines = read_lines(path)
    header = _header(lines[0], table) if lines else None
    if table.has_header and header is None:
        raise _no_header(path, lines, table)
    columns = header or table.columns
    label_at, text_at = _at(columns, table.label), _at(columns, table.text)
    assert label_at is not None and text_at is not None, columns
    texts: list[str] = []
    labels: list[str] = []
    counts: Counter[str] = Counter()
    odd = OddRows()
    for number, line in enumerate(lines, start=1):
        if number == 1 and header is not None:
            continue
        if isinstance(line, OddRow):
            odd.add(line)
        elif not line.strip() and "\t" not in line:
            counts["blank lines are no items"] += 1
        else:
            try:
                cells = _cells(line, columns)
                labels.append(label_named(cells[label_at], table.labels, counts))
                texts.append(cells[text_at])
            except UserError as error:
                odd.add(OddRow(path, f"line {number}", str(error)))
    notes = [f"{number} {what}" for what, number in counts.items()] + odd.notes(len(texts) + odd.number)
    return noted(tag, texts, labels, notes)


def _cells(line: str, columns: Sequence[str]) -> list[str]:
    """The cells of a row; tabs after the last one are no cells.

    Raises:
        UserError: where their number is another one.
    """
    cells = line.split("\t")
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        raise UserError(f"expected {len(columns)} columns separated by tabs ({', '.join(columns)}), got {len(cells)}")
    return cells


def _header(line: str, table: Table) -> tuple[str, ...] | None:
    """The columns that a first line names; None where it names none for label and text."""
    columns = tuple(cell.strip().casefold() for cell in line.split("\t"))
    is_header = _at(columns, table.label) is not None and _at(columns, table.text) is not None
    return columns if is_header else None


def _at(columns: Sequence[str], name: str) -> int | None:
    """Where a column stands, by its usual name or by another one."""
    return next((columns.index(each) for each in (name, *_ALSO.get(name, ())) if each in columns), None)


def _no_header(path: Path, lines: Sequence[str], table: Table) -> UserError:
    line = lines[0] if lines else ""
    other = next((each for each in ",;|" if _header(line.replace('"', "").replace(each, "\t"), table)), None)
    asked = f"it is separated by {other!r}: save the table with tabs" if other else "put it above the rows"
    return UserError(
        f"{path}, line 1: expected a header with the columns {', '.join(table.columns)}, separated by tabs, got "
        f"{line[:80]!r}; {asked}"
    )


def _read_as_pandas_does(tag: LangScript, path: Path, table: Table) -> LabelledTexts:
    """The original evaluation's reading.

    A text that starts with a quote swallows lines up to the next quote and is skipped with them where that quote does
    not end a text; rows of too many columns are skipped; `NA` and `null` become the text `nan`.
    """
    import pandas
    from pandas.errors import EmptyDataError, ParserError

    text = read_text(path).replace("\r", "\n")  # ends a line for pandas
    names: dict[str, Any] = {} if table.has_header else {"header": None, "names": list(table.columns)}
    try:
        frame = pandas.read_csv(StringIO(text), sep="\t", engine="python", on_bad_lines="skip", **names)
    except EmptyDataError:
        return noted(tag, [], [])
    except ParserError as error:
        raise UserError(f"{path}: cannot be read as the protocol 'paper' reads it: {error}") from None
    if not {table.label, table.text} <= set(frame.columns):
        raise _no_header(path, text.split("\n"), table)
    odd = OddRows()
    for row, label in enumerate(frame[table.label], start=1):
        if label not in table.labels:
            expected = f"expected one of the labels {', '.join(table.labels)}, got {label!r}"
            odd.add(OddRow(path, f"row {row} as pandas reads it", expected))
    odd_notes, number_read = odd.notes(len(frame)), len(frame)
    frame = frame[frame[table.label].isin(table.labels)]
    lines = sum(bool(line) for line in text.split("\n")) - table.has_header
    missing = int(frame[table.text].isna().sum())
    notes = [
        *odd_notes,
        *(
            [f"{lines - number_read} of {lines} lines were swallowed by quotes or skipped"]
            if lines > number_read
            else []
        ),
        *([f"{missing} texts became the word nan"] if missing else []),
    ]
    return noted(tag, [str(each) for each in frame[table.text]], [str(each) for each in frame[table.label]], notes)
