"""Text files to raw documents: plain, compressed, JSON lines and parquet, read as a stream.

One line is one document; only a line feed ends a line, whatever else in it may look like a line end. Every fault of a
file is reported with its place.
"""

import bz2
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from langsamp.data.no_text import START, check_is_text
from langsamp.errors import UserError

_LONGEST_LINE = 1 << 24  # characters; a file without line ends must not fill the memory
_PARQUET_ROWS = 1024


def _open_zstandard(path: Path) -> IO[bytes]:
    # pyarrow and not zstandard, whose stream reader takes a file cut short for a whole one
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


_OPENERS: dict[str, Callable[[Path], Any]] = {
    "": lambda path: path.open("rb"),
    "gz": gzip.GzipFile,
    "xz": lzma.LZMAFile,
    "bz2": bz2.BZ2File,
    "zst": _open_zstandard,
}


class TextFormat(NamedTuple):
    """How the text of a file is stored: `txt`, `jsonl` or `parquet`, and its compression or an empty string."""

    kind: str
    compression: str

    @classmethod
    def of(cls, path: Path) -> "TextFormat | None":
        """The format that a file's name tells, e.g. of `swh_Latn.jsonl.gz`; None where it tells none we read."""
        _, _, suffix = path.name.partition(".")
        return _FORMATS.get(suffix)

    @property
    def has_columns(self) -> bool:
        """Whether the text is one column of several."""
        return self.kind != "txt"


_FORMATS = {
    f"{kind}.{compression}".strip("."): TextFormat(kind or "txt", compression)
    for kind in ("txt", "jsonl", "")
    for compression in _OPENERS
    if kind or compression
} | {"parquet": TextFormat("parquet", "")}

READABLE = ".txt, .jsonl (both also with .gz, .xz, .bz2 or .zst), .parquet"
"""The file names that `TextFormat.of` knows, for messages."""


def documents_in(path: Path, *, text_column: str) -> Iterator[str]:
    """The raw documents of one file in their order; a null in a text column gives an empty document.

    Raises:
        UserError: where the file is damaged, cut short or not UTF-8, or a line or column is not as expected.
    """
    text_format = TextFormat.of(path)
    assert text_format is not None, path
    with _faults_named(path):
        if text_format.kind == "parquet":
            yield from _parquet_column(path, text_column)
        elif text_format.kind == "jsonl":
            yield from _json_texts(path, _lines(path, text_format.compression), text_column)
        else:
            yield from _lines(path, text_format.compression)


def _lines(path: Path, compression: str) -> Iterator[str]:
    opened = _OPENERS[compression]
    if compression:
        with opened(path) as stream:
            check_is_text(path, stream.read(START), is_plain=True)
    with opened(path) as stream, io.TextIOWrapper(stream, "utf-8", newline="\n") as file:
        read = file.readline
        try:
            for number, line in enumerate(iter(lambda: read(_LONGEST_LINE), ""), start=1):
                if len(line) == _LONGEST_LINE:
                    raise UserError(
                        f"{path}, line {number} is longer than {_LONGEST_LINE:,} characters; expected one document of "
                        "ordinary length (a sentence, a paragraph, an article) on each line"
                    )
                yield line.removesuffix("\n")
        except UnicodeDecodeError:
            raise _first_fault(path, opened) from None


def _first_fault(path: Path, opened: Callable[[Path], Any]) -> UserError:
    """Where a file stops being UTF-8, which the stream cannot tell because it decodes in blocks."""
    before = 0
    with opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return UserError(
                    f"{path}, line {number}: byte {before + error.start} (0x{line[error.start]:02x}) is not valid "
                    f"UTF-8; expected UTF-8 text. If it is in another encoding, convert it, e.g. `iconv -f LATIN1 "
                    f"-t UTF-8 {path.name}`"
                )
            before += len(line)
    raise AssertionError(f"{path} is valid UTF-8 by lines but not as a whole")


def _json_texts(path: Path, lines: Iterator[str], text_column: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            yield ""
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}, line {number} is no JSON ({error}); expected one object a line") from None
        if not isinstance(record, dict) or text_column not in record:
            found = ", ".join(record) if isinstance(record, dict) else f"{type(record).__name__}, not an object"
            raise UserError(
                f"{path}, line {number}: expected an object with {text_column!r}, got {found}; name the column in "
                "`corpus.text_column`"
            )
        yield _text_or_empty(record[text_column], f"{path}, line {number}: {text_column!r}")


def _text_or_empty(value: Any, place: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"{place} is {type(value).__name__}, expected text")
    return value


def _parquet_column(path: Path, text_column: str) -> Iterator[str]:
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        if text_column not in file.schema_arrow.names:
            raise UserError(
                f"{path} has no column {text_column!r}, only {', '.join(file.schema_arrow.names)}; name the one with "
                "the text in `corpus.text_column`"
            )
        kind = file.schema_arrow.field(text_column).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise UserError(f"{path}: column {text_column!r} is {kind}, expected text")
        row = 0
        for batch in file.iter_batches(_PARQUET_ROWS, columns=[text_column]):
            try:
                texts = batch.column(0).to_pylist()
            except UnicodeDecodeError as error:
                raise UserError(f"{path}: not valid UTF-8 in rows {row} to {row + len(batch)} ({error})") from None
            yield from (text or "" for text in texts)
            row += len(batch)


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    damaged = f"{path} is damaged or cut short ({{}}); copy or make it again"
    try:
        yield
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise UserError(damaged.format(error)) from None
    except OSError as error:
        # What the system says has a number; gzip, bz2 and zstandard say without one that data are damaged.
        message = damaged.format(error) if error.errno is None else f"cannot read {path}: {error.strerror}"
        raise UserError(message) from None
    except ValueError as error:
        if type(error).__name__ != "ArrowInvalid":  # naming the class would import pyarrow for every text file
            raise
        raise UserError(damaged.format(error)) from None
