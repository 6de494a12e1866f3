"""Tables as a terminal shows them."""

from textwrap import fill

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from langsamp.render.document import Table

_NAME, _LONGEST_NAME = 12, 24
"""Width of a line of a row's name in a table that is wider than the terminal, and of a name that is kept so."""


def show_table(table: Table, *, titled: bool = True) -> None:
    """A table that fits the terminal, without the columns that are empty."""
    console, cells = Console(), table.written
    is_wide = sum(max(map(cell_len, (name, *texts))) + 2 for name, texts in cells.items()) > console.width
    between = (0, 1, 0, 0) if is_wide else (0, 1)
    drawn = RichTable(
        title=table.title if titled else None, title_justify="left", header_style="bold", box=None, padding=between
    )
    for at, (name, texts) in enumerate(cells.items()):
        names_rows = is_wide and at == 0 and max(map(cell_len, texts)) <= _LONGEST_NAME
        if names_rows:  # in lines of whole words: the other columns have to be narrower
            cells[name] = [fill(text, _NAME, break_long_words=False, break_on_hyphens=True) for text in texts]
        is_numbers = all(map(_is_number, texts))
        drawn.add_column(name, justify="right" if is_numbers else "left", overflow="fold", no_wrap=names_rows)
    for row in zip(*cells.values(), strict=True):
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def _is_number(text: str) -> bool:
    return text.lstrip("+-−").replace(".", "", 1).replace(",", "").isdigit()
