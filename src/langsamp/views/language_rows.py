"""Languages as lines of a table: for `langsamp languages` and `langsamp.language` alike."""

from collections.abc import Iterable

from langsamp.languages.table import LanguageInfo, notes


def language_rows(infos: Iterable[LanguageInfo]) -> list[dict[str, str]]:
    """A line for each tag: its names, its family, whether XLM-R covers it, and what else to know of it."""
    return [
        {
            "tag": str(info.tag),
            "name": info.name,
            "script": info.script_name,
            "family": info.family_name or "",
            "XLM-R": "head" if info.is_head else "tail",
            "notes": " ".join(notes(info.tag)),
        }
        for info in infos
    ]
