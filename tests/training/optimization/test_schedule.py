"""Laws of the learning rate: ends, floor, no jumps, and that nothing but the step counts."""

import itertools
import math
from typing import Any, get_args

import pytest

from langsamp.training.config import TrainingConfig
from langsamp.training.optimization.schedule import Kind

STEPS = 1000
KINDS = get_args(Kind)
SHAPES = [*itertools.product(KINDS, ["linear"]), ("warmup-stable-decay", "1-sqrt")]


def curve(**settings: Any) -> list[float]:
    config = TrainingConfig(**({"steps": STEPS} | settings))
    return [config.learning_rate_share(step) for step in range(config.steps + 1)]


@pytest.mark.parametrize(("kind", "shape"), SHAPES)
@pytest.mark.parametrize("warmup", [0, 100, 900])
@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_it_rises_stays_and_falls_to_the_floor_without_a_jump(kind: str, shape: str, warmup: int, floor: float) -> None:
    shares = curve(schedule=kind, decay_shape=shape, warmup_steps=warmup, final_share=floor)
    assert shares[-1] == pytest.approx(1.0 if kind == "constant" else floor)
    top = shares.index(max(shares))
    assert all(before < after for before, after in itertools.pairwise(shares[: top + 1]))
    assert all(before >= after for before, after in itertools.pairwise(shares[top:]))
    assert all(min(floor, 1 / (warmup or 1)) <= share <= 1 for share in shares)
    steepest = max(abs(one - other) for one, other in itertools.pairwise(shares))
    assert steepest <= (1.001 * math.sqrt(1 / 200) if shape == "1-sqrt" else 2 / 100)


def test_the_values_of_each_schedule() -> None:
    assert curve(schedule="linear")[:2] == [1, 0.999]
    assert curve(schedule="linear", warmup_steps=10)[:11] == [*(number / 10 for number in range(1, 11)), 1]
    assert curve(schedule="linear", warmup_steps=200)[600] == 0.5
    assert set(curve(schedule="constant")) == {1}
    cosine = curve(schedule="cosine", warmup_steps=200)
    assert cosine[600] == pytest.approx(0.5) and cosine[400] == pytest.approx((1 + math.sqrt(0.5)) / 2)
    stable = curve(schedule="warmup-stable-decay", decay_share=0.4)
    assert stable[600] == 1 and stable[800] == pytest.approx(0.5)
    steep = curve(schedule="warmup-stable-decay", decay_share=0.4, decay_shape="1-sqrt")
    assert steep[600] == 1 and steep[700] == pytest.approx(0.5) and steep[900] == pytest.approx(1 - math.sqrt(0.75))
    assert curve(schedule="cosine", final_share=0.2)[500] == pytest.approx(0.6)


def test_the_plateau_does_not_know_where_the_training_ends() -> None:
    short, long = (curve(schedule="warmup-stable-decay", warmup_steps=50, steps=steps) for steps in (500, 1000))
    assert short[:400] == long[:400]


def test_what_changes_no_weight_is_not_compared() -> None:
    usual = TrainingConfig().deciding(capped=False)
    assert {"steps", "optimizer", "decay_shape", "precision"} <= usual.keys()
    assert TrainingConfig(gradient_checkpointing=True, rows_per_batch="auto").deciding(capped=False) == usual
    assert TrainingConfig(optimizer="muon").deciding(capped=False) == usual | {"optimizer": "muon"}
