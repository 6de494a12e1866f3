"""Tables as a page shows them, complete without a script; all text is escaped."""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

from langsamp.render.document import Column, Table, Value, is_absent
from langsamp.render.numbers import ABSENT, tone

_CLASSES = {"text": "t", "name": "t", "near": "t", "code": "code", "control": "dim"}
"""Of cells; most hold numbers, and have none."""
_NUMBERS = ("number", "control", "points")
_SORTABLE = re.compile(r"[+−]?[\d,.]+(e-\d+)?( %)?")
"""Text that a script reads as a number."""


def table_html(table: Table) -> str:
    """A table in a box that scrolls, without the columns that are empty.

    What a script needs stands beside the text: `data-sortable` where rows have no sections (`data-by`), `data-v` where
    the text of a number is none, `data-searchable` and `data-q` where languages are looked for. A difference has the
    colour of its sign; in a table of languages a bar says how large it is beside the largest.
    """
    shown = table.fitting("wide")
    marks = f"{'' if shown.sections else ' data-sortable'}{' data-searchable' * shown.is_by_language}"
    name = f' id="{escape(shown.name)}"' if shown.name else ""
    return (
        f'<div class="scroll{" tall" * shown.is_by_language}" tabindex="0" role="region" '
        f'aria-label="{escape(shown.title)}"><table class="data"{marks}{name}>\n'
        f"<caption><div><strong><bdi>{escape(shown.title)}</bdi>{'.' if shown.caption else ''}</strong> "
        f"{escape(shown.caption)}</div></caption>\n<thead>{_head(shown)}</thead>\n{''.join(_bodies(shown))}</table></div>"
    )


def _head(table: Table) -> str:
    groups = [(over, len([*columns])) for over, columns in groupby(column.over for column in table.columns)]
    top = "".join(
        f'<th scope="colgroup" colspan="{width}" class="over">{escape(over)}</th>'
        if over
        else f'<td colspan="{width}"></td>'
        for over, width in groups
    )
    names = "".join(
        f'<th scope="col"{_class("n" * (column.kind in _NUMBERS))}>'
        f"{'<br> '.join(map(escape, column.name.splitlines()))}</th>"
        for column in table.columns
    )
    return f"{f'<tr>{top}</tr>' if any(over for over, _ in groups) else ''}<tr>{names}</tr>"


def _bodies(table: Table) -> Iterator[str]:
    widest = _widest(table) if table.is_by_language and not any(column.over for column in table.columns) else 0.0
    for section, rows in groupby(range(len(table.rows)), key=lambda at: table.sections[at] if table.sections else ""):
        heading = f'<tr><th scope="rowgroup" colspan="{len(table.columns)}" class="rule">{escape(section)}</th></tr>\n'
        yield f'<tbody data-by="{escape(section)}">\n{heading}' if section else "<tbody>\n"
        for at in rows:
            name = f' id="{escape(table.anchors[at])}"' if table.anchors else ""
            words = f' data-q="{escape(table.search[at])}"' if table.search else ""
            cells = zip(table.columns, table.rows[at], strict=True)
            written = (_cell(*each, is_first=not number, widest=widest) for number, each in enumerate(cells))
            yield f"<tr{name}{words}>{''.join(written)}</tr>\n"
        yield "</tbody>\n"


def _cell(column: Column, given: object, *, is_first: bool, widest: float) -> str:
    value, kind = column.valued(given), column.kind
    text = column.text(value.value) or ("" if kind == "text" else ABSENT)
    colour = tone(text) if kind == "points" else ""
    bar = abs(value.value) / widest if colour and widest else value.bar
    names = ["" if is_first else _CLASSES.get(kind, ""), f"delta {colour}" * bool(colour), "bar" * bool(value.bar)]
    is_number = isinstance(value.value, int | float) and kind in ("number", "points") and text != ABSENT
    key = f' data-v="{value.value}"' if is_number and not _SORTABLE.fullmatch(text) else ""
    style = f' style="--w:{100 * bar:.1f}%"' if bar else ""
    start, end = ('th scope="row"', "th") if is_first else ("td", "td")
    return f"<{start}{_class(*names)}{key}{style}>{_content(column, value, text)}</{end}>"


def _content(column: Column, value: Value, text: str) -> str:
    if column.kind == "near":
        near = (
            f"<li{_class('kin' * each.is_kin)}><bdi>{escape(each.name)}</bdi> <small>{escape(each.number)}</small></li>"
            for each in value.value
        )
        return f'<ol class="near">{"".join(near)}</ol>'
    said = escape(text)
    said = f"<bdi>{said}</bdi>" if column.kind == "name" else said
    said = f"<strong>{said}</strong>" if value.is_best else said
    said = f'<a href="#{escape(value.link)}">{said}</a>' if value.link else said
    beside = f" <small>{escape(value.beside)}</small>" if value.beside else ""
    return said + beside + (f"<br><small>{escape(value.below)}</small>" if value.below else "")


def _widest(table: Table) -> float:
    points = [at for at, column in enumerate(table.columns) if column.kind == "points"]
    values = (Column.valued(row[at]).value for row in table.rows for at in points)
    return max((abs(value) for value in values if not is_absent(value)), default=0.0)


def _class(*names: str) -> str:
    said = " ".join(filter(None, names))
    return f' class="{said}"' if said else ""
