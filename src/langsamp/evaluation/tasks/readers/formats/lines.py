"""Lines of a text file: UTF-8 with or without a byte order mark, Unix or Windows line ends; nothing else is changed.

A line ends at a line feed, with or without a carriage return before it, and nowhere else, whatever else in it may look
like a line end. Compressed files (`.gz`, `.xz`, `.bz2`, `.zst`) are read as what they hold.
"""

from codecs import BOM_UTF8
from pathlib import Path

from langsamp.data.text.formats import not_utf8, read_bytes
from langsamp.data.text.odd_rows import OddRow
from langsamp.data.text.stand_ins import check_is_text
from langsamp.errors import UserError


def read_lines(path: Path) -> list[str]:
    """The lines of a file without their ends; blank ones are kept, spaces and tabs too.

    A line that is no UTF-8 is an `OddRow`.

    Raises:
        UserError: where the file cannot be read or is in another encoding.
    """
    content = _bytes(path)
    try:
        lines = content.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        lines = [_decoded(path, number, line) for number, line in enumerate(content.split(b"\n"), start=1)]
    return lines[:-1] if lines[-1] == "" and not isinstance(lines[-1], OddRow) else lines


def read_text(path: Path) -> str:
    """The text of a file, its line ends turned into those of Unix.

    Raises:
        UserError: where the file cannot be read or is no UTF-8, naming the line.
    """
    content = _bytes(path)
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: byte {content[error.start]:#04x} at offset {error.start} is no UTF-8; convert the "
            "file"
        ) from None


def read_start(path: Path, size: int = 20_000) -> list[str]:
    """The first lines of a file, about `size` bytes of them; what is no UTF-8 is left out, for reading proper tells it.

    Raises:
        UserError: where the file cannot be read.
    """
    start = read_bytes(path, size).removeprefix(BOM_UTF8).decode(errors="ignore")
    return start.replace("\r\n", "\n").split("\n")


def _bytes(path: Path) -> bytes:
    content = read_bytes(path)
    check_is_text(path, content, is_plain=True)
    return content.removeprefix(BOM_UTF8)


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        return OddRow(path, f"line {number}", not_utf8(error))
