"""The verbs of `langsamp analyze`: what the vectors know, how neutral the encoder is, what to transfer from."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from langsamp.cli.application import Application
from langsamp.cli.output import Json, complain, print_document, print_json, print_line

if TYPE_CHECKING:
    from langsamp.analysis.analysis import Analysis
    from langsamp.analysis.model_refs import ModelRef
    from langsamp.render.chart import Chart
    from langsamp.render.document import Document

Kind = TypeVar("Kind", bound="Analysis")

app = Application(
    name="analyze", help="Look into models and scores: tables, statistics, figures.", no_args_is_help=True
)

Models = Annotated[list[str], typer.Argument(metavar="RUN_OR_MODEL...", help="RUN, RUN:MODEL, or a model's folder.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder to write; default: analysis/ in the run, else here.")
]

Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Draws the resamples of intervals.")]
NoFigures = Annotated[bool, typer.Option("--no-figures", help="Write tables only.")]


@app.command()
def vectors(
    models: Models,
    neighbours: Annotated[int, typer.Option(min=1, help="How many nearest vectors of each.")] = 5,
    embedding: Annotated[
        str | None, typer.Option(help="tsne: a second picture that keeps neighbours together.")
    ] = None,
    perplexity: Annotated[float | None, typer.Option(help="Of the embedding; default: 30.")] = None,
    shuffles: Annotated[int, typer.Option(help="Random orders behind each null.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of shuffles and embedding.")] = 0,
    no_figures: NoFigures = False,
    out: Out = None,
    json: Json = False,
) -> None:
    """Language and script vectors: neighbours, a tree, pictures.

    Purity of neighbours by family and script, and correlation with the distances in Glottolog's tree and on the globe,
    stand beside what shuffled labels give.
    """
    from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
    from langsamp.errors import checked
    from langsamp.views.charts.vector_charts import figures
    from langsamp.views.vectors import vectors_document

    given = {"neighbours": neighbours, "embedding": embedding, "shuffles": shuffles, "seed": seed}
    config = checked(VectorsConfig, {**given, "perplexity": perplexity})
    drawn = None if no_figures else figures
    _of_each(models, lambda subject: analyse_vectors(subject, config), vectors_document, drawn, out=out, json=json)


@app.command()
def identification(
    models: Models,
    task: Annotated[str, typer.Option("--task", "-t", help="Whose test sentences are taken.")] = "sr-cldr",
    data: Annotated[str | None, typer.Option(help="Folder with the task's files, or `hub`.")] = None,
    sentences: Annotated[int, typer.Option(help="Sentences of each language, at most.")] = 30,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Draws sentences and hidden tokens.")] = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Do the vectors tell the language of a sentence? Beside chance and character n-grams.

    A sentence gets the tag under whose vectors its hidden tokens are most probable; the encoder itself gets no id.
    """
    from langsamp.analysis.identification.analyse import IdentificationConfig, analyse_identification
    from langsamp.errors import checked
    from langsamp.views.identification import identification_document

    config = checked(IdentificationConfig, {"task": task, "data": data, "sentences": sentences, "seed": seed})
    _of_each(
        models, lambda subject: analyse_identification(subject, config), identification_document, out=out, json=json
    )


def _of_each(
    models: list[str],
    analyse: "Callable[[ModelRef], Kind]",
    document: "Callable[[Kind], Document]",
    figures: "Callable[[Kind], Mapping[str, Chart]] | None" = None,
    *,
    out: Path | None,
    json: bool,
) -> None:
    """Make, store and print an analysis of each model that has vectors."""
    from langsamp.disk.folders import check_folder

    if out is not None:
        check_folder(out)
    subjects, done = _with_vectors(models), []
    for subject in subjects:
        analysis = analyse(subject)
        folder = _folder(subject, analysis.kind, out, alone=len(subjects) == 1)
        store(analysis, folder, figures)
        done.append({"folder": str(folder), **analysis.as_json()})
        if not json:
            print_document(document(analysis))
            print_line(f"Analysis: {folder}")
    if json:
        print_json(done)


def give(
    analysis: Kind,
    folder: Path,
    document: "Callable[[Kind], Document]",
    figures: "Callable[[Kind], Mapping[str, Chart]]",
    *,
    json: bool,
) -> None:
    """Store an analysis with its pictures, and print it."""
    store(analysis, folder, figures)
    if json:
        print_json(analysis.as_json())
        return
    print_document(document(analysis))
    print_line(f"\nAnalysis: {folder}")


def store(analysis: Kind, folder: Path, figures: "Callable[[Kind], Mapping[str, Chart]] | None") -> None:
    """Write an analysis and, where wanted, its pictures in `figures/` beside its tables."""
    from langsamp.render.saving import save_figures

    analysis.save(folder)
    if figures is not None:
        save_figures(figures(analysis), folder / "figures")


def _folder(subject: "ModelRef", kind: str, out: Path | None, *, alone: bool) -> Path:
    """Where an analysis of one model is written: `out` itself for one model, a folder each in it for several."""
    if out is None:
        return subject.analysis_folder(kind)
    return out if alone else out / subject.name.replace("/", "--")


def _with_vectors(words: list[str]) -> "list[ModelRef]":
    """The models that the words name and that have vectors; the others are named on stderr."""
    from langsamp.analysis.model_refs import find_model_refs
    from langsamp.errors import DataMissingError, UserError
    from langsamp.model.conditioning import unnamed_vectors

    subjects = find_model_refs(words)
    for subject in subjects:
        if unnamed := unnamed_vectors(subject.folder):
            raise UserError(unnamed)
    able = [subject for subject in subjects if subject.has_vectors]
    without = ", ".join(subject.name for subject in subjects if not subject.has_vectors)
    if not able:
        raise DataMissingError(
            f"{without}: no language or script vectors there. Name a model that `langsamp train` made with the variant "
            "language, script or both"
        )
    if without:
        complain(f"without vectors, left out: {without}")
    return able


@app.command()
def neutrality(
    models: Models,
    task: Annotated[str, typer.Option("--task", "-t", help="Whose text: a retrieval task or sib200.")] = "sr-cldr",
    data: Annotated[str | None, typer.Option(help="Folder with the task's files, or `hub`.")] = None,
    languages: Annotated[
        str | None, typer.Option("--languages", "--langs", "-l", help="Selector; default: the paper's ten.")
    ] = None,
    sentences: Annotated[int, typer.Option("--sentences", "-n", help="Sentences of each language.")] = 100,
    layer: Annotated[int | None, typer.Option(help="Hidden state told of; default: two thirds of the depth.")] = None,
    post_hoc: Annotated[
        int,
        typer.Option(help="Further sentences to fit the cheap ways on: means subtracted, language removed; 0: none."),
    ] = 0,
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
        {
            "task": task, "data": data, "languages": languages, "sentences": sentences, "layer": layer,
            "post_hoc": post_hoc, "seed": seed,
        },
    )  # fmt: skip
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


@app.command()
def ablation(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs or evaluations with several variants.")],
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Set all variants side by side, as Table 2 does.

    Which tables, which placement, and what the ids themselves bring.
    """
    from langsamp.analysis.ablation import analyse_ablation
    from langsamp.disk.folders import check_folder
    from langsamp.views.charts.ablation_charts import figures
    from langsamp.views.variants_text import ablation_document

    if out is not None:
        check_folder(out)
    analysis = analyse_ablation(runs, seed=seed)
    give(analysis, out or _folder_of_all(runs, analysis.kind), ablation_document, figures, json=json)


@app.command()
def families(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, evaluations, or paper:... names.")],
    source: Annotated[str, typer.Option(help="Scores of models fine-tuned on this tag.")] = "eng_Latn",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Lay scores out by language family, as Table 6 does.

    With differences and their intervals where there are two models.
    """
    from langsamp.analysis.families import analyse_families
    from langsamp.disk.folders import check_folder
    from langsamp.views.charts.family_charts import figures
    from langsamp.views.variants_text import family_document

    if out is not None:
        check_folder(out)
    analysis = analyse_families(runs, source=source, seed=seed)
    give(analysis, out or _folder_of_all(runs, analysis.kind), family_document, figures, json=json)


def _folder_of_all(runs: list[str], kind: str) -> Path:
    """Where an analysis is written: in the run where there is one, else under `analysis/` here, named by all."""
    from langsamp.disk.layout import RunLayout
    from langsamp.scores.reading import distinct

    runs = distinct(runs)
    run = Path(runs[0]).expanduser()
    if len(runs) == 1 and run.is_dir():
        return RunLayout(run).analyses / kind
    return Path("analysis") / "+".join(Path(run).name.replace(":", "-") for run in runs) / kind
