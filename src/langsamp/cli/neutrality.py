"""The verb of language neutrality: whether sentences that say the same are alike in all languages."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.cli.analyses import Models, Out, give
from langsamp.cli.output import Json

if TYPE_CHECKING:
    from langsamp.analysis.model_refs import ModelRef


def neutrality(
    models: Models,
    task: Annotated[str, typer.Option("--task", "-t", help="Whose text: a retrieval task or sib200.")] = "sr-cldr",
    data: Annotated[str | None, typer.Option(help="Folder with the task's files, or `hub`.")] = None,
    languages: Annotated[
        str | None, typer.Option("--languages", "--langs", "-l", help="Selector; default: the paper's ten.")
    ] = None,
    sentences: Annotated[int, typer.Option("--sentences", "-n", help="Sentences of each language.")] = 100,
    layer: Annotated[int | None, typer.Option(help="Hidden state told of; default: two thirds of the depth.")] = None,
    seed: Annotated[int, typer.Option(help="Draws the sentences and the resamples.")] = 0,
    device: Annotated[str | None, typer.Option(help="E.g. cpu or cuda:1; default: the best there is.")] = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Measure how alike translations are, layer by layer.

    By pair of languages, and against a baseline. Beside it stand sentences that are no translations, and probes that
    tell language and script.
    """
    from langsamp.analysis.model_refs import find_model_refs
    from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
    from langsamp.disk.folders import check_folder
    from langsamp.errors import checked
    from langsamp.views.charts.neutrality_charts import figures
    from langsamp.views.neutrality import neutrality_document

    if out is not None:
        check_folder(out)
    config = checked(
        NeutralityConfig,
        {"task": task, "data": data, "languages": languages, "sentences": sentences, "layer": layer, "seed": seed},
    )
    subjects = find_model_refs(models)
    analysis = analyse_neutrality(subjects, config, device=device)
    give(analysis, out or folder_of(subjects), neutrality_document, figures, json=json)


def folder_of(subjects: "Sequence[ModelRef]") -> Path:
    """Where the analysis of these models is written: with their run where they have one in common."""
    from langsamp.analysis.model_refs import find_model_refs

    if len(subjects) == 1:
        return subjects[0].analysis_folder("neutrality")
    names = "+".join(subject.name.replace("/", "--") for subject in subjects)
    run = subjects[0].run
    if run is None or any(subject.run != run for subject in subjects):
        return Path("analysis") / names / "neutrality"
    whole = {subject.folder for subject in find_model_refs([str(run)])} == {subject.folder for subject in subjects}
    return run / "analysis" / ("neutrality" if whole else f"neutrality-{names}")
