"""A language in one script: parsed once at the edge, a value everywhere inside."""

import re
from typing import NamedTuple

from langsamp.errors import UserError
from langsamp.languages import bcp47

_SHAPE = re.compile(r"([a-z]{3})_([A-Z][a-z]{3})")
_LOOSE_SHAPE = re.compile(r"([A-Za-z]{2,3})[-_ ]([A-Za-z]{4})")


class LangScript(NamedTuple):
    """A language in one script, e.g. `ewe_Latn`: ISO 639-3 and ISO 15924 codes."""

    language: str
    script: str

    @classmethod
    def parse(cls, tag: str) -> "LangScript":
        """The tag written as `ewe_Latn`; its shape is checked here, its codes by `table.check`.

        Raises:
            UserError: where `tag` is not three small letters, `_`, and a script code of four letters.
        """
        match = _SHAPE.fullmatch(tag)
        if match is None:
            raise UserError(
                f"expected a tag like 'ewe_Latn' (ISO 639-3 language, ISO 15924 script), got {tag!r}.{advice_on(tag)}"
            )
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"{self.language}_{self.script}"


def advice_on(tag: str) -> str:
    """What to write instead of `tag`, which is none, as the end of a message; empty where nothing can be told."""
    match = _LOOSE_SHAPE.fullmatch(tag)
    code = bcp47.read(f"{match[1]}-{match[2]}" if match else tag)
    if code is not None and code.script is not None and (match or len(tag) != 3):  # a bare code may lack any script
        return f" Did you mean '{code.language}_{code.script}'?"
    if match and len(match[1]) == 3:
        return f" Did you mean '{match[1].lower()}_{match[2].capitalize()}'?"
    if code is not None and code.script is None and len(tag) != 3:
        return (
            f" Its language is '{code.language}': write that with the script of the text, like '{code.language}_Latn'"
        )
    return ""
