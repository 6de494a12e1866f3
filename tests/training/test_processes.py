"""What a launcher asks for beside the recipe is done, said, or refused."""

from typing import Literal

import pytest

from langsamp import machine
from langsamp.errors import UserError
from langsamp.training.config import TrainingConfig
from langsamp.training.processes import check_launch, check_wrapper, slow_arithmetic, unmet
from langsamp.world import World

ACCELERATE = {"ACCELERATE_MIXED_PRECISION": "no", "ACCELERATE_USE_CPU": "True"}
"""What `accelerate launch` always sets."""


@pytest.mark.parametrize(
    ("environment", "size", "sharding", "parts"),
    [
        ({}, 1, "none", ()),
        ({}, 1, "fsdp", ("sharding fsdp is for several", "holds the whole model")),
        ({}, 2, "fsdp", ()),
        (ACCELERATE, 1, "none", ()),
        ({"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}, 2, "none", ()),
        ({**ACCELERATE, "MASTER_ADDR": "127.0.0.1"}, 1, "none", ("several processes", "torchrun")),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}, 2, "none", ("FSDP2", "plain data parallel")),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}, 2, "fsdp", ("FSDP2", "with training.sharding fsdp")),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}, 1, "none", ("FSDP2", "in one process")),
        ({"ACCELERATE_USE_DEEPSPEED": "true"}, 2, "none", ("DEEPSPEED", "plain data parallel")),
        ({"ACCELERATE_MIXED_PRECISION": "bf16"}, 1, "none", ("mixed precision bf16", "fp32, which holds")),
    ],
)
def test_what_is_asked_and_not_done_is_said(
    environment: dict[str, str], size: int, sharding: Literal["none", "fsdp"], parts: tuple[str, ...]
) -> None:
    said = unmet(environment, TrainingConfig(sharding=sharding), size=size)
    assert len(said) == (1 if parts else 0)
    assert all(part in said[0] for part in parts)


@pytest.mark.parametrize("kind", ["FSDP", "DEEPSPEED", "MEGATRON_LM"])
def test_a_launcher_does_not_change_the_model(kind: str) -> None:
    with pytest.raises(UserError, match=r"set training\.sharding to fsdp"):
        check_wrapper(kind)
    for plain in ("NO", "MULTI_CPU", "MULTI_GPU"):
        check_wrapper(plain)


def test_accumulation_by_the_launcher_would_change_the_gradients() -> None:
    check_launch({})
    check_launch({"ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "1"})
    with pytest.raises(UserError, match="would divide the gradients"):
        check_launch({"ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "4"})


def test_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert World.from_environment() == World(0, 1)
    monkeypatch.setenv("LOCAL_RANK", "-1")
    assert World.from_environment() == World(0, 1)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert World.from_environment() == World(1, 3)


@pytest.mark.parametrize(
    ("flags", "precision", "device", "is_slow"),
    [
        ({"avx512f"}, "bf16", "cpu", True),
        ({"avx512f"}, "fp32", "cpu", False),
        ({"avx512f"}, "bf16", "cuda", False),
        ({"avx512f", "amx_bf16"}, "bf16", "cpu", False),
        (set(), "bf16", "cpu", False),
    ],
    ids=["in software", "fp32", "on a GPU", "in hardware", "not told"],
)
def test_arithmetic_that_the_processor_has_not_is_named(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], precision: str, device: str, is_slow: bool
) -> None:
    monkeypatch.setattr(machine, "processor_flags", lambda: frozenset(flags))
    config = TrainingConfig.model_validate({"precision": precision})
    assert len(slow_arithmetic(config, device=device)) == is_slow
