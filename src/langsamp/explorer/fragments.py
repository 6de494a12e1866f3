"""Pieces of the page as HTML: tables, messages, what is known of a language. All text in them is escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from langsamp.analysis.donors.record import Donor
from langsamp.explorer.language_profile import LanguageProfile, NeighbourLine, TaskLine
from langsamp.languages.table import LanguageInfo
from langsamp.render.document import is_absent
from langsamp.render.numbers import ABSENT, cosine, score, signed, whole

TableCell = tuple[str, str] | str
"""HTML of a cell, with its class where it has one."""
NUMBER = ' class="number"'
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


def table(heads: Sequence[str], rows: Iterable[Sequence[TableCell] | str], *, caption: str) -> str:
    """A table that scrolls sideways where the window is narrow; a row that is one plain text begins a section.

    `heads` and `caption` are plain text; a head that begins with `#` stands over numbers.
    """
    top = "".join(
        f'<th scope="col"{NUMBER if head.startswith("#") else ""}>{escape(head.removeprefix("#"))}</th>'
        for head in heads
    )
    body = "".join(
        f'<tr class="section"><th colspan="{len(heads)}"><span class="stays">{escape(row)}</span></th></tr>'
        if isinstance(row, str)
        else f"<tr>{''.join(map(_cell, row))}</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0"><table><caption><span class="stays">{escape(caption)}</span></caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure(svg: str, caption: str, *, inches: float) -> str:
    """A picture at its own width; in a narrow window it shrinks as far as it stays readable, then it scrolls."""
    width = round(_INCH * inches)
    size = f"min-width: {min(round(0.8 * width), _READABLE)}px; max-width: {width}px"
    return f'<figure class="scroll" tabindex="0"><div style="{size}">{svg}</div></figure>{hint(caption)}'


def language_name(info: LanguageInfo) -> str:
    """`German (deu_Latn)`, plain text."""
    return f"{info.name} ({info.tag})"


def profile(language: LanguageProfile, *, model: str) -> str:
    """All of a language: facts, notes, tasks, neighbours and donors."""
    info = language.info
    parts = [f'<h2>{escape(info.name)} <span class="code">{info.tag}</span></h2>', _facts(language)]
    if language.notes:
        parts.append(f'<ul class="notes">{"".join(f"<li>{prose(note)}</li>" for note in language.notes)}</ul>')
    parts += [_neighbours(language.neighbours), _donors(language.donors), _tasks(language.tasks, model)]
    return "".join(parts)


def bar(share: float) -> str:
    """A stripe as long as `share` of its cell."""
    return f'<span class="bar" style="width: {100 * min(1.0, max(0.0, share)):.1f}%"></span>'


def _cell(cell: TableCell) -> str:
    content, name = cell if isinstance(cell, tuple) else (cell, "")
    return f'<td class="{name}">{content}</td>' if name else f"<td>{content}</td>"


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
        "Seen in training": "no record" if language.rows is None else _rows(language),
        "Also called": ", ".join(info.other_names[:6]),
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(said)}</dd></div>" for name, said in rows.items() if said)
    return f'<dl class="facts">{items}</dl>'


def _rows(language: LanguageProfile) -> str:
    if language.rows == language.language_rows:
        return f"{whole(language.rows)} rows"
    return f"{whole(language.rows)} rows in this script, {whole(language.language_rows)} of the language in all scripts"


def _tasks(tasks: Sequence[TaskLine], model: str) -> str:
    is_scored = not all(is_absent(line.score) for line in tasks)
    where = {"paper": "in the paper", "embedded": "embedded", "run": "in this run"}
    rows: list[list[TableCell]] = []
    for line in tasks:
        cells: list[TableCell] = [escape(line.task), ", ".join(map(where.__getitem__, line.text)) or ABSENT]
        if is_scored:
            numbers = score(line.score), score(line.baseline), signed(line.difference)
            cells += [*((number, "number") for number in numbers), escape(line.how)]
        rows.append(cells)
    heads = ["Task", "Text of the language"]
    said = "Tasks with text of this language"
    if is_scored:
        heads += ["#Score", "#Baseline", "#Difference", "How"]
        said += f"; scores of {model} in per cent, mean over seeds; difference to the model without vectors in points"
    return table(heads, rows, caption=said)


def _neighbours(neighbours: Sequence[NeighbourLine]) -> str:
    if not neighbours:
        return ""
    rows: list[list[TableCell]] = [
        [
            (str(line.rank), "number"), escape(f"{line.name} ({line.code})"), _kin(line.family, same=line.same_family),
            escape(line.script), (f"{bar(line.cosine)}{cosine(line.cosine)}", "number barred"),
            (whole(line.rows), "number"),
        ]
        for line in neighbours
    ]  # fmt: skip
    said = "Nearest neighbours: the languages with the most similar vectors, by cosine; the same family is marked"
    return table(["#", "Language", "Family", "Script", "#Cosine", "#Rows seen"], rows, caption=said)


def _donors(donors: Sequence[Donor]) -> str:
    if not donors:
        return ""
    rows: list[list[TableCell]] = []
    for line in donors:
        same = [word for word, holds in (("family", line.same_family), ("script", line.same_script)) if holds]
        rows.append(
            [
                (str(line.rank), "number"), escape(f"{line.donor_name} ({line.donor})"),
                (cosine(line.cosine), "number"), " and ".join(same) or ABSENT, (whole(line.tree_distance), "number"),
                (whole(line.kilometres), "number"), (whole(line.donor_rows), "number"), escape(line.donor_warnings),
            ]
        )  # fmt: skip
    by = "similarity of vectors" if donors[0].basis == "vectors" else "kinship, for want of a trained vector"
    heads = ["#", "Donor", "#Cosine", "Same", "#Edges", "#Kilometres", "#Rows seen", "Doubts"]
    said = f"Donors: languages to transfer from, by {by}; edges in Glottolog's tree, kilometres between homes"
    return table(heads, rows, caption=said)


def _kin(family: str, *, same: bool) -> str:
    return f'<strong class="kin">{escape(family)}</strong>' if same else escape(family or ABSENT)


def _degrees(value: float, ends: str) -> str:
    return f"{abs(value):.1f}° {ends[int(value < 0)]}"
