"""Lines of a text file: UTF-8 with or without a byte order mark, Unix or Windows line ends; nothing else is changed."""

from pathlib import Path

from langsamp.data.no_text import check_is_text
from langsamp.errors import UserError


def read_lines(path: Path) -> list[str]:
    """The lines of a file without their ends; blank ones are kept, spaces and tabs too.

    Raises:
        UserError: where the file cannot be read or is no UTF-8, naming the line.
    """
    lines = read_text(path).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def read_text(path: Path) -> str:
    """The text of a file, its line ends turned into those of Unix.

    Raises:
        UserError: where the file cannot be read or is no UTF-8, naming the line.
    """
    try:
        content = path.read_bytes()
        check_is_text(path, content, is_plain=True)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; put it back or change its permissions") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: byte {error.object[error.start]:#04x} at offset {error.start} is no UTF-8; convert "
            "the file"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_start(path: Path, size: int = 20_000) -> list[str]:
    """The first lines of a file, about `size` bytes of them; what is no UTF-8 is left out, for reading proper tells it.

    Raises:
        UserError: where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(size)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; put it back or change its permissions") from None
    return start.decode("utf-8-sig", errors="ignore").splitlines()
