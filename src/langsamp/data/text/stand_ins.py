"""What lies where a file should be and is not it: told by its first bytes, by name and with what to do.

A repository cloned without git-lfs holds pointers of three lines; a failed download leaves the page that said so; a
file with the wrong name is of another kind. As text all of them would be read as a few odd documents, and libraries
that read models say of them whatever breaks first.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from pathlib import Path
from typing import NamedTuple

from langsamp.data.text.remote import TextSource
from langsamp.errors import DamagedError, UserError

START = 2048
"""Bytes that tell."""


class _Kind(NamedTuple):
    pattern: "re.Pattern[bytes]"
    named: str
    remedy: str


_AGAIN = "download it again, and look at what the server says"
_EXTRACT = "take the text out of it first"


def _kind(pattern: bytes, named: str, remedy: str) -> _Kind:
    return _Kind(re.compile(pattern, re.IGNORECASE | re.DOTALL), named, remedy)


_ANY_FILE = (
    _kind(
        rb"version https?://(git-lfs\.github\.com|hawser\.github\.com)/spec/",
        "a git-lfs pointer, not the file itself",
        "fetch the file with `git lfs install; git lfs pull` in its repository, or download it",
    ),
    _kind(
        rb"/annex/objects/|(\.\./)*\.git/annex/objects/",
        "a git-annex pointer, not the file itself",
        "fetch the file with `git annex get` in its repository",
    ),
    _kind(rb"<(!doctype html|html|head|body)[\s>]", "an HTML page", _AGAIN),
    _kind(rb"<\?xml.{0,200}<!doctype html|<\?xml.{0,200}<html[\s>]", "an HTML page", _AGAIN),
    _kind(rb"(<\?xml[^>]*>\s*)?<error>\s*<code>", "the error message of a server", _AGAIN),
    _kind(
        rb"(\d{3}:? )?(not found|entry not found|repository not found|access denied|forbidden|unauthorized|"
        rb"invalid username or password\.?|too many requests|bad gateway|internal server error)\s*$",
        "the error message of a server",
        _AGAIN,
    ),
    _kind(rb'\{\s*"(error|message)"\s*:\s*"[^"]*"[^{}\n]*\}\s*$', "the error message of a server", _AGAIN),
)
_PACKED = {
    "gz": _kind(rb"\x1f\x8b", "compressed with gzip", "name it <tag>.txt.gz"),
    "zst": _kind(rb"\x28\xb5\x2f\xfd", "compressed with zstandard", "name it <tag>.txt.zst"),
    "xz": _kind(rb"\xfd7zXZ\x00", "compressed with xz", "name it <tag>.txt.xz"),
    "bz2": _kind(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", "compressed with bzip2", "name it <tag>.txt.bz2"),
}
"""Compressed files by the end of their name; bzip2 has another first block where nothing is in it."""
_PLAIN_TEXT = (
    _kind(rb"%PDF-", "a PDF file", _EXTRACT),
    _kind(rb"PK\x03\x04", "a zip archive (or .docx, .epub, .xlsx)", _EXTRACT),
    *_PACKED.values(),
    _kind(rb"PAR1", "a parquet file", "name it <tag>.parquet"),
    _kind(rb"ARROW1", "an Arrow file", "name it <tag>.arrow"),
    _kind(rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture", _EXTRACT),
    _kind(rb"SQLite format 3\x00", "a database", _EXTRACT),
    _kind(rb"\x7fELF|\x80[\x02-\x05]", "a program or pickled data", _EXTRACT),
    _kind(rb"\xd0\xcf\x11\xe0|\{\\rtf", "a document of a word processor", "save it as plain text, a document a line"),
    _kind(rb".{0,1024}?\x00\x00", "binary", "give plain text in UTF-8, a document a line"),
)
"""What a file of plain text cannot begin with, though a compressed one or one of columns may."""
_XML = _kind(rb"<\?xml\s", "an XML file", _EXTRACT)
_MARKED_UP = _kind(
    rb"<(mediawiki|doc|document|article|page|corpus|text|tei|p|s)(\s+[\w:]+\s*=[^<>\n]*)?>[ \t\r]*\n",
    "text between tags of markup",
    "take the tags out first (WikiExtractor leaves none with `--json`, whose output is named <tag>.jsonl)",
)
_TIME = rb"(\d\d:)?\d\d:\d\d[.,]\d{3}"
_PROSE = (
    _XML,
    _MARKED_UP,
    _kind(
        rb"\\id\s+[A-Z0-9]{3}\b", "a Bible's text in USFM", "take its markers out (\\c, \\v, \\p, ...), a verse a line"
    ),
    _kind(rb"(\d+\r?\n|webvtt\b.{0,500}?\n)" + _TIME + rb"\s+-->\s", "subtitles", "take numbers and times out"),
    _kind(rb"(%[^\n]*\n\s*)*\\documentclass\b", "a LaTeX document", _EXTRACT),
    _kind(rb"#\s*(newdoc|newpar|sent_id|text)\b[^\n]*\n(.{0,1500}?\n)?1(-\d+)?\t", "a treebank", _EXTRACT),
    _kind(rb'\{\s*"[^"\n]{1,80}"\s*:[^\n]*\}\s*(\n|$)', "JSON lines", "name it <tag>.jsonl"),
)
"""What text for people cannot begin with, though lines with a structure may."""
_NUMBER = re.compile(rb"\d+\t")
_NUMBERED, _LINES = 3, 5
"""Lines that tell a table, with a number first and without."""
_MARKS = {BOM_UTF32_LE: "UTF-32", BOM_UTF32_BE: "UTF-32", BOM_UTF16_LE: "UTF-16", BOM_UTF16_BE: "UTF-16"}
"""Longest first: that of UTF-32 begins as that of UTF-16."""
_SMALL, _SMALL_SHARE = 0x20, 0.75
"""High bytes of the letters of alphabets, and the least share of them among the units of a text in UTF-16."""


def check_is_text(path: TextSource, start: bytes, *, is_plain: bool, is_prose: bool = False) -> None:
    """Accept the first bytes of a file that is to be read as text, or with `is_plain` False as a container of text.

    With `is_prose` its lines are for people, and not records.

    Raises:
        UserError: where they are those of something else, naming the file, what it is and what to do.
    """
    if is_plain and (encoding := _wide_encoding(start[:START])):
        raise UserError(
            f"{path} is {encoding} text; expected UTF-8. Convert it, e.g. `iconv -f {encoding} -t UTF-8 {path.name}`"
        )
    if is_plain and b"\n" not in start[:START] and start[:START].count(b"\r") > 1:
        raise UserError(
            f"{path} ends its lines with a carriage return alone; expected a line feed. Convert it, e.g. "
            f"`tr '\\r' '\\n' < {path.name}`"
        )
    begin = start[:START].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if is_prose and (columns := _columns(begin)):
        raise UserError(
            f"{path} is a table of {columns} columns separated by tabs: expected text; take "
            f"its column out, e.g. with `cut -f{columns}`, or where tabs belong to the text make blanks of them"
        )
    for kind in (*_ANY_FILE, *(_PLAIN_TEXT if is_plain else ()), *(_PROSE if is_prose else ())):
        if kind.pattern.match(begin):
            raise UserError(f"{path} is {kind.named}: expected text; {kind.remedy}")


def check_file_is_text(path: TextSource, *, is_plain: bool) -> None:
    """`check_is_text` of a file of prose, or with `is_plain` False of a container, of which only the start is read.

    Raises:
        UserError: as it does, and where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(START)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    check_is_text(path, start, is_plain=is_plain, is_prose=is_plain)
    end = path.suffix[1:].lower()
    if start and end in _PACKED and not _PACKED[end].pattern.match(start):
        packed = next((other for other, kind in _PACKED.items() if kind.pattern.match(start)), None)
        named = f"compressed as .{packed} files are" if packed else "not compressed"
        better = f"{path.name[: -len(end) - 1]}{f'.{packed}' if packed else ''}"
        raise UserError(
            f"{path} is {named}, and its name says .{end}; name it {better}, or copy it again if it was cut"
        )


def check_content(file: Path) -> None:
    """Accept a file of a model that is there and is no stand-in for itself.

    Raises:
        DamagedError: where it is missing, empty, a pointer of git-lfs or git-annex, a web page or the like.
    """
    try:
        with file.open("rb") as opened:
            start = opened.read(START).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise DamagedError(f"{file} cannot be read ({error.strerror}); copy or download it again") from None
    if not start:
        raise DamagedError(f"{file} is empty; copy or download it again")
    for kind in (*_ANY_FILE, _XML):
        if kind.pattern.match(start):
            raise DamagedError(f"{file} is {kind.named}; {kind.remedy if kind is not _XML else _AGAIN}")


def check_no_cache(folder: Path) -> None:
    """Accept a folder that is not the one around a download in the hub's cache (`models--OWNER--NAME`).

    Raises:
        UserError: naming the folders in it that hold what was downloaded.
    """
    snapshots = sorted(folder.glob("snapshots/*"))
    if snapshots and not (folder / "config.json").is_file():
        raise UserError(
            f"{folder} is a folder of the hub's cache, around what was downloaded; give "
            f"{' or '.join(map(str, snapshots[:3]))}"
        )


def loading_errors() -> tuple[type[Exception], ...]:
    """What the libraries that read models and tokenizers raise at files that they cannot make sense of."""
    from huggingface_hub.errors import StrictDataclassError

    return (
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError, IndexError, RecursionError,
        AssertionError, StrictDataclassError,
    )  # fmt: skip


def _columns(begin: bytes) -> int | None:
    """How many columns the whole lines at the beginning of a file have; None where they are no table.

    A table is what has a number before a tab in each (the Leipzig corpora, Tatoeba, Bibles with the verses' numbers),
    and what has equally many tabs in each of several.
    """
    lines = [line for line in begin.split(b"\n")[:-1] if line.strip() and not line.startswith(b"#")]
    tabs = {line.count(b"\t") for line in lines}
    is_numbered = len(lines) >= _NUMBERED and all(_NUMBER.match(line) for line in lines)
    return min(tabs) + 1 if is_numbered or (len(lines) >= _LINES and len(tabs) == 1 and tabs != {0}) else None


def _wide_encoding(start: bytes) -> str | None:
    """The encoding of text whose units have several bytes, by its mark, or by the small high bytes of its letters."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    zeros = [start[offset::4].count(0) for offset in range(4)]
    few, most = len(start) // 40, len(start) // 4 * 9 // 10
    if most and zeros[0] <= few and min(zeros[2:]) >= most:
        return "UTF-32LE"
    if most and zeros[3] <= few and min(zeros[:2]) >= most:
        return "UTF-32BE"
    for encoding, high in (("UTF-16LE", 1), ("UTF-16BE", 0)):
        units, low = start[high::2], start[1 - high :: 2]
        is_text = 0 in units and low.count(0) <= few  # a space or a line's end has a zero for its high byte
        if is_text and sum(byte < _SMALL for byte in units) >= _SMALL_SHARE * len(units):
            return encoding
    return None
