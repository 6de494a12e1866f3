"""Rows of labelled texts in tab-separated files: read plainly, or as the original evaluation reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from langsamp.errors import UserError
from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.readers.examples import LabelledTexts
from langsamp.evaluation.readers.lines import read_lines, read_text
from langsamp.languages.tags import LangScript

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
        """The texts and labels of the one file given.

        Raises:
            UserError: where it cannot be read as such a table, naming the line.
        """
        (path,) = paths
        return (_read_as_pandas_does if self.protocol == "paper" else _read_plainly)(tag, path, self)


def noted(tag: LangScript, texts: Sequence[str], labels: Sequence[str], notes: Sequence[str] = ()) -> LabelledTexts:
    """Labelled texts with a note on blank ones and on those that look quoted."""
    blank = sum(not text.strip() for text in texts)
    quoted = sum(len(text) > 1 and text[0] == text[-1] == '"' and '""' in text[1:-1] for text in texts)
    found = [
        *([f"{blank} of {len(texts)} texts {BLANK}"] if blank else []),
        *([f"{quoted} of {len(texts)} texts look quoted as in CSV and are kept as they stand"] if quoted else []),
    ]
    return LabelledTexts(tag=tag, texts=tuple(texts), labels=tuple(labels), notes=(*notes, *found))


def _read_plainly(tag: LangScript, path: Path, table: Table) -> LabelledTexts:
    """Each line is a row, its columns what stands between tabs: quotes, `NA` and `null` are text like any other."""
    lines = read_lines(path)
    columns = _header(path, lines, table) if table.has_header else table.columns
    label_at, text_at = columns.index(table.label), columns.index(table.text)
    texts: list[str] = []
    labels: list[str] = []
    blank_lines = 0
    for number, line in enumerate(lines, start=1):
        if number == 1 and table.has_header:
            continue
        if not line.strip() and "\t" not in line:
            blank_lines += 1
            continue
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise UserError(
                f"{path}, line {number}: expected {len(columns)} columns separated by tabs ({', '.join(columns)}), got "
                f"{len(cells)}; mend the line"
            )
        if cells[label_at] not in table.labels:
            raise UserError(f"{path}, line {number}: {_wrong_label(cells[label_at], table.labels)}")
        texts.append(cells[text_at])
        labels.append(cells[label_at])
    return noted(tag, texts, labels, [f"{blank_lines} blank lines are no items"] if blank_lines else [])


def _header(path: Path, lines: Sequence[str], table: Table) -> tuple[str, ...]:
    columns = tuple(lines[0].split("\t")) if lines else ()
    if not {table.label, table.text} <= set(columns):
        raise UserError(
            f"{path}, line 1: expected a header with the columns {', '.join(table.columns)}, separated by tabs, got "
            f"{(lines[0][:80] if lines else '')!r}; put it above the rows"
        )
    return columns


def _read_as_pandas_does(tag: LangScript, path: Path, table: Table) -> LabelledTexts:
    """The original evaluation's reading.

    A text that starts with a quote swallows lines up to the next quote and is skipped with them where that quote does
    not end a text; rows of too many columns are skipped; `NA` and `null` become the text `nan`.
    """
    import pandas
    from pandas.errors import EmptyDataError, ParserError

    text = read_text(path)
    names: dict[str, Any] = {} if table.has_header else {"header": None, "names": list(table.columns)}
    try:
        frame = pandas.read_csv(StringIO(text), sep="\t", engine="python", on_bad_lines="skip", **names)
    except EmptyDataError:
        return noted(tag, [], [])
    except ParserError as error:
        raise UserError(f"{path}: cannot be read as the protocol 'paper' reads it: {error}") from None
    if not {table.label, table.text} <= set(frame.columns):
        _header(path, text.split("\n"), table)
    for row, label in enumerate(frame[table.label]):
        if label not in table.labels:
            raise UserError(f"{path}, row {row + 1} as pandas reads it: {_wrong_label(label, table.labels)}")
    lines = sum(bool(line) for line in text.split("\n")) - table.has_header
    missing = int(frame[table.text].isna().sum())
    notes = [
        *([f"{lines - len(frame)} of {lines} lines were swallowed by quotes or skipped"] if lines > len(frame) else []),
        *([f"{missing} texts became the word nan"] if missing else []),
    ]
    return noted(tag, [str(each) for each in frame[table.text]], [str(each) for each in frame[table.label]], notes)


def _wrong_label(label: object, labels: Sequence[str]) -> str:
    return f"expected one of the labels {', '.join(labels)}, got {label!r}; mend the line"
