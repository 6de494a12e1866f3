"""What the verbs print: results on stdout, everything else on stderr."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.cli.console import has_all_letters

if TYPE_CHECKING:
    from langsamp.evaluation.run import Evaluation

_NAME, _LONGEST_NAME = 12, 24
"""Width of a line of a row's name in a table that is wider than the terminal, and of a name that is kept so."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_line(line: object) -> None:
    """One line of result on stdout."""
    typer.echo(str(line), file=sys.stdout)  # said, since click writes UTF-8 to a stream that is ASCII


def print_json(content: object) -> None:
    """JSON on stdout; letters that it lacks are written as JSON's escapes, so nothing is lost."""
    import json

    print_line(json.dumps(content, ensure_ascii=not has_all_letters(sys.stdout), indent=1, default=str))


def print_scores(evaluation: "Evaluation", *, as_json: bool = False) -> None:
    """The mean of each model over the groups of languages, a table for each task."""
    from langsamp.reporting.score_lines import score_tables
    from langsamp.scores.groups import group_means

    scores = evaluation.scores
    if as_json:
        means = group_means(scores[scores["main"].astype(bool)])
        print_table("", [{str(key): entry[key] for key in entry} for entry in means.to_dict("records")], as_json=True)
        return
    for title, rows in score_tables(scores).items():
        print_table(title, rows)


def print_table(title: str, rows: Sequence[Mapping[str, object]], *, as_json: bool = False) -> None:
    """Rows as a table that fits the terminal, without the columns that are empty; or as JSON."""
    if as_json:
        print_json(rows)
        return
    from textwrap import fill

    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    columns = [name for name in (rows[0] if rows else ()) if any(str(row[name] or "") for row in rows)]
    cells = {name: [str(row[name]) if row[name] is not None else "" for row in rows] for name in columns}
    is_wide = sum(max(map(cell_len, (name, *texts))) + 2 for name, texts in cells.items()) > console.width
    between = (0, 1, 0, 0) if is_wide else (0, 1)
    table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=between)
    for name in columns:
        number = all(_is_number(row[name]) for row in rows)
        names_rows = is_wide and name == columns[0] and max(map(cell_len, cells[name])) <= _LONGEST_NAME
        if names_rows:  # in lines of whole words: the other columns have to be narrower
            cells[name] = [fill(cell, _NAME, break_long_words=False, break_on_hyphens=True) for cell in cells[name]]
        table.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=names_rows)
    for row in zip(*cells.values(), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or str(value).replace(".", "", 1).replace(",", "").isdigit()


def end_if_failed(evaluation: "Evaluation") -> None:
    """End with exit code 3 where languages, tasks or analyses failed."""
    if evaluation.failures:
        complain(f"{len(evaluation.failures)} parts of the evaluation failed, as said above")
    if evaluation.unmade:
        complain(f"{len(evaluation.unmade)} analyses could not be made, as said above")
    if evaluation.failures or evaluation.unmade:
        raise typer.Exit(3)


def end_if_unusable(models: Mapping[str, str]) -> None:
    """End with exit code 3 where models cannot be used; `models` says why, by name."""
    if models:
        complain(*(f"FAILED {name}: {reason}" for name, reason in models.items()))
        raise typer.Exit(3)


def complain(*lines: object) -> None:
    """Lines on stderr."""
    typer.echo("\n".join(map(str, lines)), file=sys.stderr)


def check_new_folder(out: Path) -> None:
    """Refuse to write where something is, and where nothing can be written."""
    from langsamp.disk.folders import check_folder
    from langsamp.errors import UserError

    check_folder(out)
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UserError(f"{out} is {'a file' if out.is_file() else 'not empty'}; name a new folder")
