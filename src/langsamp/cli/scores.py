"""The verbs of scores: make them, compare them, lay them out as the paper does, say what they measure."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langsamp.cli.output import Json, end_if_failed, print_line, print_scores, print_table

if TYPE_CHECKING:
    from langsamp.evaluation.config import EvaluationConfig
    from langsamp.evaluation.plan import PlannedCell

Shard = Annotated[
    str, typer.Option(metavar="I/N", help="Only part I of N of the cells, for several processes or machines.")
]


def evaluate(
    models: Annotated[list[str], typer.Argument(help="Hugging Face names or folders of encoders.")],
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", help="Task or YAML file of one; commas or repeated.")
    ] = None,
    languages: Annotated[
        str, typer.Option("--languages", "--langs", "-l", help="Selector of target languages.")
    ] = "all",
    data: Annotated[str | None, typer.Option(help="Folder with the tasks' files, or `hub`.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of scores.")] = Path("runs/evaluation"),
    protocol: Annotated[str, typer.Option(help="fixed, or paper with the original's defects.")] = "fixed",
    source: Annotated[
        list[str] | None, typer.Option(help="Tag to fine-tune on; commas or repeated. Default: eng_Latn.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="How many seeds of fine-tuning, or which: 0,3,7.")] = "5",
    layer: Annotated[int | None, typer.Option(help="Hidden state to pool; default: two thirds of the depth.")] = None,
    precision: Annotated[str, typer.Option(help="fp32 or bf16.")] = "fp32",
    selection: Annotated[str, typer.Option(help="How the models were chosen: none, dev or test.")] = "none",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="E.g. fine_tuning.ner.epochs=3.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="E.g. cpu or cuda:1; default: the best there is.")] = None,
    shard: Shard = "1/1",
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Score again what is scored.")] = False,
    json: Json = False,
) -> None:
    """Score encoders, ours or not, on crosslingual tasks.

    What is scored already is not scored again; an interrupted evaluation goes on where it was.
    """
    from langsamp.evaluation import run as evaluation
    from langsamp.evaluation.plan import plan as planned

    config = _config(
        {
            "tasks": _listed(task) or ["sr-cldr"], "data": data, "languages": languages, "protocol": protocol,
            "sources": _listed(source) or ["eng_Latn"], "seeds": _seeds(seeds), "layer": layer, "precision": precision,
            "selection": selection,
        },
        settings or (),
    )  # fmt: skip
    part = _shard(shard)
    if plan:
        _print_plan(planned(models, config, out, force=force, shard=part), as_json=json)
        return
    result = evaluation.evaluate(models, config, out, force=force, device=device, shard=part)
    print_scores(result, as_json=json)
    if not json:
        print_line(f"Scores: {out / 'scores.parquet'}")
    end_if_failed(result)


def _config(content: dict[str, Any], settings: Sequence[str]) -> "EvaluationConfig":
    from pydantic import ValidationError

    from langsamp.errors import UserError, wrong_settings
    from langsamp.evaluation.config import EvaluationConfig
    from langsamp.recipe import put_setting

    for setting in settings:
        put_setting(content, setting)
    try:
        return EvaluationConfig.model_validate(content)
    except ValidationError as error:
        raise UserError("\n".join(wrong_settings(error, EvaluationConfig))) from None


def _listed(words: Iterable[str] | None) -> list[str]:
    """What was given with commas, with spaces, or by repeating the option."""
    return [part for word in words or () for part in word.replace(",", " ").split()]


def _seeds(words: str) -> list[int]:
    from langsamp.errors import UserError

    parts = _listed([words])
    if not parts or not all(part.isdecimal() for part in parts):
        raise UserError(f"--seeds takes how many (5 = 0,1,2,3,4) or which (0,3,7), got {words!r}")
    return [int(part) for part in parts] if "," in words else list(range(int(parts[0])))


def _shard(words: str) -> tuple[int, int]:
    from langsamp.errors import UserError

    part, slash, parts = words.partition("/")
    if not slash or not part.isdecimal() or not parts.isdecimal() or not 1 <= int(part) <= int(parts):
        raise UserError(f"--shard takes I/N, e.g. 2/8 for the second of eight parts; got {words!r}")
    return int(part), int(parts)


def _print_plan(cells: "Sequence[PlannedCell]", *, as_json: bool) -> None:
    """Every cell as JSON; for the terminal those of one model, task and source in one line."""
    if as_json:
        print_table("", [cell.row for cell in cells], as_json=True)
        return
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for cell in cells:
        key = (cell.model.name, cell.task.name, cell.wanted.source)
        row = rows.setdefault(
            key,
            {"model": key[0], "task": key[1], "source": key[2], "cells": 0, "done": 0, "missing": 0, "failed": 0}
            | {"elsewhere": 0, "languages": cell.row["languages"], "unreadable": cell.row["failed"]},
        )
        row["cells"] += 1
        row["failed" if cell.state == "impossible" else cell.state] += 1
    if not any(row["elsewhere"] for row in rows.values()):
        rows = {key: {name: value for name, value in row.items() if name != "elsewhere"} for key, row in rows.items()}
    print_table(f"Plan, protocol {cells[0].wanted.protocol}: cells and languages", list(rows.values()))
    for cell in cells:
        for tag, reason in [*cell.failures.items(), ("", cell.problem or cell.failed_before)]:
            if reason and (tag == "" or cell.wanted.seed == cells[0].wanted.seed):
                print_line(f"{cell.model.name}, {cell.task.name}{', ' + tag if tag else ''}: {reason}")


def compare() -> None:
    """Until it is there."""


def table() -> None:
    """Until it is there."""


def tasks() -> None:
    """Until it is there."""
