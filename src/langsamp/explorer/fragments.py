"""Pieces of the page as HTML: messages, pictures, what is known of a language. All text in them is escaped."""

import re
from html import escape

from langsamp.explorer.language_profile import LanguageProfile
from langsamp.explorer.profile_document import profile_tables, seen
from langsamp.languages.table import LanguageInfo
from langsamp.render.html_table import table_html

_INCH = 96
"""Pixels of a page."""
_READABLE = 640
"""Pixels below which a picture's letters are too small."""


def trouble(message: str) -> str:
    """A message about input that cannot be used."""
    return f'<p class="trouble" role="alert">{prose(message)}</p>'


def hint(message: str) -> str:
    """A quiet sentence."""
    return f'<p class="hint">{prose(message)}</p>'


def prose(text: str) -> str:
    """Plain text as HTML; what stands between backticks is code, and lines are kept."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)).replace("\n", "<br>")


def figure(svg: str, caption: str, *, inches: float) -> str:
    """A picture at its own width; in a narrow window it shrinks as far as it stays readable, then it scrolls."""
    width = round(_INCH * inches)
    size = f"min-width: {min(round(0.8 * width), _READABLE)}px; max-width: {width}px"
    return f'<figure class="scroll" tabindex="0"><div style="{size}">{svg}</div></figure>{hint(caption)}'


def language_name(info: LanguageInfo) -> str:
    """`German (deu_Latn)`, plain text."""
    return f"{info.name} ({info.tag})"


def profile(language: LanguageProfile) -> str:
    """All of a language: facts, notes, neighbours, donors and scores."""
    info = language.info
    parts = [f'<h2>{escape(info.name)} <span class="code">{info.tag}</span></h2>', _facts(language)]
    if language.notes:
        parts.append(f'<ul class="notes">{"".join(f"<li>{prose(note)}</li>" for note in language.notes)}</ul>')
    return "".join([*parts, *map(table_html, profile_tables(language))])


def _facts(language: LanguageProfile) -> str:
    info = language.info
    home = [info.area or "not known"]
    if info.coordinates:
        home.append(", ".join(map(_degrees, info.coordinates, ("NS", "EW"))))
    rows = {
        "Family": language.family,
        "Home": "; ".join(home),
        "Script": f"{info.script_name}, written from {'right to left' if info.direction == 'rtl' else 'left to right'}",
        "XLM-R": "covered (head)" if info.is_head else "not covered (tail)",
        "Seen in training": seen(language),
        "Also called": ", ".join(info.other_names[:6]),
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(said)}</dd></div>" for name, said in rows.items() if said)
    return f'<dl class="facts">{items}</dl>'


def _degrees(value: float, ends: str) -> str:
    return f"{abs(value):.1f}° {ends[int(value < 0)]}"
