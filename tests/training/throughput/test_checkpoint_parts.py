"""Laws of checkpoints that several processes write: what they hold is what one would have written, bit for bit."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer
from transformers import PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.disk.seals import check_sealed, seal
from langsamp.errors import RankLostError, UserError
from langsamp.languages.ids import LanguageIds
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.checkpoint import checkpoint_folder, checkpoints, load_checkpoint, read_record, rebuild_model
from langsamp.training.config import TrainingConfig
from langsamp.training.optimization.layers import layers_of
from langsamp.training.optimizer import make_optimizer
from langsamp.training.processes import check_one_disk, join_processes, leave_processes
from langsamp.training.sharding import Shards, whole
from langsamp.training.throughput.checkpoint_parts import write_parts
from langsamp.training.throughput.checkpoint_writer import Kept, NewCheckpoint, Snapshot
from langsamp.training.trainer import train
from langsamp.world import World
from tests.processes import together
from tests.tiny_parts import tiny_mlm, word_tokenizer
from tests.training.ranks import launch, said_by, stage
from tests.training.stored import stored
from tests.training.test_ranks import folder  # noqa: F401
from tests.training.test_trainer import losses, task

pytestmark = pytest.mark.integration

Tokenizer = PreTrainedTokenizerFast


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def _parts(kind: Any) -> tuple[LangSampForMaskedLM, TrainingConfig]:
    """A model that does not divide by any number of processes, and has fewer languages than some."""
    mlm = tiny_mlm("xlm-roberta", vocab_size=61)
    model = LangSampForMaskedLM(mlm, variant="both", num_languages=2, num_scripts=1)
    return model, TrainingConfig(optimizer=kind, learning_rate=1e-2, sharding="fsdp")


def _new(checkpoint: Path, model: LangSampForMaskedLM, optimizer: Optimizer) -> NewCheckpoint:
    record = {
        "step": int(checkpoint.name[-7:]), "name": "test", "variant": "both", "seed": 0, "data": "", "identity": {},
        "ids": LanguageIds(languages=("deu", "kmr"), scripts=("Latn",)).model_dump(mode="json"), "rows_seen": {},
        "fast_paths": None, "batch_size": None, "scaler": None, "selected": None, "provenance": {},
    }  # fmt: skip
    return NewCheckpoint(checkpoint, Snapshot.of(model, optimizer), word_tokenizer(), record, Kept(None))


def _write(out: Path, kind: str, step: int) -> None:
    """In each process: go on from the checkpoint before `step` or take two steps, then write that of `step`.

    The first process writes what the parts of all give together, too.
    """
    model, config = _parts(kind)
    size, rank, before = int(os.environ["WORLD_SIZE"]), int(os.environ["RANK"]), checkpoint_folder(out, step - 1)
    torch.distributed.init_process_group("gloo")
    shards = Shards(model, layers_of(model.mlm.base_model), size=size, device=torch.device("cpu"))
    optimizer = make_optimizer(model, config)
    if before.exists():
        load_checkpoint(before, model=model, optimizer=optimizer)
    else:
        _take_steps(model, optimizer)
    new = _new(checkpoint_folder(out, step), model, optimizer)
    write_parts(new, shards.writers)
    gathered = {name: whole(each).clone() for name, each in {**new.state.model, **new.state.optimizer}.items()}
    if rank == 0:
        save_file(gathered, out / f"gathered-{step}.safetensors")
    torch.distributed.destroy_process_group()


def _take_steps(model: LangSampForMaskedLM, optimizer: Optimizer) -> None:
    for _ in range(2):
        for parameter in model.parameters():
            parameter.grad = parameter.detach().clone() + 0.1
        optimizer.step()


@pytest.mark.parametrize("kind", ["adamw", "stable-adamw", "muon"])
def test_parts_are_the_whole_bit_for_bit_for_any_number_of_processes(tmp_path: Path, kind: str) -> None:
    steps = [checkpoint_folder(tmp_path, step) for step in range(1, 5)]
    together(_write, tmp_path, kind, 1, said=tmp_path / "said", size=3)
    first = stored(steps[0])
    assert_same(first, load_file(tmp_path / "gathered-1.safetensors"))
    together(_write, tmp_path, kind, 2, said=tmp_path / "said", size=2)
    assert_same(first, stored(steps[1]))
    model, config = _parts(kind)
    optimizer = make_optimizer(model, config)
    load_checkpoint(steps[1], model=model, optimizer=optimizer)
    _new(steps[2], model, optimizer).write()
    assert_same(first, load_file(steps[2] / "model.safetensors") | load_file(steps[2] / "optimizer.safetensors"))
    together(_write, tmp_path, kind, 4, said=tmp_path / "said", size=2)
    assert_same(first, stored(steps[3]))
    weights = [name for name in first if "|" not in name]
    assert len(weights) == len(list(model.parameters())), "a decoder that is the word embedding is stored once"
    _check_files(steps[0], size=3)
    for stray in (steps[0] / "shard-00004-model-00001-of-00001.safetensors", steps[2] / "of-the-user.safetensors"):
        save_file({name: value + 1 for name, value in first.items()}, stray)
        rebuilt = rebuild_model(stray.parent)[0].state_dict()
        assert all(torch.equal(rebuilt[name], first[name]) for name in weights), "what was added later is not read"


def _check_files(checkpoint: Path, *, size: int) -> None:
    """Each of `size` processes has written its part, no more, and nothing that is a pickle."""
    assert {path.suffix for path in checkpoint.iterdir()} == {".safetensors", ".json"}
    check_sealed(checkpoint, remedy="")
    numbers = dict.fromkeys(range(1, size + 1), 0)
    for path in checkpoint.glob("shard-*"):
        numbers[int(path.name[6:11])] += sum(each.numel() for each in load_file(path).values())
    assert max(numbers.values()) < 1.1 * sum(numbers.values()) / size
    with safe_open(next(checkpoint.glob("shard-00003-model-00001-*")), "pt") as file:
        assert file.get_slice("language.weight").get_shape() == [0, 32], "fewer languages than processes"


def _check_disk(one: Path, other: Path) -> None:
    accelerator, world = join_processes(TrainingConfig(), one, cpu=True)
    check_one_disk(one, accelerator, world)
    with pytest.raises(UserError, match=r"process 1 of 2 does not see .* all machines need one disk"):
        check_one_disk(one if world.is_leader else other, accelerator, World(*world))
    leave_processes()


def test_processes_that_see_other_disks_are_refused(tmp_path: Path) -> None:
    together(_check_disk, tmp_path / "one", tmp_path / "other", said=tmp_path / "said")
    assert list((tmp_path / "one").iterdir()) == [], "nothing is left of it"


SPREAD: dict[str, Any] = {"steps": 6, "checkpoint_every": 2, "sharding": "fsdp"}
HASTY = SPREAD | {"rank_timeout": 6.0}
"""Where one is lost, so that the others need not wait for long; a busy machine can be silent for as long."""


@pytest.mark.parametrize("harmed", [0, 1])
def test_a_process_killed_as_it_writes_leaves_nothing_that_counts(folder: Path, harmed: int) -> None:  # noqa: F811
    codes = launch(folder, [stage("lost", 2, harmed=harmed, harm="killed as it writes", **HASTY)])
    assert codes[1 - harmed] == RankLostError.exit_code, said_by(folder, 1 - harmed)
    assert f"process {harmed} of 2" in said_by(folder, 1 - harmed)
    assert not checkpoints(folder / "lost" / "checkpoints")
    assert launch(folder, [stage("lost", 2, **SPREAD), stage("whole", 2, **SPREAD)]) == [0, 0], said_by(folder, 0)
    lost, undisturbed = (folder / name for name in ("lost", "whole"))
    assert losses(lost) == losses(undisturbed)
    last = [checkpoints(each / "checkpoints")[-1] for each in (lost, undisturbed)]
    assert_same(*map(stored, last))
    assert not list(lost.rglob(".*")), "nothing half-written is left"


def test_a_full_disk_of_one_process_is_what_all_say(folder: Path) -> None:  # noqa: F811
    codes = launch(folder, [stage("full", 2, harmed=1, harm="no room", **HASTY)])
    assert {*codes} <= {UserError.exit_code, RankLostError.exit_code}
    for rank in (0, 1):
        said = said_by(folder, rank)
        assert "step-0000002: File too large; nothing was changed there." in said and "Traceback" not in said
    assert list((folder / "full" / "checkpoints").iterdir()) == []


@pytest.mark.parametrize("is_missing", [True, False])
def test_a_shard_that_is_missing_or_damaged_is_named_and_an_older_checkpoint_stands_in(
    folder: Path,  # noqa: F811
    rows: PreparedRows,
    tokenizer: Tokenizer,
    capsys: pytest.CaptureFixture[str],
    is_missing: bool,
) -> None:
    settings = SPREAD | {"rows_per_step": 8}
    assert launch(folder, [stage("harmed", 2, **settings)]) == [0, 0], said_by(folder, 0)
    newest = checkpoints(folder / "harmed" / "checkpoints")[-1]
    shard = sorted(newest.glob("shard-00002-*"))[0]
    if is_missing:
        shard.unlink()
    else:
        content = bytearray(shard.read_bytes())
        content[-1] ^= 1
        shard.write_bytes(content)
    shutil.copytree(folder / "harmed", folder / "alone")
    assert launch(folder, [stage("harmed", 2, **settings)]) == [0, 0], said_by(folder, 0)
    trouble = "is missing" if is_missing else "does not match its checksum"
    assert f"{shard.name} {trouble}" in said_by(folder, 0)
    assert "put aside as step-0000006.damaged, and test goes on from step-0000004" in said_by(folder, 0)
    del settings["rows_per_step"], settings["sharding"]
    sampler = type(task(rows, tokenizer, folder).sampler)(rows_per_step=8)
    assert train(task(rows, tokenizer, folder / "alone", sampler=sampler, dropout=0.0, **settings), cpu=True)
    assert "goes on from step-0000004" in capsys.readouterr().err
    assert read_record(checkpoints(folder / "alone" / "checkpoints")[-1]).step == 6


def test_no_folder_is_sealed_that_lacks_a_file_of_which_the_checksum_is_known(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        seal(tmp_path, known={"shard-00002-model-00001-of-00001.safetensors": "0"})
    assert list(tmp_path.iterdir()) == []
