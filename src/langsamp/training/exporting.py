"""From a training's checkpoint to a folder that stock libraries load."""

from pathlib import Path
from typing import Any

from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.disk.layout import ModelLayout
from langsamp.errors import DataMissingError
from langsamp.languages.tags import LangScript
from langsamp.model.export import export_model
from langsamp.training.checkpoint import checkpoints, rebuild_model
from langsamp.training.selection import chosen_until_now


def export(model: Path, out: Path, **facts: Any) -> Path:
    """The folder `out` with a trained model as stock libraries load it.

    `model` is a training's folder, of which the checkpoint is taken that `training.select` has chosen until now, or one
    checkpoint. `facts` join the provenance.

    Raises:
        DataMissingError: where `model` holds no checkpoint.
    """
    existing = [*checkpoints(ModelLayout(model).checkpoints), *checkpoints(model)]
    checkpoint = chosen_until_now(existing[-1]) if existing else model
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
        ids=record.ids,
        rows_seen={LangScript.parse(tag): rows for tag, rows in record.rows_seen.items()},
        masked_seen=None
        if record.masked_seen is None
        else {LangScript.parse(tag): number for tag, number in record.masked_seen.items()},
        facts=record.model_dump(mode="json", include={"name", "step", "data", "seed", "start"})
        | ({"selection": record.selected.on if record.selected else "none"} if existing else {})
        | facts,
    )
