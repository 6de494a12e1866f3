"""The command `langsamp`: each verb checks its words, calls one function of the package, and prints what came.

Results go to stdout, progress to stderr. Exit codes: 0 done, 1 an error the message explains, 2 wrong words, 3 some
languages or tasks failed, 4 data missing, 6 a damaged file, 7 loss not finite, 75 stopped and saved, 130 interrupted.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from langsamp.evaluation.run import Evaluation
    from langsamp.recipe import Recipe

_INTERRUPTED = 130

app = typer.Typer(
    name="langsamp", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)

RecipeFile = Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML file of the run.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Put over the recipe, e.g. training.steps=100.")
]
Device = Annotated[
    str | None, typer.Option(help="Device to encode on, e.g. cpu or cuda:1; default: the best there is.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def run(
    recipe: RecipeFile,
    settings: Settings = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Do all of a recipe, from text to report.

    What is there already is not made again; an interrupted run goes on where it was.
    """
    from langsamp import pipeline

    loaded = _recipe(recipe, settings)
    if plan:
        from langsamp.plan import make_plan, print_plan

        print_plan(make_plan(loaded))
        return
    report, evaluation = pipeline.run(loaded)
    _print_scores(evaluation)
    print_line(f"Report: {report.resolve()}")
    _end_if_failed(evaluation)


@app.command()
def prepare(recipe: RecipeFile, settings: Settings = None) -> None:
    """Clean text, make the tokenizer, pack rows."""
    from langsamp import pipeline

    rows = pipeline.prepare(_recipe(recipe, settings))
    print_line(f"{sum(rows.sizes):,} rows of {rows.row_tokens} tokens, {len(rows.tags)} tags: {rows.folder}")


@app.command()
def train(
    recipe: RecipeFile,
    settings: Settings = None,
    variant: Annotated[list[str] | None, typer.Option(help="Only this variant; may be repeated.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Only this seed; may be repeated.")] = None,
) -> None:
    """Train models on prepared rows and export them.

    Also under `torchrun -m langsamp train`.
    """
    from langsamp import pipeline
    from langsamp.world import World

    loaded = _recipe(recipe, settings)
    chosen = pipeline.chosen_trainings(loaded, variant or (), seed or ())
    rows = pipeline.open_rows(loaded)
    for each in chosen:
        export_folder = pipeline.train_one(loaded, rows, *each)
        if World.from_environment().is_leader:
            print_line(export_folder)


@app.command()
def export(
    model: Annotated[Path, typer.Argument(help="A training's folder or one of its checkpoints.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
) -> None:
    """Write a trained model as a plain Hugging Face folder."""
    from langsamp import pipeline
    from langsamp.errors import UserError

    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UserError(f"{out} is {'a file' if out.is_file() else 'not empty'}; name a new folder")
    print_line(pipeline.export(model, out))


@app.command()
def evaluate(
    models: Annotated[list[str], typer.Argument(help="Hugging Face names or folders of encoders.")],
    task: Annotated[list[str] | None, typer.Option("--task", "-t", help="Task; may be repeated.")] = None,
    languages: Annotated[str, typer.Option("--languages", "-l", help="Selector of target languages.")] = "all",
    data: Annotated[Path | None, typer.Option(help="Folder with the tasks' files.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of scores.")] = Path("runs/evaluation"),
    layer: Annotated[int | None, typer.Option(help="Hidden state to pool; default: two thirds of the depth.")] = None,
    precision: Annotated[str, typer.Option(help="fp32 or bf16.")] = "fp32",
    device: Device = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Score again what is scored.")] = False,
) -> None:
    """Score encoders, ours or not, on crosslingual tasks."""
    from pydantic import ValidationError

    from langsamp.errors import UserError, wrong_settings
    from langsamp.evaluation import run as evaluation
    from langsamp.evaluation.config import EvaluationConfig
    from langsamp.evaluation.plan import plan as planned

    try:
        config = EvaluationConfig.model_validate(
            {"tasks": task or ["sr-cldr"], "data": data, "languages": languages, "layer": layer, "precision": precision}
        )
    except ValidationError as error:
        raise UserError("\n".join(wrong_settings(error, EvaluationConfig))) from None
    if plan:
        _print_table("Plan", [cell.row for cell in planned(models, config, out, force=force)])
        return
    result = evaluation.evaluate(models, config, out, force=force, device=device)
    _print_scores(result)
    print_line(f"Scores: {out / 'scores.parquet'}")
    _end_if_failed(result)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: report.html there.")] = None,
) -> None:
    """Write a run's report, one offline HTML file."""
    from langsamp.report.page import write_report

    print_line(f"Report: {write_report(folder, out).resolve()}")


@app.command()
def languages(
    query: Annotated[str | None, typer.Argument(help="Name, code, script or family.")] = None,
    select: Annotated[str | None, typer.Option(help="Selector, e.g. tail+family:atla1278,!lin_Latn.")] = None,
    json: Json = False,
) -> None:
    """Find languages by name, code, script or family."""
    from langsamp.errors import UserError
    from langsamp.languages.search import search
    from langsamp.languages.select import select as selected
    from langsamp.languages.table import describe, notes, tags

    if (query is None) == (select is None):
        raise UserError("give a query (`langsamp languages swahili`) or a selector (`--select tail+script:Deva`)")
    found = search(query) if query is not None else [describe(tag) for tag in selected(select or "", tags())]
    if not found:
        raise UserError(f"no language matches {query!r}; try a part of its name, a code, a script or a family")
    rows = [
        {
            "tag": str(info.tag),
            "name": info.name,
            "script": info.script_name,
            "family": info.family_name or "",
            "XLM-R": "head" if info.is_head else "tail",
            "notes": " ".join(notes(info.tag)),
        }
        for info in found
    ]
    _print_table(f"{len(rows)} tags", rows, as_json=json)


@app.command()
def doctor(json: Json = False) -> None:
    """Check this machine: what is missing, how to get it."""
    from langsamp.doctor import examine

    findings = examine()
    rows = [
        {"": finding.state, "what": finding.name, "found": finding.found, "to do": finding.mend} for finding in findings
    ]
    _print_table("This machine", rows, as_json=json)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="start, prepare, step, evaluate; default: all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure less: two minutes instead of ten.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the figures as JSON.")] = None,
) -> None:
    """Measure speed and memory, as ratios in one run."""
    from langsamp.bench.run import run_benchmarks

    run_benchmarks(names or (), quick=quick, out=out)


def print_line(line: object) -> None:
    """One line of result on stdout."""
    typer.echo(str(line))


def _recipe(path: Path, settings: Sequence[str] | None) -> "Recipe":
    from langsamp.recipe import load_recipe

    return load_recipe(path, tuple(settings or ()))


def _print_scores(evaluation: "Evaluation") -> None:
    from langsamp.evaluation.groups import group_means
    from langsamp.evaluation.tasks import TASKS

    if evaluation.scores.empty:
        return
    means = group_means(evaluation.scores)
    main = means[means["metric"].isin({task.metric for task in TASKS.values()})]
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for entry in main.to_dict("records"):
        row = rows.setdefault(
            (entry["task"], entry["model_name"]), {"task": entry["task"], "model": entry["model_name"]}
        )
        row[f"{entry['group']} ({entry['languages']})"] = f"{entry['mean_over_languages']:.1f}"
    for title in dict.fromkeys(main["task"]):
        _print_table(
            f"{title}, per cent, mean over (n) languages", [row for row in rows.values() if row["task"] == title]
        )


def _print_table(title: str, rows: Sequence[Mapping[str, object]], *, as_json: bool = False) -> None:
    if as_json:
        import json

        print_line(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = [name for name in (rows[0] if rows else ()) if any(str(row[name] or "") for row in rows)]
    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    for name in columns:
        number = all(_is_number(row[name]) for row in rows)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(row[name]) if row[name] is not None else "") for name in columns))
    Console().print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or str(value).replace(".", "", 1).replace(",", "").isdigit()


def _end_if_failed(evaluation: "Evaluation") -> None:
    if evaluation.failures:
        _complain(f"{len(evaluation.failures)} parts of the evaluation failed, as said above")
        raise typer.Exit(3)


def _complain(*lines: object) -> None:
    typer.echo("\n".join(map(str, lines)), err=True)


def _stop(*_: object) -> NoReturn:
    """End as after Ctrl-C: what is half-written goes, what is finished stays."""
    from langsamp.errors import StoppedError

    raise StoppedError("stopped; run the same command again to go on")


def main() -> None:
    """Run the command line; a user's mistake ends in one message and an exit code, never in a traceback."""
    from langsamp.errors import StoppedError, UserError

    # Threads that wait must not spin: beside another busy process, spinning makes a step ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, _stop)
    try:
        app(prog_name="langsamp")
    except UserError as error:
        _complain(f"langsamp: {error}")
        sys.exit(error.exit_code)
    except StoppedError as stop:
        _complain(f"langsamp: {stop}")
        sys.exit(stop.exit_code)
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # what typer makes of Ctrl-C
            _complain("\nlangsamp: interrupted; run the same command again to go on")
        raise
