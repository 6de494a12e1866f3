"""The sections of the page that show analyses: vectors, neutrality, donors and transfer, ablation and families."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from langsamp.report.figures import embedded
from langsamp.report.run import Model, Run
from langsamp.report.vectors import NEIGHBOURS, neighbour_rows, pictures, purity_rows


def analysis_parts(run: Run) -> dict[str, Any]:
    """Every value that these sections print, by name."""
    shown = _model_with_vectors(run.models)
    conditioning = shown.conditioning if shown else None
    return {
        "shown": shown,
        "pictures": _pictures(shown),
        "languages_near": neighbour_rows(conditioning, "language") if conditioning else [],
        "scripts_near": neighbour_rows(conditioning, "script") if conditioning else [],
        "purity": purity_rows(run.models),
        "neighbours": NEIGHBOURS,
    }


def _model_with_vectors(models: Sequence[Model]) -> Model | None:
    """The model whose vectors are shown: LangSAMP itself if it is there, the first seed."""
    able = [
        model for model in models
        if model.conditioning and not model.conditioning.is_shuffled
        and (model.conditioning.language is not None or model.conditioning.script is not None)
    ]  # fmt: skip
    return next((model for model in able if model.variant == "both"), able[0] if able else None)


def _pictures(model: Model | None) -> Mapping[str, Markup]:
    if model is None or model.conditioning is None:
        return {}
    summaries = {
        "languages-family": "Language vectors on two principal components, coloured by family",
        "languages-script": "Language vectors on two principal components, coloured by script",
        "scripts": "Script vectors on two principal components",
    }
    return {name: embedded(name, chart, summaries[name]) for name, chart in pictures(model.conditioning)}
