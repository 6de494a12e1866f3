"""LangSAMP from text to report: `import langsamp as ls`.

Everything below is loaded when it is first used, so that `import langsamp` costs nothing and needs no torch.

    run = ls.run("recipe.yaml")                        # text to report; run again, it goes on where it was
    ls.evaluate("xlm-roberta-base", tasks=["sib200"], data="eval")
    ls.compare("runs/mine:none", "runs/mine:both")     # shows itself in a notebook
    ls.donors("Lingala", model="runs/mine")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langsamp.api.exchange import export, import_checkpoint, push
    from langsamp.api.models import (
        donors,
        fill_mask,
        language,
        language_map,
        neutrality,
        parallel_probe,
        select_languages,
        transfer,
        vectors,
    )
    from langsamp.api.scores import ablation, compare, evaluate, families, report, table
    from langsamp.api.stages import Run, prepare, run, train
    from langsamp.evaluation.tasks.registry import register_task
    from langsamp.evaluation.tasks.task import Task
    from langsamp.model.conditioning import Conditioning
    from langsamp.model.mlm import LangSampForMaskedLM
    from langsamp.recipe import load_recipe

__version__ = "0.1.0"

_HOME = {
    "Conditioning": "langsamp.model.conditioning",
    "LangSampForMaskedLM": "langsamp.model.mlm",
    "Run": "langsamp.api.stages",
    "Task": "langsamp.evaluation.tasks.task",
    "ablation": "langsamp.api.scores",
    "compare": "langsamp.api.scores",
    "donors": "langsamp.api.models",
    "evaluate": "langsamp.api.scores",
    "export": "langsamp.api.exchange",
    "families": "langsamp.api.scores",
    "fill_mask": "langsamp.api.models",
    "import_checkpoint": "langsamp.api.exchange",
    "language": "langsamp.api.models",
    "language_map": "langsamp.api.models",
    "load_recipe": "langsamp.recipe",
    "neutrality": "langsamp.api.models",
    "parallel_probe": "langsamp.api.models",
    "prepare": "langsamp.api.stages",
    "push": "langsamp.api.exchange",
    "register_task": "langsamp.evaluation.tasks.registry",
    "report": "langsamp.api.scores",
    "run": "langsamp.api.stages",
    "select_languages": "langsamp.api.models",
    "table": "langsamp.api.scores",
    "train": "langsamp.api.stages",
    "transfer": "langsamp.api.models",
    "vectors": "langsamp.api.models",
}
"""Where each public name is defined (PEP 562)."""

__all__ = [
    "Conditioning", "LangSampForMaskedLM", "Run", "Task", "ablation", "compare", "donors", "evaluate", "export",
    "families", "fill_mask", "import_checkpoint", "language", "language_map", "load_recipe", "neutrality",
    "parallel_probe", "prepare", "push", "register_task", "report", "run", "select_languages", "table", "train",
    "transfer", "vectors",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public object `name`, imported now."""
    if name not in _HOME:
        raise AttributeError(f"module 'langsamp' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for completion."""
    return [*__all__, "__version__"]
