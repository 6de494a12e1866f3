"""The verbs of models side by side: what each part of the method brings, and for which families."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.cli.analyses import Kind, Out, store
from langsamp.cli.output import Json, print_document, print_json, print_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from langsamp.render.chart import Chart
    from langsamp.render.document import Document

Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Draws the resamples of intervals.")]


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
    _give(analysis, figures, ablation_document(analysis), runs=runs, out=out, json=json)


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
    _give(analysis, figures, family_document(analysis), runs=runs, out=out, json=json)


def _give(
    analysis: Kind,
    figures: "Callable[[Kind], Mapping[str, Chart]]",
    document: "Document",
    *,
    runs: list[str],
    out: Path | None,
    json: bool,
) -> None:
    """Store an analysis with its pictures, and print it."""
    folder = out or _folder(runs, analysis.kind)
    store(analysis, folder, figures)
    if json:
        print_json(analysis.as_json())
        return
    print_document(document)
    print_line(f"\nAnalysis: {folder}")


def _folder(runs: list[str], kind: str) -> Path:
    """Where an analysis is written: in the run where there is one, else under `analysis/` here, named by all."""
    from langsamp.disk.layout import RunLayout

    run = Path(runs[0]).expanduser()
    if len(runs) == 1 and run.is_dir():
        return RunLayout(run).analyses / kind
    return Path("analysis") / "+".join(Path(run).name.replace(":", "-") for run in runs) / kind
