"""What characters tell of a text: whether it is in its tag's script, and whether it was decoded as it was encoded."""

import re
from collections import Counter

from langsamp.errors import UserError
from langsamp.languages.scripts import likely_script, share_in_script
from langsamp.languages.table import scripts
from langsamp.languages.tags import LangScript

_LEAST_IN_SCRIPT = 0.5
GARBLED = "U+FFFD, UTF-8 read as Latin-1, HTML such as &amp;, or JSON such as \\n"
"""What `is_garbled` looks for, in words."""
_NAMES = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|amp|nbsp|lt|gt|quot|apos);|\\(?:u[0-9a-fA-F]{4}|[nt])")


def is_garbled(text: str) -> bool:
    """Whether some of a text as it was read is not what was written.

    It holds the sign for what could not be decoded, or is UTF-8 that was read as Latin-1 or Windows-1252: what was
    written so hardly ever is UTF-8 by chance, from its first accent to its last. Or it holds HTML's or JSON's names.
    """
    if text.isascii():
        return ("&" in text or "\\" in text) and _NAMES.search(text) is not None
    return (
        "\ufffd" in text
        or any(_is_utf8(text, encoding) for encoding in ("latin-1", "cp1252"))
        or _NAMES.search(text) is not None
    )


def _is_utf8(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding).decode()
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
