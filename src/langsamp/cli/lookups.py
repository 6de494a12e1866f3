"""The verbs that look things up: languages, this machine, its speed."""

from pathlib import Path
from typing import Annotated

import typer

from langsamp.cli.output import Json, print_json, print_line, print_table


def languages(
    query: Annotated[str | None, typer.Argument(help="Name, code (also like pt-BR), script or family.")] = None,
    select: Annotated[str | None, typer.Option(help="Selector, e.g. tail+family:atla1278,!lin_Latn.")] = None,
    json: Json = False,
) -> None:
    """Find languages by name, code, script or family."""
    from langsamp.errors import UserError
    from langsamp.languages.search import hint, search
    from langsamp.languages.select import select as selected
    from langsamp.languages.table import describe, tags
    from langsamp.views.language_rows import language_rows

    if (query is None) == (select is None):
        raise UserError("give a query (`langsamp languages swahili`) or a selector (`--select tail+script:Deva`)")
    infos = search(query) if query is not None else [describe(tag) for tag in selected(select or "", tags())]
    if not infos:
        raise UserError(f"no language matches {query!r}; {hint(query or '')}")
    rows = language_rows(infos)
    print_table(f"{len(rows)} tags", rows, as_json=json)


def tasks(
    name: Annotated[str | None, typer.Argument(help="Task, or YAML file of one; default: list all.")] = None,
    data: Annotated[str | None, typer.Option(help="Folder with the task's files, or `hub`.")] = None,
    samples: Annotated[int, typer.Option(min=0, help="Show so many items of the data, of --language.")] = 0,
    language: Annotated[str, typer.Option("--language", "-l", help="Whose items to show.")] = "eng_Latn",
    json: Json = False,
) -> None:
    """Say what the tasks measure, and where their data come from."""
    from langsamp.errors import UserError
    from langsamp.evaluation.tasks.lookup import task
    from langsamp.evaluation.tasks.registry import TASKS
    from langsamp.evaluation.tasks.task_help import describe_task, sample_items

    if samples and (name is None or json):
        raise UserError("--samples shows items of one task in a table: give its name, and no --json")
    if name is None:
        rows = [
            {"task": each.name, "kind": each.kind, "metric": each.metric, "languages": each.languages}
            for each in TASKS.values()
        ]
        print_table("Tasks; `langsamp tasks NAME` tells more", rows, as_json=json)
        return
    each = task(name)
    if json:
        print_json(describe_task(each))
        return
    for title, lines in describe_task(each).items():
        print_line(f"{title}:")
        for line in lines:
            print_line(f"  {line}")
    if samples:
        print_table(f"Items of {language}", sample_items(each, data, language, number=samples))


def doctor(json: Json = False) -> None:
    """Check this machine: what is missing, how to get it."""
    from langsamp.doctor import examine

    findings = examine()
    rows = [
        {"": finding.state, "what": finding.name, "found": finding.observed, "to do": finding.mend}
        for finding in findings
    ]
    print_table("This machine", rows, as_json=json)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="E.g. step, loss, evaluate, gpu; default: all for a CPU.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure less: smaller sizes, fewer rounds.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the figures as JSON.")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Kills that faults does; half as many changed bytes.")
    ] = None,
) -> None:
    """Measure speed and memory, as ratios in one run; `faults`: what a run stands."""
    from langsamp.bench.run import run_benchmarks

    run_benchmarks(names or (), quick=quick, out=out, count=count)
