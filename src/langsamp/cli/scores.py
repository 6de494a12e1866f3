"""The verbs of scores: make them, compare them, lay them out as the paper does, say what they measure."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langsamp.cli.application import Offline
from langsamp.cli.output import (
    Json,
    end_if_failed,
    end_if_unusable,
    print_document,
    print_json,
    print_line,
    print_scores,
    print_table,
)

if TYPE_CHECKING:
    from langsamp.evaluation.config import EvaluationConfig
    from langsamp.evaluation.plan import PlannedCell

_MOST_SEEDS = 1_000
"""A larger number is more likely the name of a seed."""

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
    executor: Annotated[
        str,
        typer.Option(
            "--executor",
            metavar="WHERE",
            help="Where cells are scored: local, dask://HOST:PORT, slurm:JOBS.",
        ),
    ] = "local",
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Score again what is scored.")] = False,
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Score encoders, ours or not, on crosslingual tasks.

    What is scored already is not scored again; an interrupted evaluation goes on where it was.
    """
    from langsamp.disk.folders import check_folder
    from langsamp.evaluation import run as evaluation
    from langsamp.evaluation.plan import plan as planned
    from langsamp.evaluation.plan import usable_models
    from langsamp.executors.opening import opened

    check_folder(out / "cells")
    config = evaluation_config(
        {
            "tasks": listed(task) or ["sr-cldr"], "data": data, "languages": languages, "protocol": protocol,
            "sources": listed(source) or ["eng_Latn"], "seeds": parse_seeds(seeds), "layer": layer,
            "precision": precision, "selection": selection,
        },
        settings or (),
    )  # fmt: skip
    part = _shard(shard)
    if plan:
        usable, unusable = usable_models(models, config)
        print_plan(planned(usable, config, out, force=force, shard=part), as_json=json)
        end_if_unusable(unusable)
        return
    with opened(executor) as workers:
        result = evaluation.evaluate(models, config, out, force=force, device=device, shard=part, executor=workers)
    print_scores(result, as_json=json)
    if not json and not result.scores.empty:
        print_line(f"Scores: {out / 'scores.parquet'}")
    end_if_failed(result)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="RUN, RUN:MODEL, or paper:baseline, paper:langsamp.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; differences are B - A.")],
    by: Annotated[
        list[str] | None, typer.Option(help="Grouping: paper, family, area, script; repeated. Default: paper.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="TASK=NAME", help="Another metric than a task's main one.")
    ] = None,
    fail_if: Annotated[
        list[str] | None, typer.Option(metavar="CONDITION", help="End with 5 where it holds, e.g. 'sr-bible<-0.5'.")
    ] = None,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Compare what was scored in different ways.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every language, every dropped one.")] = False,
    json: Json = False,
) -> None:
    """Compare two models, with intervals, tests and counts.

    Over the languages that both have.

    RUN is the folder of a run or of an evaluation. Where it holds several models, RUN:MODEL names one; RUN:both means
    all trainings of a variant.
    """
    from langsamp.errors import GateFailedError
    from langsamp.scores.comparison import compare as compared
    from langsamp.scores.fail_if import check_fail_if, parse_fail_if
    from langsamp.scores.systems import open_pair
    from langsamp.views.comparison_json import as_json
    from langsamp.views.comparison_text import comparison_document

    gates = parse_fail_if(fail_if or ())
    comparison = compared(
        *open_pair(a, b),
        by=listed(by) or ["paper"],
        metrics=_pairs(metric or ()),
        allow_mixed=allow_mixed,
    )
    failed = None
    try:
        check_fail_if(gates, comparison.gated)
    except GateFailedError as error:  # said below what it is about
        failed = error
    if json:
        print_json(as_json(comparison))
    else:
        print_document(comparison_document(comparison, verbose=verbose))
    if failed is not None:
        raise failed


def table(
    paper: Annotated[int, typer.Option(help="Which of the paper's tables, 1 to 19, as a layout.")],
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="RUN...", help="Runs, evaluations, or paper:... names.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="md, latex, csv or html.")] = "md",
    task: Annotated[list[str] | None, typer.Option("--task", "-t", help="Only these; commas or repeated.")] = None,
    source: Annotated[str, typer.Option(help="Scores of models fine-tuned on this tag.")] = "eng_Latn",
    donors: Annotated[
        Path | None, typer.Option(help="JSON file, a donor tag by target tag, for tables 3, 4 and 15 to 19.")
    ] = None,
    printed: Annotated[bool, typer.Option("--printed", help="Add what the paper prints.")] = False,
    spread: Annotated[
        str, typer.Option(help="Deviation in table 1: sd_over_seeds or mean_sd_of_languages.")
    ] = "sd_over_seeds",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: print.")] = None,
) -> None:
    """Lay scores out as one of the paper's tables."""
    from langsamp.disk.files import write_text
    from langsamp.disk.folders import check_file
    from langsamp.errors import UserError, did_you_mean
    from langsamp.scores.reading import read_runs
    from langsamp.views.paper_tables.donor_pairs import read_donors
    from langsamp.views.paper_tables.make import paper_table
    from langsamp.views.paper_tables.writers import FORMATS

    if out is not None:
        check_file(out)
    if form not in FORMATS:
        raise UserError(f"no format {form!r}.{did_you_mean(form, FORMATS)} Formats: {', '.join(FORMATS)}")
    laid_out = paper_table(
        paper,
        read_runs(runs or ()),
        printed=printed,
        tasks=listed(task) or None,
        source=source,
        donors=read_donors(donors) if donors is not None else None,
        spread=spread,
    )
    text = FORMATS[form](laid_out)
    if out is None:
        print_line(text.rstrip())
    else:
        write_text(out, text)
        print_line(f"Table {paper}: {out}")


def evaluation_config(content: dict[str, Any], settings: Sequence[str]) -> "EvaluationConfig":
    """The settings of an evaluation, with those given as KEY=VALUE put over `content`."""
    from langsamp.errors import checked
    from langsamp.evaluation.config import EvaluationConfig
    from langsamp.recipe import put_setting

    for setting in settings:
        put_setting(content, setting)
    return checked(EvaluationConfig, content)


def listed(words: Iterable[str] | None) -> list[str]:
    """What was given with commas, with spaces, or by repeating the option; nothing where it was not given.

    Raises:
        UserError: where something was given that holds no word: the default would stand for it in silence.
    """
    kept = []
    for word in words or ():
        parts = word.replace(",", " ").split()
        if not parts:
            from langsamp.errors import UserError

            raise UserError(f"an option takes names, got {word!r}: name what is meant, or leave the option out")
        kept += parts
    return kept


def _pairs(words: Iterable[str]) -> dict[str, str]:
    """What was given as KEY=VALUE, several joined by commas or by repeating the option."""
    from langsamp.errors import UserError

    parts = [part.partition("=") for part in listed(words)]
    if wrong := [key for key, equals, value in parts if not (key and equals and value)]:
        raise UserError(f"expected KEY=VALUE, got {wrong[0]!r}")
    return {key: value for key, _, value in parts}


def parse_seeds(words: str) -> list[int]:
    """`5` is how many, `0,3,7` which."""
    from langsamp.errors import UserError

    parts = words.replace(",", " ").split()
    if not parts or not all(part.isdecimal() for part in parts):
        raise UserError(f"--seeds takes how many (5 = 0,1,2,3,4) or which (0,3,7), got {words!r}")
    if "," in words or len(parts) > 1:
        return [int(part) for part in parts]
    if (number := int(parts[0])) > _MOST_SEEDS:
        raise UserError(
            f"--seeds {words}: {_MOST_SEEDS:,} seeds at most; to name one seed, write it with a comma: {words},"
        )
    return list(range(number))


def _shard(words: str) -> tuple[int, int]:
    from langsamp.errors import UserError

    part, slash, parts = words.partition("/")
    if not slash or not part.isdecimal() or not parts.isdecimal() or not 1 <= int(part) <= int(parts):
        raise UserError(f"--shard takes I/N, e.g. 2/8 for the second of eight parts; got {words!r}")
    return int(part), int(parts)


def print_plan(cells: "Sequence[PlannedCell]", *, as_json: bool) -> None:
    """Every cell as JSON; for the terminal those of one model, task and source in one line."""
    if as_json:
        print_table("", [cell.row._asdict() for cell in cells], as_json=True)
        return
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for cell in cells:
        key = (cell.model.name, cell.task.name, cell.wanted.source)
        row = rows.setdefault(
            key,
            {"model": key[0], "task": key[1], "source": key[2], "cells": 0, "done": 0, "missing": 0, "failed": 0}
            | {"elsewhere": 0, "languages": cell.row.languages, "unreadable": cell.row.failed},
        )
        row["cells"] += 1
        row["failed" if cell.state == "impossible" else cell.state] += 1
    if not any(row["elsewhere"] for row in rows.values()):
        rows = {key: {name: value for name, value in row.items() if name != "elsewhere"} for key, row in rows.items()}
    print_table(f"Plan, protocol {cells[0].wanted.protocol}: cells and languages", list(rows.values()))
    said: dict[str, None] = {}  # what is wrong with a text is so with each seed
    for cell in cells:
        for tag, reason in [*cell.failures.items(), ("", cell.problem or cell.failed_before)]:
            if reason:
                said[f"{cell.model.name}, {cell.task.name}{', ' + tag if tag else ''}: {reason}"] = None
    for line in [*said, *dict.fromkeys(f"note: {note}" for cell in cells for note in cell.left_out)]:
        print_line(line)
