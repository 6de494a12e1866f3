"""The verbs of source languages: which to transfer from, and what that choice is worth."""

from pathlib import Path
from typing import Annotated

import typer

from langsamp.cli.output import Json, print_json, print_line, print_table
from langsamp.cli.scores import listed

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
    k: Annotated[int, typer.Option("-k", min=1, help="How many donors of each target.")] = 5,
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", help="Tasks that need training data of a donor.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Folder with the tasks' files, or `hub`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every language of the model, stored as an analysis.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why, a sentence a donor.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to store the analysis in.")] = None,
    json: Json = False,
) -> None:
    """Rank the languages to transfer from by their vectors, with reasons and doubts."""
    from langsamp.analysis.donor_candidates import find_subject
    from langsamp.analysis.donors import analyse_donors
    from langsamp.artifacts import write_json
    from langsamp.errors import UserError
    from langsamp.evaluation.task import TaskData
    from langsamp.report import donors as words

    if every == bool(targets):
        raise UserError("name the target languages (`langsamp donors Lingala lin_Latn`), or take --all of them")
    subject = find_subject(model)
    place = TaskData(data="hub" if data == "hub" else Path(data) if data else None)
    found = analyse_donors(subject, targets or ["all"], candidates=candidates, k=k, tasks=listed(task), data=place)
    if json:
        print_json(words.donors_as_json(found))
    elif every:
        print_table(f"The closest donor of each language: {found.subject}", words.closest_rows(found))
        for line in words.closest_lines(found):
            print_line(line)
    else:
        for target in found.values["targets"]:
            print_table(words.donor_title(found, target), words.donor_rows(found, target))
            for line in words.donor_lines(found, target, explain=explain):
                print_line(f"  {line}")
    if not json:
        for note in found.values["notes"]:
            print_line(f"note: {note}")
    if every or out is not None:
        folder = out or subject.analysis_folder("donors")
        found.save(folder)
        write_json(folder / "donors.json", found.values["closest"])
        if not json:
            print_line(f"Analysis: {folder}")
