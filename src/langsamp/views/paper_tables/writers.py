"""A laid-out table as Markdown, LaTeX, CSV or HTML."""

import html
import io
from collections.abc import Callable, Sequence

from langsamp.views.paper_tables.blocks import Block, ColumnHead, PaperTable, TextCell

_ROWS_OF_A_PAGE = 55
_COLUMNS_OF_A_PAGE = 7
"""Wider tables are scaled to the width of the text."""
_LATEX = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "†": r"$^\dagger$", "–": "--", "|": r"\textbar{}",
    "<": r"\textless{}", ">": r"\textgreater{}",
})  # fmt: skip


def markdown(table: PaperTable) -> str:
    """GitHub's pipe tables: the best in bold, the second best in italics, two lines of headings joined by a colon."""
    parts = [f"**Table {table.number}.** {table.caption}"]
    for block in table.blocks:
        if block.title:
            parts.append(f"**{block.title}**")
        aligned = ["---" if index in block.labels else "---:" for index in range(block.width)]
        lines = [_joined_heads(block), aligned, *([_marked(cell, "**", "*") for cell in row] for row in block.rows)]
        parts.append("\n".join("| " + " | ".join(text.replace("|", r"\|") for text in line) + " |" for line in lines))
    parts += ["\n".join(f"- {note}" for note in table.notes)] if table.notes else []
    return "\n\n".join(parts) + "\n"


def latex(table: PaperTable) -> str:
    r"""A float with booktabs rules, or a longtable where it fills more than a page.

    Its first line is a comment that names the packages to load.
    """
    rows = sum(len(block.rows) for block in table.blocks)
    width = max(block.width for block in table.blocks)
    aligned = "".join("l" if index in table.blocks[0].labels else "r" for index in range(width))
    label = rf"\label{{tab:langsamp-{table.number}}}"
    caption = rf"\caption{{{_tex(table.caption)}}}{label}"
    notes = [rf"\par\footnotesize {_tex(note)}" for note in table.notes]
    body = _latex_body(table.blocks, width)
    if rows > _ROWS_OF_A_PAGE:
        end = body.index(r"\midrule") + 1
        lines = [
            r"% \usepackage{booktabs,longtable}", r"{\small", rf"\begin{{longtable}}{{{aligned}}}", caption + r" \\",
            r"\toprule", *body[:end], r"\endhead", r"\bottomrule", r"\endfoot", *body[end:], r"\end{longtable}", *notes,
            "}",
        ]  # fmt: skip
    else:
        before, after = (r"\resizebox{\textwidth}{!}{%", "}") if width > _COLUMNS_OF_A_PAGE else (r"\small", "")
        lines = [
            r"% \usepackage{booktabs,graphicx}", r"\begin{table*}[t]", r"\centering", before,
            rf"\begin{{tabular}}{{{aligned}}}", r"\toprule", *body, r"\bottomrule", r"\end{tabular}" + after, caption,
            *notes, r"\end{table*}",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def comma_separated(table: PaperTable) -> str:
    """The tidy numbers, unrounded; `table` names the paper's table."""
    text = io.StringIO()
    tidy = table.tidy.assign(table=table.number)
    tidy[["table", *table.tidy.columns]].to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def page(table: PaperTable) -> str:
    """A small page without scripts, the best in bold, the second best underlined."""
    title = f"Table {table.number}"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">',
        f"<title>{title}</title></head>\n<body>\n<p><strong>{title}.</strong> {html.escape(table.caption)}</p>",
    ]
    for block in table.blocks:
        caption = f"<caption>{html.escape(block.title)}</caption>" if block.title else ""
        heads = "\n".join(f"<tr>{''.join(_html_head(head) for head in line)}</tr>" for line in block.header)
        rows = "\n".join(
            f"<tr>{''.join(_html_cell(cell, label=index in block.labels) for index, cell in enumerate(row))}</tr>"
            for row in block.rows
        )
        parts.append(f"<table>{caption}\n<thead>\n{heads}\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>")
    if table.notes:
        parts.append("<ul>\n" + "\n".join(f"<li>{html.escape(note)}</li>" for note in table.notes) + "\n</ul>")
    return "\n".join([*parts, "</body>\n</html>\n"])


FORMATS: dict[str, Callable[[PaperTable], str]] = {
    "md": markdown,
    "latex": latex,
    "csv": comma_separated,
    "html": page,
}
"""The ways to write a table, by the name that the command line takes."""


def _joined_heads(block: Block) -> list[str]:
    """One line of headings: those above one another joined."""
    wide = [[head.text for head in line for _ in range(head.span)] for line in block.header]
    return [": ".join(text for text in texts if text) for texts in zip(*wide, strict=True)]


def _marked(cell: TextCell, best: str, second: str) -> str:
    mark = best if cell.best else second if cell.second else ""
    return f"{mark}{cell.text}{mark}"


def _latex_body(blocks: Sequence[Block], width: int) -> list[str]:
    """The lines between the rules; each block but the first begins with a rule."""
    lines: list[str] = []
    for block in blocks:
        if lines:
            lines.append(r"\midrule")
        if block.title:
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{\textbf{{{_tex(block.title)}}}}} \\")
        for line in block.header:
            lines.append(" & ".join(_latex_head(head) for head in line) + r" \\")
            lines += [rule] if (rule := _rules(line)) else []
        lines.append(r"\midrule")
        lines += [" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in block.rows]
    return lines


def _latex_head(head: ColumnHead) -> str:
    return _tex(head.text) if head.span == 1 else rf"\multicolumn{{{head.span}}}{{c}}{{{_tex(head.text)}}}"


def _rules(line: Sequence[ColumnHead]) -> str:
    """A short rule below each heading that spans several columns."""
    rules, column = [], 1
    for head in line:
        if head.span > 1:
            rules.append(rf"\cmidrule(lr){{{column}-{column + head.span - 1}}}")
        column += head.span
    return "".join(rules)


def _latex_cell(cell: TextCell) -> str:
    text = _tex(cell.text)
    return rf"\textbf{{{text}}}" if cell.best else rf"\underline{{{text}}}" if cell.second else text


def _tex(text: str) -> str:
    return text.translate(_LATEX)


def _html_head(head: ColumnHead) -> str:
    span = f' colspan="{head.span}"' if head.span > 1 else ""
    return f"<th{span}>{html.escape(head.text)}</th>"


def _html_cell(cell: TextCell, *, label: bool) -> str:
    text = html.escape(cell.text)
    if cell.best or cell.second:
        mark = "strong" if cell.best else "u"
        text = f"<{mark}>{text}</{mark}>"
    return f'<th scope="row">{text}</th>' if label else f"<td>{text}</td>"
