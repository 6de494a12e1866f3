"""Text files to raw documents: plain, compressed, JSON lines, parquet and Arrow, read as a stream.

One line is one document; it ends at a line feed, with or without a carriage return before it, whatever else in it may
look like a line end. A fault of a file is reported with its place; one of a row costs that row (`odd_rows`).
"""

import bz2
import gzip
import io
import json
import lzma
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from langsamp.data.text.odd_rows import NO_UTF8, OddRow
from langsamp.data.text.remote import FileRange, RemoteFile, TextSource
from langsamp.data.text.stand_ins import START, check_is_text
from langsamp.errors import UserError

_LONGEST_LINE = 1 << 24  # characters; a file without line ends must not fill the memory
_DIGITS = 4000
_PARQUET_ROWS = 1024
_ARROW_FILE = b"ARROW1"
_BLOCK = 1 << 16


def _open_zstandard(path: TextSource) -> IO[bytes]:
    # pyarrow and not zstandard, whose stream reader takes a file cut short for a whole one
    import pyarrow as pa

    packed = pa.OSFile(str(path)) if isinstance(path, Path) else pa.PythonFile(path.open("rb"), mode="r")
    return io.BufferedReader(pa.CompressedInputStream(packed, "zstd"))


def _open_gzip(path: TextSource) -> IO[bytes]:
    return gzip.GzipFile(path) if isinstance(path, Path) else gzip.GzipFile(fileobj=path.open("rb"))  # type: ignore[return-value]


class _Streams(io.RawIOBase):
    """The compressed streams of a file one after another; what follows them and is none is an error.

    The readers of the standard library end there without a word, so that a changed byte costs the rest of the file.
    """

    def __init__(self, path: TextSource, begin: Callable[[], Any]) -> None:
        """`begin` gives a decompressor of one stream."""
        super().__init__()
        self._file, self._begin, self._stream = path.open("rb"), begin, begin()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        text = b""
        while not text:
            packed = b""
            if self._stream.eof:
                packed = self._next_stream()
                if not packed:
                    return 0
                self._stream = self._begin()
            elif self._stream.needs_input:
                packed = self._file.read(_BLOCK)
                if not packed:
                    raise EOFError("it ends within a compressed stream")
            text = self._stream.decompress(packed, len(buffer))
        buffer[: len(text)] = text
        return len(text)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _next_stream(self) -> bytes:
        """The beginning of the next stream, after zeros that may stand between two; empty at the end of the file."""
        packed = self._stream.unused_data.lstrip(b"\0")
        while not packed and (block := self._file.read(_BLOCK)):
            packed = block.lstrip(b"\0")
        return bytes(packed)


_OPENERS: dict[str, Callable[[TextSource], Any]] = {
    "": lambda path: path.open("rb"),
    "gz": _open_gzip,
    "xz": lambda path: io.BufferedReader(_Streams(path, lzma.LZMADecompressor)),
    "bz2": lambda path: io.BufferedReader(_Streams(path, bz2.BZ2Decompressor)),
    "zst": _open_zstandard,
}


class TextFormat(NamedTuple):
    """How the text of a file is stored: `txt`, `jsonl`, `parquet` or `arrow`, and its compression or an empty text."""

    kind: str
    compression: str

    @classmethod
    def of(cls, path: TextSource) -> "TextFormat | None":
        """The format that a file's name tells, e.g. of `swh_Latn.jsonl.gz`; None where it tells none we read."""
        _, _, suffix = path.name.partition(".")
        return _FORMATS.get(suffix.lower())

    @property
    def has_columns(self) -> bool:
        """Whether the text is one column of several."""
        return self.kind != "txt"


_FORMATS = {
    f"{kind}.{compression}".strip("."): TextFormat(kind or "txt", compression)
    for kind in ("txt", "jsonl", "")
    for compression in _OPENERS
    if kind or compression
} | {kind: TextFormat(kind, "") for kind in ("parquet", "arrow")}

READABLE = ".txt, .jsonl (both also with .gz, .xz, .bz2 or .zst), .parquet, .arrow"
"""The file names that `TextFormat.of` knows, for messages."""


def readable_end(name: str) -> str:
    """The longest end of a file's name that tells a format we read, e.g. `.jsonl.gz`; empty where it has none."""
    return max((f".{end}" for end in _FORMATS if name.lower().endswith(f".{end}")), key=len, default="")


def open_bytes(path: TextSource) -> Any:
    """A file opened for reading bytes, unpacked where the end of its name says that it is compressed."""
    return _OPENERS.get(path.suffix[1:], _OPENERS[""])(path)


def plain_name(path: Path) -> str:
    """The name of a file without the end that says how it is compressed."""
    return path.stem if path.suffix[1:] in _OPENERS and path.suffix else path.name


def read_bytes(path: TextSource, size: int = -1) -> bytes:
    """The unpacked bytes of a file, the first `size` of them or all.

    Raises:
        UserError: where it cannot be read, is damaged or cut short.
    """
    with _faults_named(path), open_bytes(path) as file:
        content: bytes = file.read(size)
        return content


def not_utf8(error: UnicodeDecodeError) -> str:
    """What is wrong with the bytes of a line, for an odd row."""
    return f"byte {error.start} of the line ({error.object[error.start]:#04x}) is {NO_UTF8}"


def documents_in(path: TextSource, *, text_column: str) -> Iterator[str]:
    """The raw documents of one file in their order; a null in a text column gives an empty document.

    A row that cannot be read gives an `OddRow`: no UTF-8, no JSON object, no text in its column. In a range of a file
    its number counts from the range's first line.

    Raises:
        UserError: where the file is damaged, cut short or in another encoding, or a line or column is not as expected.
    """
    text_format = TextFormat.of(path)
    assert text_format is not None, path
    with _faults_named(path):
        if text_format.kind == "parquet":
            yield from _parquet_column(path, text_column)
        elif text_format.kind == "arrow":
            yield from _arrow_column(path, text_column)
        elif text_format.kind == "jsonl":
            yield from _json_texts(path, _lines(path, text_format), text_column)
        else:
            yield from _lines(path, text_format)


def _lines(path: TextSource, text_format: TextFormat) -> Iterator[str]:
    opened, number = _OPENERS[text_format.compression], 0
    if begins := _is_begin(path):
        with opened(path) as stream:
            check_is_text(path, stream.read(START), is_plain=True, is_prose=text_format.kind == "txt")
    encoding = "utf-8-sig" if begins else "utf-8"
    try:
        with opened(path) as stream, io.TextIOWrapper(stream, encoding, newline="\n") as file:
            read = file.readline
            for number, line in enumerate(iter(lambda: read(_LONGEST_LINE), ""), start=1):
                if len(line) == _LONGEST_LINE:
                    _check_length(path, number, line)
                yield line[:-2] if line[-2:] == "\r\n" else line.removesuffix("\n")
    except UnicodeDecodeError:
        yield from _lines_one_by_one(path, opened, after=number)


def _lines_one_by_one(path: TextSource, opened: Callable[[TextSource], Any], *, after: int) -> Iterator[str]:
    """The lines after the first ones, each decoded alone, which takes three times as long and tells the odd ones."""
    with opened(path) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), start=1):
            _check_length(path, number, line)
            if number <= after:
                continue
            whole = line.removeprefix(BOM_UTF8) if number == 1 and _is_begin(path) else line
            try:
                yield (whole[:-2] if whole.endswith(b"\r\n") else whole.removesuffix(b"\n")).decode()
            except UnicodeDecodeError as error:
                yield OddRow(_where(path), f"line {number}", not_utf8(error))


def _where(path: TextSource) -> str | Path:
    if isinstance(path, FileRange):
        return path.path
    return path.address if isinstance(path, RemoteFile) else path


def _is_begin(path: TextSource) -> bool:
    """Whether the first line is the first one of a file."""
    return not isinstance(path, FileRange) or path.start == 0


def _check_length(path: TextSource, number: int, line: str | bytes) -> None:
    if len(line) == _LONGEST_LINE:
        number += path.lines_before() if isinstance(path, FileRange) else 0
        raise UserError(
            f"{path}, line {number} is longer than {_LONGEST_LINE:,} characters; expected one document of ordinary "
            "length (a sentence, a paragraph, an article) on each line"
        )


def _json_texts(path: TextSource, lines: Iterator[str], text_column: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if isinstance(line, OddRow):
            yield line
            continue
        if not line.strip():
            yield ""
            continue
        if number == 1 and line.startswith("[") and _is_begin(path):
            raise UserError(f"{path} is one list in JSON; expected an object a line. Convert it, e.g. `jq -c '.[]'`")
        try:
            yield _text_of(_DECODER.decode(line.lstrip("\ufeff\x1e")), text_column)
        except json.JSONDecodeError as error:
            yield OddRow(_where(path), f"line {number}", f"no JSON ({error}); expected one object a line")
        except RecursionError:
            yield OddRow(_where(path), f"line {number}", "brackets within brackets too deep to be read")
        except UserError as error:
            yield OddRow(_where(path), f"line {number}", str(error))


def _whole_number(digits: str) -> int:
    """A number of a column that nobody reads; Python refuses to convert one of more than 4,300 digits."""
    return int(digits[:_DIGITS])


_DECODER = json.JSONDecoder(parse_int=_whole_number, strict=False)  # a tab within a text is a tab


def _text_of(record: Any, text_column: str) -> str:
    if isinstance(record, dict) and text_column in record:
        return _text_or_empty(record[text_column], repr(text_column))
    there = ", ".join(record) if isinstance(record, dict) else f"{type(record).__name__}, not an object"
    raise UserError(f"expected an object with {text_column!r}, got {there}; name the column in `corpus.text_column`")


def _text_or_empty(value: Any, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"{where} is {type(value).__name__}, expected text")
    return value


def _parquet_column(path: TextSource, text_column: str) -> Iterator[str]:
    from pyarrow import parquet

    with parquet.ParquetFile(path if isinstance(path, Path) else path.open("rb")) as file:
        in_bytes = _check_column(path, text_column, file.schema_arrow)
        columns = (batch.column(0) for batch in file.iter_batches(_PARQUET_ROWS, columns=[text_column]))
        yield from _column_texts(path, columns, in_bytes)


def _arrow_column(path: TextSource, text_column: str) -> Iterator[str]:
    """As Hugging Face's `save_to_disk` and its cache write tables: Arrow's format of streams, or that of files."""
    import pyarrow as pa

    with path.open("rb") as file:
        is_stream = file.read(len(_ARROW_FILE)) != _ARROW_FILE
        file.seek(0)
        table = pa.ipc.open_stream(file) if is_stream else pa.ipc.open_file(file)
        in_bytes = _check_column(path, text_column, table.schema)
        batches = iter(table) if is_stream else map(table.get_batch, range(table.num_record_batches))
        yield from _column_texts(path, (batch.column(text_column) for batch in batches), in_bytes)


def _check_column(path: TextSource, text_column: str, schema: Any) -> Any:
    """The kind of text that a column of bytes holds, None where it is text itself.

    Raises:
        UserError: where there is no such column, there are several, or it holds something else.
    """
    import pyarrow as pa

    if text_column not in schema.names:
        raise UserError(
            f"{path} has no column {text_column!r}, only {', '.join(schema.names)}; name the one with "
            "the text in `corpus.text_column`"
        )
    if schema.names.count(text_column) > 1:
        raise UserError(f"{path} has several columns {text_column!r}; expected one. Write it with one of them")
    kind = schema.field(text_column).type
    in_bytes = {pa.binary(): pa.string(), pa.large_binary(): pa.large_string()}.get(kind)
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or in_bytes):
        raise UserError(f"{path}: column {text_column!r} is {kind}, expected text")
    return in_bytes


def _column_texts(path: TextSource, columns: Iterator[Any], in_bytes: Any) -> Iterator[str]:
    row = 0
    for stored in columns:
        column = stored if in_bytes is None else stored.view(in_bytes)
        try:
            texts = column.to_pylist()
        except UnicodeDecodeError:
            texts = _decoded(path, column, row)
        yield from ("" if text is None else text for text in texts)
        row += len(column)


def _decoded(path: TextSource, column: Any, first: int) -> Iterator[str | None]:
    """The texts of a column of which some are no UTF-8; `first` is the row that it starts with, counted from 0."""
    for row, value in enumerate(column, start=first):
        try:
            yield value.as_py()
        except UnicodeDecodeError as error:
            yield OddRow(_where(path), f"row {row}", not_utf8(error))


@contextmanager
def _faults_named(path: TextSource) -> Iterator[None]:
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
