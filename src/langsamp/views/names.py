"""What readers call languages."""

from langsamp.languages.table import LanguageInfo, describe
from langsamp.languages.tags import LangScript


def known(tag: str) -> LanguageInfo:
    """What the language table says of a tag written as `deu_Latn`."""
    return describe(LangScript.parse(tag))


def short_name(name: str) -> str:
    """The name of a language without the remark of ISO 639, `Swahili` for `Swahili (individual language)`."""
    return name.partition(" (")[0]
