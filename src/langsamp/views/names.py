"""What readers call languages, and groups of them."""

from langsamp.languages.table import LanguageInfo, describe, families
from langsamp.languages.tags import LangScript

_GROUPS = {"latin": "Latin", "nonlatin": "non-Latin", "unknown": "area not known"}


def known(tag: str) -> LanguageInfo:
    """What the language table says of a tag written as `deu_Latn`."""
    return describe(LangScript.parse(tag))


def short_name(name: str) -> str:
    """The name of a language without the remark of ISO 639, `Swahili` for `Swahili (individual language)`."""
    return name.partition(" (")[0]


def group_name(group: str) -> str:
    """What readers call a group: `Latin` for `latin`, a family's name for its code; else the group's own name."""
    return families().get(group, _GROUPS.get(group, group))
