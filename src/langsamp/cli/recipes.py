"""The verbs of recipes: a new one to start from, and what each key means."""

from pathlib import Path
from typing import Annotated

import typer

from langsamp.cli.output import Json, print_json, print_line, print_table


def new(
    file: Annotated[Path, typer.Argument(help="Recipe to write, e.g. mine.yaml.")],
    source: Annotated[
        str,
        typer.Option(
            "--from", help="quickstart (embedded text), text (yours), continue (an encoder), paper, lab, continued."
        ),
    ] = "text",
    encoder: Annotated[str | None, typer.Option(help="Folder or hub id to continue from; for `continue`.")] = None,
    text: Annotated[Path | None, typer.Option(help="Folder of <tag>.txt files; for `text` and `continue`.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of test sets; for `continue`.")] = None,
) -> None:
    """Write a commented recipe to start from; what is given is checked and filled in."""
    from langsamp.recipes.new import Given, new_recipe

    for sentence in new_recipe(file, source, Given(encoder=encoder, text=text, data=data)):
        print_line(f"  {sentence}")
    print_line(f"Recipe: {file}. Look through it, then `langsamp run {file} --plan` says what it would do")


def recipe(
    key: Annotated[str | None, typer.Argument(help="Key, section, or a part of one: training.steps, rows.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema, for editors.")] = False,
    json: Json = False,
) -> None:
    """Explain the keys of a recipe: type, default, meaning."""
    from langsamp import recipe_reference as reference
    from langsamp.errors import UserError

    if schema:
        if key is not None:
            raise UserError("--schema is of the whole recipe; leave the key out")
        print_json(reference.schema())
        return
    chosen = reference.keys() if key is None else reference.matching(key)
    if json:
        print_json([each._asdict() for each in chosen])
    elif key is None:
        rows = [{"key": each.path, "default": each.default, "type": each.type} for each in chosen]
        print_table("Keys of a recipe; `langsamp recipe KEY` says what one means", rows)
    else:
        for each in chosen:
            print_line(f"{each.path}  ({each.type}; {_default(each.default)})")
            print_line(f"  {each.meaning}")


def _default(text: str) -> str:
    return f"default {text}" if text else "must be given"
