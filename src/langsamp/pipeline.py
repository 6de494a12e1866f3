"""A recipe from text to report; each stage also on its own. What is already there is not made again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from langsamp.artifacts import provenance, read_json, write_json, write_text
from langsamp.data.batches import Batches
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import TOKENIZER, PreparedRows
from langsamp.data.tokenizer import load_tokenizer
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.run import Evaluation, evaluate
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import build_model
from langsamp.model.export import export_model
from langsamp.model.mlm import Variant
from langsamp.recipe import Recipe
from langsamp.report.page import write_report
from langsamp.training.checkpoint import checkpoints, rebuild_model
from langsamp.training.trainer import TrainingTask, train
from langsamp.world import World


def run(recipe: Recipe) -> tuple[Path, Evaluation]:
    """All stages of a recipe; the path of its report, and the evaluation with what failed in it.

    Raises:
        StoppedError: asked to stop; running again goes on.
        UserError: for everything the user can mend.
    """
    if World.from_environment().size > 1:
        raise UserError(
            "`langsamp run` is one process; for several, run `langsamp prepare`, then `torchrun -m langsamp train`, "
            "then `langsamp run` for the rest"
        )
    rows = prepare(recipe)
    for variant, seed in recipe.trainings:
        train_one(recipe, rows, variant, seed)
    evaluation = evaluate_run(recipe)
    write_json(recipe.folder / "provenance.json", provenance(data=rows.fingerprint))
    return write_report(recipe.folder), evaluation


def prepare(recipe: Recipe) -> PreparedRows:
    """The recipe's rows, made or found; the resolved recipe is written beside them."""
    tokenizer = recipe.tokenizer
    if tokenizer.load is None and recipe.model.init is not None:
        tokenizer = tokenizer.model_copy(update={"load": recipe.model.init})  # a pretrained model reads its own pieces
    rows = prepare_rows(recipe.corpus, tokenizer, recipe.rows, out=recipe.folder / "rows")
    text = yaml.safe_dump(recipe.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
    write_text(recipe.folder / "recipe.yaml", text)
    return rows


def train_one(recipe: Recipe, rows: PreparedRows, variant: Variant, seed: int) -> Path:
    """The export of one training, trained or found; goes on from its newest checkpoint."""
    out = model_folder(recipe, variant, seed)
    identity = _identity(recipe, rows, variant, seed)
    finished = {**identity, "steps": recipe.training.steps}
    if (out / "export" / "provenance.json").is_file():
        if read_json(out / "export" / "provenance.json").get("identity") == finished:
            return out / "export"
        if not checkpoints(out / "checkpoints"):
            raise UserError(f"{out} was made with another recipe: choose another output folder, or delete that one")
    tokenizer, ids = load_tokenizer(str(rows.folder / TOKENIZER)), LanguageIds.of(rows.tags)
    model = build_model(
        recipe.model, tokenizer=tokenizer, ids=ids, variant=variant, row_tokens=rows.row_tokens, seed=seed
    )
    checkpoint = train(
        TrainingTask(
            name=f"{recipe.name} {out.name}",
            model=model,
            batches=Batches(rows, ids=ids, masking=recipe.masking, seed=seed),
            tokenizer=tokenizer,
            ids=ids,
            sampler=recipe.sampler,
            config=recipe.training,
            seed=seed,
            out=out,
            identity=identity,
        )
    )
    if World.from_environment().is_leader:
        export(checkpoint, out / "export", identity=finished)
    return out / "export"


def export(model: Path, out: Path, **facts: Any) -> Path:
    """The folder `out` with a trained model as stock libraries load it.

    `model` is a training's folder (its newest checkpoint is taken) or one checkpoint. `facts` join the provenance.

    Raises:
        DataMissingError: where `model` holds no checkpoint.
    """
    found = [*checkpoints(model / "checkpoints"), *checkpoints(model)]
    checkpoint = found[-1] if found else model
    if not (checkpoint / "checkpoint.json").is_file():
        raise DataMissingError(
            f"{model} holds no checkpoint: expected a training's folder such as runs/NAME/models/both-0, or one of its "
            "checkpoints"
        )
    rebuilt, record = rebuild_model(checkpoint)
    return export_model(
        rebuilt,
        out,
        tokenizer=load_tokenizer(str(checkpoint)),
        ids=LanguageIds.model_validate(record["ids"]),
        rows_seen={LangScript.parse(tag): rows for tag, rows in record["rows_seen"].items()},
        facts={key: record[key] for key in ("name", "step", "data", "seed")} | facts,
    )


def evaluate_run(recipe: Recipe, *, force: bool = False) -> Evaluation:
    """The recipe's tasks on all its exports."""
    exports = {str(model_folder(recipe, *training) / "export"): training for training in recipe.trainings}
    names = {path: f"{variant}-{seed}" for path, (variant, seed) in exports.items()}
    return evaluate(list(exports), recipe.evaluation, recipe.folder / "evaluation", force=force, names=names)


def model_folder(recipe: Recipe, variant: Variant, seed: int) -> Path:
    """Where one training of the recipe lies."""
    return recipe.folder / "models" / f"{variant}-{seed}"


def chosen_trainings(recipe: Recipe, variants: Sequence[str], seeds: Sequence[int]) -> list[tuple[Variant, int]]:
    """The recipe's trainings with these variants and seeds; all where none are given.

    Raises:
        UserError: where the recipe has none of them.
    """
    chosen = [
        (variant, seed)
        for variant, seed in recipe.trainings
        if (not variants or variant in variants) and (not seeds or seed in seeds)
    ]
    if not chosen:
        raise UserError(
            f"the recipe trains variants {', '.join(recipe.variants)} with seeds "
            f"{', '.join(map(str, recipe.seeds))}; the choice leaves none of these"
        )
    return chosen


def _identity(recipe: Recipe, rows: PreparedRows, variant: Variant, seed: int) -> dict[str, Any]:
    capped = recipe.sampler.max_repetition is not None
    return {
        "data": rows.fingerprint,
        "variant": variant,
        "seed": seed,
        "model": recipe.model.model_dump(mode="json"),
        "masking": recipe.masking.model_dump(mode="json"),
        "sampler": recipe.sampler.model_dump(mode="json"),
        "training": recipe.training.deciding(capped=capped),
    }
