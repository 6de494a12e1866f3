"""A step's state on disk: one folder per step, written aside and renamed, checked when read.

`step-0005000/` holds `model.safetensors`, `optimizer.safetensors`, the Hugging Face configuration, the tokenizer,
`checkpoint.json` (step, settings) and the checksums of all of them. Order, masks, dropout and schedule are functions of
the step, so nothing else has to be kept. `latest` is found by looking.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerBase

from langsamp.disk.files import as_record, free_bytes, read_versioned, replacing, write_json
from langsamp.disk.seals import check_sealed, seal
from langsamp.errors import DamagedError, UserError
from langsamp.languages.ids import LanguageIds
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import Variant
from langsamp.provenance import SCHEMA

_MODEL, _OPTIMIZER, _RECORD = "model.safetensors", "optimizer.safetensors", "checkpoint.json"
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


def checkpoints(folder: Path) -> list[Path]:
    """All checkpoints below `folder`, oldest step first."""
    folders = [path for path in folder.glob("step-*") if _NAME.fullmatch(path.name)]
    return sorted(folders, key=lambda path: int(path.name.removeprefix("step-")))


def save_checkpoint(
    folder: Path,
    *,
    step: int,
    model: LangSampForMaskedLM,
    optimizer: Optimizer,
    tokenizer: PreTrainedTokenizerBase,
    record: Mapping[str, Any],
    keep: int | None,
    best: int | None = None,
) -> Path:
    """Write the checkpoint of `step` below `folder`, then delete all but the newest `keep` and `best`; its folder.

    `best` is a step. Where `keep` is None all stay.

    Raises:
        UserError: where the disk has no room for it.
    """
    _check_space(model, folder)
    out = checkpoint_folder(folder, step)
    with replacing(out) as fresh:
        model.mlm.config.save_pretrained(fresh)
        tokenizer.save_pretrained(fresh)
        save_model(model, str(fresh / _MODEL))
        save_file(_optimizer_tensors(model, optimizer), fresh / _OPTIMIZER)
        write_json(fresh / _RECORD, {"schema": SCHEMA, "step": step, **record})
        seal(fresh)
    for old in checkpoints(folder)[: -keep if keep else 0]:
        if best is None or old != checkpoint_folder(folder, best):
            shutil.rmtree(old.rename(old.with_name(f".{old.name}.old")))
    return out


def read_record(checkpoint: Path) -> dict[str, Any]:
    """What `checkpoint.json` says, the fields of `CheckpointRecord`.

    Raises:
        DamagedError: where it is missing, changed, of another schema or of another step than its folder.
    """
    path, remedy = checkpoint / _RECORD, _remedy(checkpoint)
    check_sealed(checkpoint, remedy=remedy, only=[_RECORD])
    content = read_versioned(path, remedy=remedy)
    step = as_record(CheckpointRecord, content, path, remedy=remedy).step
    if _NAME.fullmatch(checkpoint.name) and checkpoint.name != checkpoint_folder(checkpoint.parent, step).name:
        raise DamagedError(f"{checkpoint} holds step {step}, so it was renamed: give it its name back")
    return content


def load_checkpoint(checkpoint: Path, *, model: nn.Module, optimizer: Optimizer | None = None) -> dict[str, Any]:
    """Put the state of `checkpoint` into `model` and `optimizer`; return its record.

    Raises:
        DamagedError: where a file is missing, cut short or changed; it is named.
    """
    record = read_record(checkpoint)
    check_sealed(checkpoint, remedy=_remedy(checkpoint))
    try:
        load_model(model, str(checkpoint / _MODEL))
        if optimizer is not None:
            _restore_optimizer(model, optimizer, load_file(checkpoint / _OPTIMIZER))
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise DamagedError(f"{checkpoint} does not fit this model ({error}); was it made by another recipe?") from error
    return record


def rebuild_model(checkpoint: Path) -> tuple[LangSampForMaskedLM, dict[str, Any]]:
    """The model as it was at `checkpoint`, and the checkpoint's record.

    Raises:
        DamagedError: where a file is missing or changed.
    """
    record = read_record(checkpoint)
    check_sealed(checkpoint, remedy=_remedy(checkpoint))
    ids = LanguageIds.model_validate(record["ids"])
    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True, trust_remote_code=False)
    mlm = AutoModelForMaskedLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    model = LangSampForMaskedLM(
        mlm, variant=record["variant"], num_languages=len(ids.languages), num_scripts=len(ids.scripts)
    )
    load_checkpoint(checkpoint, model=model)
    return model, record


def _remedy(checkpoint: Path) -> str:
    """What to do about a damaged checkpoint, and what that costs."""
    older = [path for path in checkpoints(checkpoint.parent) if path.name < checkpoint.name]
    then = f"to go on from {older[-1].name}" if older else "to train from the first step, as there is no older one"
    return f"put that file back from a copy, or delete {checkpoint} {then}"


def _check_space(model: nn.Module, folder: Path) -> None:
    needed = 3 * sum(parameter.numel() * 4 for parameter in model.parameters())
    if free_bytes(folder) < needed:
        raise UserError(
            f"no room for a checkpoint in {folder}: it takes {needed / 2**30:.1f} GiB and "
            f"{free_bytes(folder) / 2**30:.1f} GiB are free. Free some space (training.keep_checkpoints keeps fewer) "
            "and run the same command again"
        )


def _optimizer_tensors(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    return {
        f"{key}|{names[parameter]}": value
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
        if isinstance(value, Tensor)
    }


def _restore_optimizer(model: nn.Module, optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        kind, _, name = key.partition("|")
        parameter = parameters[name]
        # AdamW keeps its step count on the CPU unless it is fused on an accelerator.
        device = parameter.device if kind != "step" or parameter.is_cuda else torch.device("cpu")
        optimizer.state[parameter][kind] = value.to(device)
