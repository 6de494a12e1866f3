"""The verbs of a run: each stage of a recipe, alone or all together."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.cli.application import Offline
from langsamp.cli.output import complain, end_if_failed, print_line, print_scores

if TYPE_CHECKING:
    from langsamp.recipe import Recipe

RecipeFile = Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML file of the run.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Put over the recipe, e.g. training.steps=100.")
]
ExecutorName = Annotated[
    str,
    typer.Option("--executor", metavar="WHERE", help="Where tasks run: local, dask://HOST:PORT, slurm:JOBS."),
]

_DECONTAMINATE = "corpus.decontaminate=true"


def run(
    recipe: RecipeFile,
    settings: Settings = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    executor: ExecutorName = "local",
    offline: Offline = False,
) -> None:
    """Do all of a recipe, from text to report.

    What is there already is not made again; an interrupted run goes on where it was.
    """
    from langsamp import pipeline
    from langsamp.errors import UserError, first_of
    from langsamp.executors.opening import opened
    from langsamp.reporting.findings.against_start import above_start, below_start
    from langsamp.reporting.findings.decided import decided_lines

    loaded = _recipe(recipe, settings, writes=not plan)
    if plan:
        from langsamp.plan import make_plan, print_plan

        made = make_plan(loaded)
        print_plan(made)
        try:
            if not made.is_estimate:
                pipeline.open_rows(loaded, writes=False)
        except UserError as error:  # a plan may ask what other settings would cost
            print_line(f"warning: {error}")
        return
    with opened(executor) as workers:
        report, evaluation = pipeline.run(loaded, executor=workers)
    print_scores(evaluation)
    trained = [f"{variant}-{seed}" for variant, seed in pipeline.chosen_trainings(loaded, (), ())]
    if others := [model.name for model in report.inputs.models if model.name not in trained]:
        complain(f"note: the page and the lines below are also of what lies there beside: {first_of(others, 8)}")
    for each in report.lost:
        complain(f"note: {each}")
    for line in (*above_start(report.outcomes), *decided_lines(report.findings)):
        print_line(line)
    print_line(f"Report: {report.inputs.default_out.resolve()}")
    try:
        end_if_failed(evaluation)
    finally:  # the last lines, so that nobody misses them
        if failed := [*(f"NOTHING LEARNED: {each}" for each in report.unlearned), *below_start(report.outcomes)]:
            complain(*failed)


def prepare(
    recipe: RecipeFile,
    settings: Settings = None,
    decontaminate: Annotated[
        bool, typer.Option("--decontaminate", help="Drop documents that hold a test sentence of the evaluation.")
    ] = False,
    executor: ExecutorName = "local",
    offline: Offline = False,
) -> None:
    """Clean text, make the tokenizer, pack rows.

    What is wrong with the text is said.
    """
    from langsamp import pipeline
    from langsamp.executors.opening import opened
    from langsamp.world import World

    loaded = _recipe(recipe, [*(settings or ()), *([_DECONTAMINATE] if decontaminate else [])])
    if not (world := World.from_environment()).is_leader:
        if world.rank == 1:
            complain(f"rows are prepared by the first of the {world.size} processes; the others end here")
        return
    with opened(executor) as workers:
        rows = pipeline.prepare(loaded, executor=workers)
    print_line(f"{sum(rows.sizes):,} rows of {rows.row_tokens} tokens, {len(rows.tags)} tags: {rows.folder}")
    if decontaminate:
        complain(f"note: other commands on this run need it in the recipe, or --set {_DECONTAMINATE}")


def train(
    recipe: RecipeFile,
    settings: Settings = None,
    variant: Annotated[list[str] | None, typer.Option(help="Only this variant; may be repeated.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Only this seed; may be repeated.")] = None,
    offline: Offline = False,
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


def report(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Folders of runs or of evaluations; paper:baseline, paper:langsamp, ..."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write; default: report.html, in the folder if it is about one."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the report; default: what it is about.")] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Model that the others are compared with; default: a run's none, or the first.")
    ] = None,
    redact_text: Annotated[bool, typer.Option("--redact-text", help="Leave out every sentence of test sets.")] = False,
) -> None:
    """Write one offline HTML file about runs and models.

    Scores with intervals, every language, who got worse, seeds, what the vectors know, provenance.
    """
    from langsamp.disk.folders import check_file
    from langsamp.disk.layout import PAGE_MARK
    from langsamp.reporting.page import write_report

    if out is not None:
        check_file(out, mark=PAGE_MARK)
    path = write_report(*inputs, out=out, title=title, baseline=baseline, redact_text=redact_text)
    print_line(f"Report: {path.resolve()}")


def _recipe(path: Path, settings: Sequence[str] | None, *, writes: bool = True) -> "Recipe":
    """The recipe, with what lies at its address at hand where it has one."""
    from langsamp.recipe import load_recipe
    from langsamp.remote.session import opened
    from langsamp.world import World

    World.from_environment()  # what a launcher has set wrongly is said before anything is done
    recipe = load_recipe(path, tuple(settings or ()))
    if recipe.out is not None:
        opened(recipe.out, writes=writes, is_run=True)
    return recipe
