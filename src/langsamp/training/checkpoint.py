"""A step's state on disk: one folder per step, written aside and renamed, checked when read.

`step-0005000/` holds `model.safetensors`, `optimizer.safetensors`, the Hugging Face configuration, the tokenizer,
`checkpoint.json` (step, settings) and the checksums of all of them. Order, masks, dropout and schedule are functions of
the step, so nothing else has to be kept. `latest` is found by looking.

A model that is spread over processes has files such as `shard-00001-model-00002-of-00004.safetensors` instead, here of
the first process its parts of the second kind of tensors. torch's distributed checkpoint reads all files of tensors
alike: each process takes of them what it needs, a part again or all.
"""

import re
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.filesystem import FileSystem
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.optim import Optimizer
from transformers import AutoConfig, AutoModelForMaskedLM

from langsamp.disk.files import as_record, read_versioned
from langsamp.disk.seals import check_sealed
from langsamp.errors import DamagedError, OtherVersionError
from langsamp.languages.ids import LanguageIds
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import Variant
from langsamp.training.sharding import reason_of

T = TypeVar("T")

MODEL, OPTIMIZER, RECORD = "model.safetensors", "optimizer.safetensors", "checkpoint.json"
OF: Final = "|"
"""Between a kind of the optimizer's tensors and the name of the parameter, as in `exp_avg|language.weight`."""
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
    reader = HuggingFaceStorageReader(str(checkpoint))
    reader.fs = _Sealed(check_sealed(checkpoint, remedy=_remedy(checkpoint)).files)
    try:
        _restore(reader, model, optimizer)
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise DamagedError(f"{checkpoint} does not fit this model ({error}); was it made by another recipe?") from error
    return record


def rebuild_model(checkpoint: Path) -> tuple[LangSampForMaskedLM, CheckpointRecord]:
    """The model as it was at `checkpoint`, and the checkpoint's record.

    Raises:
        DamagedError: where a file is missing or changed.
    """
    record = read_record(checkpoint)
    check_sealed(checkpoint, remedy=_remedy(checkpoint), only=["config.json"])  # all else is checked where it is loaded
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


class _Sealed(FileSystem):
    """The files that were written with a checkpoint, without others that somebody has put beside them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names

    def ls(self, path: str | PathLike[str]) -> list[str]:
        return [str(Path(path) / name) for name in self._names]


def _restore(reader: HuggingFaceStorageReader, model: nn.Module, optimizer: Optimizer | None) -> None:
    """Read into the parameters, without a copy of them, and into a new state of the optimizer."""
    stored = reader.read_metadata().state_dict_metadata
    weights = _weights(model, [key for key in stored if OF not in key])
    state = {} if optimizer is None else _new_state(model, {key: about for key, about in stored.items() if OF in key})
    planner = DefaultLoadPlanner(flatten_state_dict=False, flatten_sharded_tensors=False)
    try:
        with warnings.catch_warnings(action="ignore"):  # that each process reads for itself
            load({**weights, **state}, storage_reader=reader, planner=planner, no_dist=True)
    except CheckpointException as failed:
        raise reason_of(failed) from failed
    if optimizer is not None:
        parameters = dict(model.named_parameters())
        for key, value in state.items():
            kind, _, name = key.partition(OF)
            optimizer.state[parameters[name]][kind] = value


def _weights(model: nn.Module, names: Sequence[str]) -> dict[str, Tensor]:
    """The tensors of `model` that are stored under `names`."""
    kept = model.state_dict(keep_vars=True)
    if unknown := set(names) - kept.keys():
        raise KeyError(f"no {min(unknown)} in the model")
    restored = {id(kept[name]) for name in names}  # a tensor with several names is stored under one of them
    if missing := [name for name, tensor in kept.items() if id(tensor) not in restored]:
        raise KeyError(f"no {missing[0]} in the file")
    return {name: kept[name].detach() for name in names}


def _new_state(model: nn.Module, stored: Mapping[str, Any]) -> dict[str, Tensor]:
    """Tensors for an optimizer's state as it is `stored`, each spread as its parameter, with nothing in them yet."""
    parameters, state = dict(model.named_parameters()), {}
    for key, about in stored.items():
        assert isinstance(about, TensorStorageMetadata)
        kind, _, name = key.partition(OF)
        parameter, dtype = parameters[name].detach(), about.properties.dtype
        if kind == "step":  # AdamW keeps its step count on the CPU unless it is fused on an accelerator.
            device = parameter.device if parameter.is_cuda else torch.device("cpu")
            state[key] = torch.empty(about.size, dtype=dtype, device=device)
        else:
            state[key] = torch.empty_like(parameter, dtype=dtype)
    return state
