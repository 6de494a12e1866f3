"""Laws of several processes: as many as there are, the same training; what ends one ends all, and is said by all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.errors import RankLostError
from langsamp.training.checkpoint import checkpoints, read_record
from tests.tiny_parts import make_unknown
from tests.training.ranks import launch, said_by, stage
from tests.training.test_trainer import log, losses

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> Path:
    """With rows and tokenizer."""
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    assert rows.folder == tmp_path / "rows"
    return tmp_path


def test_any_number_of_processes_trains_alike_and_may_change_on_the_way(folder: Path) -> None:
    """Rows and masks of each step are those of one process, the losses to the order of sums.

    With 3 processes steps do not divide; with one row each, accumulation, and a tag of nothing to predict, a process
    has steps without a masked token.
    """
    make_unknown(PreparedRows(folder / "rows"), "kmr_Latn")
    settings = {"steps": 8, "rows_per_step": 7, "rows_per_batch": 1, "checkpoint_every": 100}
    whole = [stage(f"by-{size}", size, **settings) for size in (4, 3, 2, 1)]
    parts = [stage("elastic", size, stop_at=at, **settings) for size, at in ((4, 3), (2, 6), (3, 3))]
    assert launch(folder, [*whole, *parts, stage("elastic", 1, **settings)]) == [0] * 4, said_by(folder, 0)
    expected = checkpoints(folder / "by-1" / "checkpoints")[-1]
    for name in ("by-4", "by-3", "by-2", "elastic"):
        assert losses(folder / name) == pytest.approx(losses(folder / "by-1"), rel=1e-4), name
        theirs = checkpoints(folder / name / "checkpoints")[-1]
        for key in ("rows_seen", "masked_seen"):
            assert getattr(read_record(theirs), key) == getattr(read_record(expected), key), name
        for key, value in load_file(expected / "model.safetensors").items():
            torch.testing.assert_close(load_file(theirs / "model.safetensors")[key], value, atol=3e-3, rtol=0)
    assert len(checkpoints(folder / "elastic" / "checkpoints")) == 4


@pytest.mark.parametrize("harmed", [0, 1])
def test_all_halve_their_batches_where_the_memory_of_one_does_not_suffice(folder: Path, harmed: int) -> None:
    settings = {"steps": 6, "rows_per_step": 8, "rows_per_batch": 2, "checkpoint_every": 3}
    halved = [
        stage("halved", 2, harmed=harmed, harm="no memory", stop_at=20, **settings),
        stage("halved", 2, **settings),
    ]
    assert launch(folder, [*halved, stage("usual", 2, **settings)]) == [0, 0], said_by(folder, 0)
    assert losses(folder / "halved") == pytest.approx(losses(folder / "usual"), rel=1e-4)
    assert [line["rows"] for line in log(folder / "halved", "batch_size")] == [1], "the second process knows of it"
    assert "rows at once: 1 (the memory did not suffice for 2: " in said_by(folder, 0)
    counts = [read_record(checkpoints(folder / name / "checkpoints")[-1]).rows_seen for name in ("halved", "usual")]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("size", "harmed", "harm", "said"),
    [
        (3, 2, "stopped", "process 2 of 3 (pid"),
        (2, 0, "killed", "process 0 of 2"),
        (2, 1, "an error", "this text cannot be read"),
        (2, 0, "an error", "this text cannot be read"),  # its end is that of what they tell each other by
        pytest.param(3, 1, "killed", "process 1 of 3 (pid", marks=pytest.mark.slow),
        pytest.param(2, 0, "stopped", "process 0 of 2", marks=pytest.mark.slow),
        pytest.param(2, 0, "a bug", "JSONDecodeError: Expecting value", marks=pytest.mark.slow),
    ],
)
def test_what_ends_one_process_ends_all_and_is_named(
    folder: Path, size: int, harmed: int, harm: str, said: str
) -> None:
    codes = launch(folder, [stage("lost", size, harmed=harmed, harm=harm, steps=1000, rank_timeout=6.0)])
    for rank in {*range(size)} - {harmed}:
        assert codes[rank] == RankLostError.exit_code, said_by(folder, rank)
        assert said in said_by(folder, rank)


_RESTARTED = """
import os
import sys
from pathlib import Path
from tests.training.ranks import stage, train_stage
harmed = 1 if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" else None
settings = {"steps": 6, "checkpoint_every": 1, "rank_timeout": 20.0}
train_stage(int(os.environ["RANK"]), Path(sys.argv[1]), stage("again", 2, harmed=harmed, harm="killed", **settings))
"""


@pytest.mark.slow
def test_torchrun_starts_a_training_again_that_lost_a_process(folder: Path) -> None:
    script = folder / "restarted.py"
    script.write_text(_RESTARTED)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=1",
               str(script), str(folder)]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert answer.returncode == 0, answer.stderr
    assert launch(folder, [stage("whole", 2, steps=6, checkpoint_every=1)]) == [0, 0]
    assert losses(folder / "again") == losses(folder / "whole")
    again, whole = (checkpoints(folder / name / "checkpoints")[-1] for name in ("again", "whole"))
    assert load_file(again / "model.safetensors").keys() == load_file(whole / "model.safetensors").keys()
    for key, value in load_file(whole / "model.safetensors").items():
        assert torch.equal(load_file(again / "model.safetensors")[key], value), key
