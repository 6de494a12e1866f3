"""A finished (or half-finished) run folder, read whole: everything the report shows comes from here.

Parts may be absent: a run that was never evaluated, or of which one model is still training, still gives a report.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from langsamp.artifacts import read_json
from langsamp.errors import DamagedError, DataMissingError
from langsamp.model.conditioning import LANGUAGES, Conditioning
from langsamp.model.variants import READERS_NAMES

VARIANTS = READERS_NAMES
"""Reader's names of the variants, in the order in which tables and charts show them."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One trained model of a run: its log, vectors and provenance as far as they exist."""

    name: str
    variant: str
    seed: int
    train: tuple[Mapping[str, Any], ...]
    """Log records of kind `train`, one a step, in order."""
    held_out: tuple[Mapping[str, Any], ...]
    """Log records of kind `held_out`, in order."""
    conditioning: Conditioning | None
    """None where the model was not exported."""
    provenance: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What charts and tables call it, e.g. `LangSAMP, seed 1`."""
        return f"{VARIANTS.get(self.variant, self.variant)}, seed {self.seed}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run folder holds."""

    folder: Path
    recipe_text: str
    recipe: Mapping[str, Any]
    provenance: Mapping[str, Any]
    manifest: Mapping[str, Any] | None
    """`rows/manifest.json`, or None."""
    models: tuple[Model, ...]
    scores: pd.DataFrame | None
    """`evaluation/scores.parquet`, or None."""
    cells: tuple[Mapping[str, Any], ...]
    """Every `cell.json`, with the folder's name as `cell`."""
    failed_cells: tuple[Mapping[str, Any], ...] = ()
    """Cells whose last run gave nothing: the `cell` that was wanted and the `reason`."""
    model_names: Mapping[str, str] = field(default_factory=dict)
    """What tables call the scored models, by fingerprint."""

    @property
    def is_demonstration(self) -> bool:
        """True where the recipe says `demonstration: true`: too small a run to conclude from."""
        return bool(self.recipe.get("demonstration", False))


def read_run(folder: Path) -> Run:
    """The content of a run folder.

    Raises:
        DataMissingError: where `folder` is no run.
        DamagedError: where a file in it cannot be read.
    """
    if not (folder / "recipe.yaml").is_file():
        raise DataMissingError(
            f"{folder} is no run: expected a folder with recipe.yaml, as `langsamp run` writes it. Give that folder"
        )
    text = (folder / "recipe.yaml").read_text(encoding="utf-8")
    recipe = _recipe(text, folder / "recipe.yaml")
    models = [read_model(path) for path in sorted(folder.glob("models/*-*")) if path.is_dir()]
    evaluation = folder / "evaluation"
    order = list(VARIANTS)
    models.sort(key=lambda model: (order.index(model.variant) if model.variant in order else 99, model.seed))
    return Run(
        folder=folder,
        recipe_text=text,
        recipe=recipe,
        provenance=_json_or_empty(folder / "provenance.json"),
        manifest=_json_or_empty(folder / "rows" / "manifest.json") or None,
        models=tuple(models),
        scores=_scores(evaluation / "scores.parquet"),
        cells=tuple(
            {"cell": path.parent.name, **read_json(path)} for path in sorted(evaluation.glob("cells/[!.]*/cell.json"))
        ),
        failed_cells=tuple(read_json(path) for path in sorted(evaluation.glob("failed/[!.]*.json"))),
        model_names={path.stem: read_json(path)["name"] for path in sorted(evaluation.glob("models/[!.]*.json"))},
    )


def read_model(folder: Path) -> Model:
    """One model's folder, named `<variant>-<seed>`."""
    variant, _, seed = folder.name.rpartition("-")
    log = _log(folder / "log.jsonl")
    export = folder / "export"
    return Model(
        name=folder.name,
        variant=variant,
        seed=int(seed) if seed.isdecimal() else 0,
        train=_by_step(log, "train"),
        held_out=_by_step(log, "held_out"),
        conditioning=Conditioning.load(export) if (export / LANGUAGES).is_file() else None,
        provenance=_json_or_empty(export / "provenance.json"),
    )


def _recipe(text: str, path: Path) -> Mapping[str, Any]:
    try:
        recipe = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DamagedError(f"{path} is not readable as YAML ({error}); put the run's own recipe back") from None
    if not isinstance(recipe, Mapping):
        raise DamagedError(f"{path} should hold `key: value` lines, got {type(recipe).__name__}")
    return recipe


def _json_or_empty(path: Path) -> Any:
    return read_json(path) if path.is_file() else {}


def _scores(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        scores = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read as parquet ({error}); run `langsamp evaluate` again") from None
    words: list[str] = list(scores.select_dtypes(include="string").columns)
    return scores.astype(dict.fromkeys(words, object))  # which are read one by one in many places


def _log(path: Path) -> list[Mapping[str, Any]]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number == len(lines):  # a run killed while writing leaves its last line cut
                break
            raise DamagedError(f"{path}, line {number} is no JSON ({error}); delete that line") from None
    return records


def _by_step(log: list[Mapping[str, Any]], kind: str) -> tuple[Mapping[str, Any], ...]:
    """Records of one kind by step; of a step done twice (resumed from an earlier checkpoint) the later one."""
    found = {record["step"]: record for record in log if record.get("kind") == kind}
    return tuple(found[step] for step in sorted(found))
