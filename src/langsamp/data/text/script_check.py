"""What characters tell of a text: whether it is in its tag's script, and whether it was decoded as it was encoded."""

import codecs
import re
from collections import Counter
from typing import Any

from langsamp.errors import UserError
from langsamp.languages.scripts import likely_script, share_in_script
from langsamp.languages.table import scripts
from langsamp.languages.tags import LangScript

_LEAST_IN_SCRIPT = 0.5
GARBLED = "U+FFFD, UTF-8 read as Latin-1 or Windows-1251, HTML such as &amp;, JSON such as \\n, or a PDF's (cid:12)"
"""What `is_garbled` looks for, in words."""
_NAMES = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|amp|nbsp|lt|gt|quot|apos);|\\(?:u[0-9a-fA-F]{4}|[nt])|\(cid:\d+\)")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_ENCODINGS = (
    "latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8-r",
    "cp437", "cp850", "cp866",
)  # fmt: skip
"""What editors, spreadsheets and consoles take a text for. Not Mac Roman, of which `l’été` may be UTF-8 by chance."""
_CHARACTERS = tuple(
    # a byte without a character becomes the control of its number, as browsers have it
    "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in range(256))
    for encoding in _ENCODINGS
)
_TABLES = tuple(map(codecs.charmap_build, _CHARACTERS))


def _tables_with(first: int, last: int) -> dict[str, int]:
    """For each character that some table has for a byte from `first` to `last`, these tables, as bits."""
    tables: dict[str, int] = {}
    for number, characters in enumerate(_CHARACTERS):
        for character in characters[first : last + 1]:
            tables[character] = tables.get(character, 0) | 1 << number
    return tables


_LEADS, _FOLLOWS = _tables_with(0xC2, 0xF4), _tables_with(0x80, 0xBF)
"""Where a character stands for a first byte of UTF-8 and for a later one: two look-ups tell most text from UTF-8."""


def is_garbled(text: str) -> bool:
    """Whether some of a text as it was read is not what was written.

    It holds the sign for what could not be decoded, or is UTF-8 that was read in an encoding of single bytes: what was
    written so hardly ever is UTF-8 by chance, from its first accent to its last. Or it holds HTML's or JSON's names of
    characters, or the numbers of glyphs that a PDF does not name.
    """
    if text.isascii():
        return _holds_name(text)
    if "\ufffd" in text or _holds_name(text):
        return True
    first = _FOREIGN.search(text)  # shows at once of most tables that they need not read the whole
    if first is None or len(run := first.group()) < 2:
        return False
    tables = _LEADS.get(run[0], 0) & _FOLLOWS.get(run[1], 0)
    return tables != 0 and any(
        _is_utf8(run, table) and _is_utf8(text, table) for number, table in enumerate(_TABLES) if tables >> number & 1
    )


def _holds_name(text: str) -> bool:
    return ("&" in text or "\\" in text or "(cid:" in text) and _NAMES.search(text) is not None


def _is_utf8(text: str, table: Any) -> bool:
    try:
        codecs.charmap_encode(text, "strict", table)[0].decode()
    except UnicodeError:
        return False
    return True


def check_script(tag: LangScript, letters: Counter[str], *, documents: int) -> None:
    """Accept the letters by script of so many documents.

    Raises:
        UserError: where less than half of them are in the tag's script.
    """
    share = share_in_script(letters, tag.script)
    if share >= _LEAST_IN_SCRIPT:
        return
    likely = likely_script(letters)
    guess = f" Did you mean {tag.language}_{likely}?" if likely else ""
    raise UserError(
        f"{tag}: {_described(letters, tag.script)} in the first {documents:,} documents.{guess} Name the text by its "
        "own tag, or set `corpus.check_script` to false if it is right"
    )


def _described(letters: Counter[str], script: str) -> str:
    likely, names = likely_script(letters), scripts()
    if likely is None:
        return "there are no letters"
    share, expected = share_in_script(letters, likely), share_in_script(letters, script)
    return f"{share:.0%} of the letters are {names.get(likely, likely)}, only {expected:.0%} {names[script]},"
