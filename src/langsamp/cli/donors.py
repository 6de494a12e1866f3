"""The verbs of source languages: which to transfer from, and what that choice is worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langsamp.cli.analyses import store
from langsamp.cli.output import Json, complain, print_document, print_json, print_line
from langsamp.cli.scores import evaluation_config, listed, parse_seeds, print_plan

if TYPE_CHECKING:
    from langsamp.analysis.donors.neighbour_votes import NeighbourConfig
    from langsamp.analysis.transfer.record import TransferAnalysis
    from langsamp.evaluation.config import EvaluationConfig

Candidates = Annotated[
    str, typer.Option(help="Languages to choose among: paper (its ten), all trained ones, or a selector.")
]


def donors(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="TARGET...", help="Languages to transfer to: names, tags, selectors.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Run, RUN:MODEL or export whose vectors rank.")
    ] = None,
    candidates: Candidates = "paper",
    k: Annotated[
        int | None, typer.Option("-k", min=1, help="How many donors of each target; default: 5, with --all 10.")
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", help="Tasks that need training data of a donor.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Folder with the tasks' files, or `hub`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every language of the model, stored as an analysis.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why, a sentence a donor.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to store the analysis in.")] = None,
    json: Json = False,
) -> None:
    """Rank languages to transfer from by their vectors, with doubts."""
    from langsamp.analysis.donors.analyse import analyse_donors
    from langsamp.analysis.donors.candidates import find_model_ref
    from langsamp.disk.files import write_json
    from langsamp.disk.folders import check_folder
    from langsamp.errors import UserError
    from langsamp.evaluation.tasks.task import TaskData
    from langsamp.views.charts.donor_charts import figures
    from langsamp.views.donors import donors_of_all, donors_of_each

    if out is not None:
        check_folder(out)
    if every == bool(targets):
        raise UserError("name the target languages (`langsamp donors Lingala lin_Latn`), or take --all of them")
    subject = find_model_ref(model)
    task_data = TaskData(data="hub" if data == "hub" else Path(data) if data else None)
    k = k or (10 if every else 5)
    analysis = analyse_donors(
        subject, targets or ["all"], candidates=candidates, k=k, tasks=listed(task), data=task_data
    )
    if json:
        print_json(analysis.as_json())
    else:
        print_document(donors_of_all(analysis) if every else donors_of_each(analysis, explain=explain))
    if every or out is not None:
        folder = out or subject.analysis_folder("donors")
        store(analysis, folder, figures)
        write_json(folder / "donors.json", dict(analysis.closest))
        if not json:
            print_line(f"Analysis: {folder}")


def transfer(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="RUN, RUN:MODEL, a model's folder, or paper:donors.")
    ],
    task: Annotated[
        list[str] | None, typer.Option("--task", "--tasks", "-t", help="Default: the run's tasks that fine-tune.")
    ] = None,
    candidates: Candidates = "paper",
    targets: Annotated[str | None, typer.Option(help="Selector of targets; default: the run's languages.")] = None,
    seeds: Annotated[str | None, typer.Option(help="How many seeds of fine-tuning, or which: 0,3,7.")] = None,
    data: Annotated[str | None, typer.Option(help="Folder with the tasks' files, or `hub`.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="E.g. fine_tuning.ner.epochs=3.")
    ] = None,
    neighbours: Annotated[
        str | None, typer.Option(help="Task whose sentences rank donors by nearest neighbours, too, e.g. sr-bible.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="E.g. cpu or cuda:1; default: the best there is.")] = None,
    read: Annotated[bool, typer.Option("--read", help="Take the scores that are there; run nothing.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be run, and do nothing.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to store the analysis in.")] = None,
    json: Json = False,
) -> None:
    """What transfer from donors gives, beside English and chance.

    Targets are scored from English, from their closest donor, from kin, from a random and from the best source.
    Only fine-tunings that are missing are run (--plan says which), and they are kept with the run's scores.
    """
    from langsamp.analysis.model_refs import find_model_refs
    from langsamp.analysis.transfer import from_scores as stored
    from langsamp.analysis.transfer import study
    from langsamp.disk.folders import check_folder
    from langsamp.errors import UserError
    from langsamp.scores.published import PREFIX

    if out is not None:
        check_folder(out)
    tasks = listed(task)
    if runs[0].startswith(PREFIX):
        if len(runs) > 1 or plan:
            raise UserError(f"{runs[0]} stands alone, and there is nothing to plan: its scores are published")
        _show_transfer(
            stored.published_study(runs[0], tasks), out or Path("analysis/paper-donors/transfer"), as_json=json
        )
        return
    subjects = find_model_refs(runs)
    name = ", ".join(dict.fromkeys(str(each.run or each.folder) for each in subjects))
    folder = out or (subjects[0].run or Path()) / "analysis" / "transfer"
    voters = _voters(neighbours, data, subjects[0].run)
    if read:
        analysis = stored.read_stored(
            subjects, subject=name, candidates=candidates, tasks=tasks, languages=targets or "all", neighbours=voters
        )
        _show_transfer(analysis, folder, as_json=json)
        return
    given = {"tasks": tasks, "languages": targets, "data": data, "seeds": None if seeds is None else parse_seeds(seeds)}
    parts = study.study_parts(subjects, _study_config(subjects[0].run, given, settings or ()), candidates=candidates)
    if plan:
        print_plan(study.plan_study(parts), as_json=json)
        return
    done = study.run_study(parts, subject=name, device=device, neighbours=voters)
    _show_transfer(done.analysis, folder, as_json=json)
    if done.failures:
        complain(f"{len(done.failures)} parts of the study failed, as said above")
        raise typer.Exit(3)


def _voters(task: str | None, data: str | None, run: Path | None) -> "NeighbourConfig | None":
    """Whose sentences vote for donors; their text lies where it is said, else where the run's evaluation has it."""
    from langsamp.analysis.donors.neighbour_votes import NeighbourConfig
    from langsamp.errors import checked
    from langsamp.recipe import load_recipe

    if task is None:
        return None
    of_run = None if data or run is None else load_recipe(run / "recipe.yaml").evaluation.data
    return checked(NeighbourConfig, {"task": task, "data": data or of_run})


def _study_config(run: Path | None, given: Mapping[str, Any], settings: Sequence[str]) -> "EvaluationConfig":
    """The evaluation of the run's recipe, if there is one, with what was given put over it."""
    from langsamp.errors import UserError
    from langsamp.evaluation.scoring import KINDS
    from langsamp.evaluation.tasks.lookup import task
    from langsamp.recipe import load_recipe

    content: dict[str, Any] = {"tasks": []}
    if run is not None:
        content = load_recipe(run / "recipe.yaml").resolved_evaluation.model_dump(mode="json")
    content |= {key: value for key, value in given.items() if value}
    content["tasks"] = [name for name in content["tasks"] if given["tasks"] or KINDS[task(name).kind].fine_tunes]
    if not content["tasks"]:
        raise UserError("name the tasks to fine-tune on, e.g. `-t sib200,ner --data eval`: the run itself has none")
    named = {name for each in map(task, content["tasks"]) for name in (each.name, each.kind)}
    tuned = content.get("fine_tuning", {})
    content["fine_tuning"] = {key: value for key, value in tuned.items() if key in named}
    return evaluation_config(content, settings)


def _show_transfer(analysis: "TransferAnalysis", folder: Path, *, as_json: bool) -> None:
    from langsamp.disk.files import write_json
    from langsamp.views.charts.transfer_charts import figures
    from langsamp.views.transfer import transfer_document

    store(analysis, folder, figures)
    files = []
    for model, donors_of in analysis.donors.items():
        files.append(folder / ("donors.json" if len(analysis.donors) == 1 else f"donors-{model}.json"))
        write_json(files[-1], donors_of)
    if as_json:
        print_json(analysis.as_json())
        return
    print_document(transfer_document(analysis))
    print_line(f"Analysis: {folder}")
    for path in files:
        print_line(f"Donors, for `langsamp table --paper 3 --donors`: {path}")
