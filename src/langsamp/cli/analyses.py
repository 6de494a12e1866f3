"""The verbs of `langsamp analyze`: what the vectors know, how neutral the encoder is, what to transfer from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.cli.output import complain

if TYPE_CHECKING:
    from langsamp.analysis.subjects import Subject

app = typer.Typer(
    name="analyze", help="Look into models and scores: tables, statistics, figures.", no_args_is_help=True
)

Models = Annotated[list[str], typer.Argument(metavar="RUN_OR_MODEL...", help="RUN, RUN:MODEL, or a model's folder.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder to write; default: analysis/ in the run, else here.")
]


def _folder(subject: "Subject", kind: str, out: Path | None, *, alone: bool) -> Path:
    """Where an analysis of one model is written: `out` itself for one model, a folder each in it for several."""
    if out is None:
        return subject.analysis_folder(kind)
    return out if alone else out / subject.name.replace("/", "--")


def _with_vectors(words: list[str]) -> "list[Subject]":
    """The models that the words name and that have vectors; the others are named on stderr."""
    from langsamp.analysis.subjects import find_subjects
    from langsamp.errors import DataMissingError

    subjects = find_subjects(words)
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
