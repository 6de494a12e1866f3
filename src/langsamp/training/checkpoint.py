"""A step's state on disk: one folder per step, written aside and renamed, checked when read.

`step-0005000/` holds `model.safetensors`, `optimizer.safetensors`, the Hugging Face configuration, the tokenizer,
`checkpoint.json` (step, settings) and the checksums of all of them. Order, masks, dropout and schedule are functions of
the step, so nothing else has to be kept. `latest` is found by looking.
"""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import AutoConfig, AutoModelForMaskedLM

from langsamp.disk.files import as_record, read_versioned
from langsamp.disk.seals import check_sealed
from langsamp.errors import DamagedError, OtherVersionError
from langsamp.languages.ids import LanguageIds
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import Variant
from langsamp.training.sharding import part_of

T = TypeVar("T")

MODEL, OPTIMIZER, RECORD = "model.safetensors", "optimizer.safetensors", "checkpoint.json"
_NAME = re.compile(r"step-\d{7,}")


class Selected(BaseModel):
    """Which checkpoint was the best."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str
    on: Literal["none", "dev", "test"]
    step: int
    score: float


class CheckpointRecord(BaseModel):
    """What `checkpoint.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(alias="schema")
    step: int = Field(ge=0)
    name: str
    variant: Variant
    seed: int
    data: str
    """Fingerprint of the rows."""
    identity: Mapping[str, Any]
    """All that decides the weights at each step."""
    ids: LanguageIds
    rows_seen: Mapping[str, Annotated[int, Field(ge=0)]]
    """Rows read until then, by tag."""
    masked_seen: Mapping[str, Annotated[int, Field(ge=0)]] | None = None
    """Tokens predicted until then, by tag; None where they were not counted, as in older checkpoints."""
    fast_paths: Mapping[str, Any] | None
    batch_size: Mapping[str, Any] | None
    scaler: Mapping[str, Any] | None
    """State of the scaling of fp16's losses."""
    selected: Selected | None
    """The best checkpoint until then, where one is selected."""
    start: Sequence[str] = ()
    """What there is to say of where the weights come from, a sentence each."""
    provenance: Mapping[str, Any]


def checkpoint_folder(folder: Path, step: int) -> Path:
    """Where the checkpoint of `step` lies below `folder`."""
    return folder / f"step-{step:07d}"


def step_of(checkpoint: Path) -> int:
    """The step of a checkpoint, by its name."""
    return int(checkpoint.name.removeprefix("step-"))


def checkpoints(folder: Path) -> list[Path]:
    """All checkpoints below `folder`, oldest step first."""
    folders = [path for path in folder.glob("step-*") if _NAME.fullmatch(path.name)]
    return sorted(folders, key=step_of)


def newest_whole(folder: Path) -> tuple[Path | None, list[DamagedError]]:
    """The newest checkpoint below `folder` that is as it was written, and what is wrong with newer ones.

    None where there is no checkpoint.

    Raises:
        DamagedError: where there are some, and none is whole.
        OtherVersionError: where the newest is of another version.
    """
    return _newest(folder, _whole)


def newest_record(folder: Path) -> CheckpointRecord | None:
    """The record of the newest checkpoint below `folder` whose record is whole; None where there is no checkpoint.

    Raises:
        DamagedError: where there are some, and no record is whole.
    """
    return _newest(folder, read_record)[0]


def _newest(folder: Path, read: Callable[[Path], T]) -> tuple[T | None, list[DamagedError]]:
    """What `read` gives of the newest checkpoint that it can read, and what is wrong with newer ones."""
    damage: list[DamagedError] = []
    for checkpoint in reversed(checkpoints(folder)):
        try:
            return read(checkpoint), damage
        except OtherVersionError:
            raise
        except DamagedError as error:
            damage.append(error)
    if damage:
        raise damage[0]
    return None, []


def _whole(checkpoint: Path) -> Path:
    read_record(checkpoint)
    check_sealed(checkpoint, remedy=_remedy(checkpoint))
    return checkpoint


def newest_alone(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest whole checkpoint in `folder`, and what is damaged in newer ones, which are put aside."""
    newest, damage = newest_whole(folder)
    if newest is None:
        return None, []
    pairs = zip(damage, reversed(put_aside(newest)), strict=True)  # what could be done about the damage is not needed
    return newest, [f"{str(error).partition('; ')[0]}: put aside as {aside.name}" for error, aside in pairs]


def put_aside(newer_than: Path) -> list[Path]:
    """Give the checkpoints newer than `newer_than`, which are damaged, names that are none of checkpoints; these."""
    aside = []
    for checkpoint in checkpoints(newer_than.parent):
        if step_of(checkpoint) > step_of(newer_than):
            target = checkpoint.with_name(f"{checkpoint.name}.damaged")
            if target.exists():
                shutil.rmtree(target)
            aside.append(checkpoint.rename(target))
    return aside


def read_record(checkpoint: Path) -> CheckpointRecord:
    """What `checkpoint.json` says.

    Raises:
        DamagedError: where it is missing, changed, of another schema or of another step than its folder.
    """
    path, remedy = checkpoint / RECORD, _remedy(checkpoint)
    check_sealed(checkpoint, remedy=remedy, only=[RECORD])
    record = as_record(CheckpointRecord, read_versioned(path, remedy=remedy), path, remedy=remedy)
    if _NAME.fullmatch(checkpoint.name) and checkpoint.name != checkpoint_folder(checkpoint.parent, record.step).name:
        raise DamagedError(f"{checkpoint} holds step {record.step}, so it was renamed: give it its name back")
    return record


def load_checkpoint(checkpoint: Path, *, model: nn.Module, optimizer: Optimizer | None = None) -> CheckpointRecord:
    """Put the state of `checkpoint` into `model` and `optimizer`; return its record.

    Raises:
        DamagedError: where a file is missing, cut short or changed; it is named.
    """
    record = read_record(checkpoint)
    check_sealed(checkpoint, remedy=_remedy(checkpoint))
    try:
        _restore_model(model, load_file(checkpoint / MODEL))
        if optimizer is not None:
            _restore_optimizer(model, optimizer, load_file(checkpoint / OPTIMIZER))
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise DamagedError(f"{checkpoint} does not fit this model ({error}); was it made by another recipe?") from error
    return record


def rebuild_model(checkpoint: Path) -> tuple[LangSampForMaskedLM, CheckpointRecord]:
    """The model as it was at `checkpoint`, and the checkpoint's record.

    Raises:
        DamagedError: where a file is missing or changed.
    """
    record = read_record(checkpoint)
    check_sealed(checkpoint, remedy=_remedy(checkpoint))
    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True, trust_remote_code=False)
    mlm = AutoModelForMaskedLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    languages, scripts = len(record.ids.languages), len(record.ids.scripts)
    model = LangSampForMaskedLM(mlm, variant=record.variant, num_languages=languages, num_scripts=scripts)
    load_checkpoint(checkpoint, model=model)
    return model, record


def _remedy(checkpoint: Path) -> str:
    """What to do about a damaged checkpoint, and what that costs."""
    older = [path for path in checkpoints(checkpoint.parent) if path.name < checkpoint.name]
    then = f"to go on from {older[-1].name}" if older else "to train from the first step, as there is no older one"
    return f"put that file back from a copy, or delete {checkpoint} {then}"


def _restore_model(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    kept = model.state_dict(keep_vars=True)
    if unknown := tensors.keys() - kept.keys():
        raise KeyError(f"no {sorted(unknown)[0]} in the model")
    model.load_state_dict({name: part_of(value, kept[name]) for name, value in tensors.items()}, strict=False)
    restored = {id(kept[name]) for name in tensors}  # a tensor with several names is stored under one of them
    if missing := [name for name, tensor in kept.items() if id(tensor) not in restored]:
        raise KeyError(f"no {missing[0]} in the file")


def _restore_optimizer(model: nn.Module, optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        kind, _, name = key.partition("|")
        parameter = parameters[name]
        # AdamW keeps its step count on the CPU unless it is fused on an accelerator.
        device = parameter.device if kind != "step" or parameter.is_cuda else torch.device("cpu")
        moved = value.to(device)
        optimizer.state[parameter][kind] = moved if kind == "step" else part_of(moved, parameter)
