"""The verbs of models side by side: what each part of the method brings, and for which families."""

from pathlib import Path
from typing import Annotated

import typer

from langsamp.cli.analyses import Out, give
from langsamp.cli.output import Json

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
    give(analysis, out or _folder(runs, analysis.kind), ablation_document, figures, json=json)


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
    give(analysis, out or _folder(runs, analysis.kind), family_document, figures, json=json)


def _folder(runs: list[str], kind: str) -> Path:
    """Where an analysis is written: in the run where there is one, else under `analysis/` here, named by all."""
    from langsamp.disk.layout import RunLayout
    from langsamp.scores.reading import distinct

    runs = distinct(runs)
    run = Path(runs[0]).expanduser()
    if len(runs) == 1 and run.is_dir():
        return RunLayout(run).analyses / kind
    return Path("analysis") / "+".join(Path(run).name.replace(":", "-") for run in runs) / kind
