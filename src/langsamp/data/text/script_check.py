"""Whether a tag's text is written in the tag's script."""

from collections import Counter

from langsamp.errors import UserError
from langsamp.languages.scripts import likely_script, share_in_script
from langsamp.languages.table import scripts
from langsamp.languages.tags import LangScript

_LEAST_IN_SCRIPT = 0.5


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
