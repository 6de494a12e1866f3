"""The golden loss curve: a refactor must not move it. A change that means to move it writes the new one here."""

import json
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from langsamp import pipeline
from langsamp.recipe import load_recipe

GOLDEN = {
    "none-0": [7.308, 7.2474, 7.1431, 7.0122, 7.0218, 6.9213, 6.8815, 6.9317, 6.7828, 6.8134, 6.6256, 6.6273],
    "both-0": [7.308, 7.2471, 7.1415, 7.0089, 7.0207, 6.9188, 6.8814, 6.93, 6.7816, 6.811, 6.6236, 6.6248],
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
