"""A console or pipe that lacks some letters: what cannot be printed is printed as near as can be, and nothing fails.

Windows consoles, `LC_ALL=C`, old servers and some CI write ASCII, Latin-1 or cp1252; our tables hold names of languages
in all letters, and dashes. Here `Bokmål` becomes `Bokmal`, `–` becomes `-`, and a letter without anything near it `?`.
"""

import codecs
import io
import os
import sys
import unicodedata
from pathlib import Path

_ERRORS = "langsamp-nearest"
_FEWEST_COLUMNS = 20
"""Of a width that is taken as it is: tables in less show nothing."""
_NEAREST = {
    "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x", "·": ".", "•": "*", "†": "+",
    "±": "~", "≤": "<", "≥": ">", "→": ">", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
    "ɛ": "e", "ɔ": "o", "ŋ": "n", "ß": "s", "æ": "a", "ǃ": "!", "ǀ": "|",
}  # fmt: skip
"""One sign for one, so that columns stay straight."""


def print_on_any_console() -> None:
    """From here on standard output and standard error replace what their encoding lacks, for every writer.

    One that was closed before the start (`>&-`, some daemons) goes nowhere: else the next file that is opened would get
    its number, and what a library writes to standard error would end in that file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (open to the end)
    codecs.register_error(_ERRORS, _nearest)
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) < _FEWEST_COLUMNS:  # as some wrappers set where there is no terminal
        del os.environ["COLUMNS"]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where a caller has put something else, as tests do
            stream.reconfigure(errors=_ERRORS)


def has_all_letters(stream: object) -> bool:
    """Whether `stream` can print every letter."""
    try:
        return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name.startswith("utf")
    except LookupError:
        return False


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """What codecs ask for: a replacement for what could not be encoded, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(letter: str) -> str:
    if letter in _NEAREST:
        return _NEAREST[letter]
    parts = [part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)]
    return "".join(part if part.isascii() else "?" for part in parts)
