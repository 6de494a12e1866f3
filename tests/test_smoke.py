"""The golden loss curve: a refactor must not move it. A change that means to move it writes the new one here."""

import json
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from langsamp import pipeline
from langsamp.recipe import load_recipe

GOLDEN = {
    "none-0": [7.304, 7.283, 7.1705, 7.1208, 7.0495, 6.9713, 7.0063, 6.9105, 6.774, 6.8622, 6.7178, 6.7512],
    "both-0": [7.3038, 7.2825, 7.1671, 7.12, 7.0464, 6.9687, 7.0037, 6.9125, 6.7747, 6.8623, 6.7193, 6.753],
}


def test_the_loss_curve_has_not_moved(tmp_path: Path) -> None:
    AcceleratorState._reset_state(reset_partial_state=True)
    recipe = load_recipe(Path("configs/smoke.yaml"), (f"out={tmp_path / 'smoke'}",))
    rows = pipeline.prepare(recipe)
    curves = {}
    for variant, seed in recipe.trainings:
        folder = pipeline.train_one(recipe, rows, variant, seed).parent
        lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
        curves[folder.name] = [round(line["loss"], 4) for line in lines if line["kind"] == "train"]
    print(json.dumps(curves))
    for name, losses in GOLDEN.items():
        assert curves[name] == pytest.approx(losses, abs=2e-3), name
