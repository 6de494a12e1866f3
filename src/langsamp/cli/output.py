"""What the verbs print: results on stdout, everything else on stderr."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.addresses import with_addresses
from langsamp.cli.console import has_all_letters

if TYPE_CHECKING:
    from langsamp.evaluation.run import Evaluation
    from langsamp.render.document import Document

_WIDTH = 100
"""Columns where there is no terminal."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_line(line: object) -> None:
    """One line of result on stdout."""
    typer.echo(with_addresses(str(line)), file=sys.stdout)  # said, since click writes UTF-8 to a stream that is ASCII


def print_json(content: object) -> None:
    """JSON on stdout; letters that it lacks are written as JSON's escapes, so nothing is lost."""
    import json

    print_line(json.dumps(content, ensure_ascii=not has_all_letters(sys.stdout), indent=1, default=str))


def print_scores(evaluation: "Evaluation", *, as_json: bool = False) -> None:
    """The mean of each model over the groups of languages, a table for each task."""
    from langsamp.views.score_lines import score_records, score_tables

    if as_json:
        print_table("", score_records(evaluation.scores), as_json=True)
        return
    for title, rows in score_tables(evaluation.scores).items():
        print_table(title, rows)


def print_table(title: str, rows: Sequence[Mapping[str, object]], *, as_json: bool = False) -> None:
    """Rows as a table that fits the terminal, without the columns that are empty; or as JSON."""
    if as_json:
        print_json(rows)
        return
    from langsamp.render.document import Table
    from langsamp.render.terminal import show_table

    show_table(Table.of(title, rows))


def print_document(document: "Document") -> None:
    """A document part by part: the title of a table on a line of its own, which no narrow table folds."""
    from langsamp.render.document import Caption, Note, Table
    from langsamp.render.terminal import show_table

    width = get_terminal_size((_WIDTH, 0)).columns
    for number, part in enumerate(document.plain):
        if isinstance(part, Table):
            print_line(f"\n{part.title}" if number else part.title)
            show_table(part, titled=False)
        elif isinstance(part, Caption):
            print_line(fill(part, width, break_long_words=False, break_on_hyphens=False))
        else:
            print_line(f"note: {part}" if isinstance(part, Note) else part)


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
    typer.echo(with_addresses("\n".join(map(str, lines))), file=sys.stderr)


def check_new_folder(out: Path) -> None:
    """Refuse to write where something is, or where nothing can be written."""
    from langsamp.disk import folders

    folders.check_new_folder(out)
