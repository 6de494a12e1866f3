"""Checkpoints written beside the training, in a thread, from copies; one at a time."""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import PreTrainedConfig, PreTrainedTokenizerBase

from langsamp.disk.files import free_bytes, replacing, write_json
from langsamp.disk.seals import seal
from langsamp.errors import UserError
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.provenance import SCHEMA
from langsamp.training.checkpoint import MODEL, OF, OPTIMIZER, RECORD, checkpoint_folder, checkpoints, step_of


class Snapshot(NamedTuple):
    """A step's tensors, copied to main memory: what can be written while training changes the originals.

    Of a tensor that is spread over processes each has its part.
    """

    model: Mapping[str, Tensor]
    """By name; a tensor with several names (a decoder that is the word embedding) under the first of them."""
    optimizer: Mapping[str, Tensor]
    config: PreTrainedConfig

    @classmethod
    def of(cls, model: LangSampForMaskedLM, optimizer: Optimizer) -> "Snapshot":
        """The state of now."""
        weights, state = (
            {name: each.to("cpu", copy=True) for name, each in tensors.items()}
            for tensors in (_model_tensors(model), _optimizer_tensors(model, optimizer))
        )
        return cls(weights, state, model.mlm.config)


class Kept(NamedTuple):
    """Which checkpoints stay when a new one is written."""

    newest: int | None
    """How many of the newest; None for all."""
    every: int | None = None
    """Those of steps that this divides stay too."""
    best: int | None = None
    """And that of this step."""

    def delete_others(self, folder: Path) -> None:
        """Delete those below `folder` that do not stay."""
        if self.newest is None:
            return
        staying = set() if self.best is None else {checkpoint_folder(folder, self.best)}
        for old in checkpoints(folder)[: -self.newest]:
            if old not in staying and not (self.every and step_of(old) % self.every == 0):
                shutil.rmtree(old.rename(old.with_name(f".{old.name}.old")))


class NewCheckpoint(NamedTuple):
    """A checkpoint that is to be written."""

    folder: Path
    """Where it is to lie."""
    state: Snapshot
    tokenizer: PreTrainedTokenizerBase
    record: Mapping[str, Any]
    """As a `CheckpointRecord` but for its schema."""
    kept: Kept
    """Which others stay."""

    def write(self) -> None:
        """Write it from a state that is whole, then delete those that do not stay."""
        with replacing(self.folder) as fresh:
            save_file(dict(self.state.model), fresh / MODEL)
            save_file(dict(self.state.optimizer), fresh / OPTIMIZER)
            self.complete(fresh)
        self.kept.delete_others(self.folder.parent)

    def complete(self, fresh: Path, *, known: Mapping[str, str] | None = None) -> None:
        """Write into `fresh`, which has all tensors, all else, and the checksums, of which some are `known`."""
        self.state.config.save_pretrained(fresh)
        self.tokenizer.save_pretrained(fresh)
        write_json(fresh / RECORD, {"schema": SCHEMA, **self.record})
        seal(fresh, known=known)


class CheckpointWriter:
    """Writes one thing after the other while its user goes on; what went wrong shows at the next call."""

    def __init__(self) -> None:
        """Nothing to write yet."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._under_way: Future[object] | None = None

    def write(self, job: Callable[[], object]) -> None:
        """Do `job` in the thread, once what is under way is done.

        Raises:
            UserError: where that failed.
        """
        self.wait()
        self._under_way = self._pool.submit(job)

    def wait(self) -> None:
        """Return once all is written.

        Raises:
            UserError: where it failed.
        """
        if self._under_way is not None:
            written, self._under_way = self._under_way, None
            written.result()

    def close(self) -> None:
        """End the thread once all is written, however that went."""
        self._pool.shutdown()


def check_space(model: nn.Module, folder: Path) -> None:
    """Accept a disk that has room for a checkpoint of `model` below `folder`.

    Raises:
        UserError: where it has not.
    """
    needed = 3 * sum(parameter.numel() * 4 for parameter in model.parameters())
    if free_bytes(folder) < needed:
        raise UserError(
            f"no room for a checkpoint in {folder}: it takes {needed / 2**30:.1f} GiB and "
            f"{free_bytes(folder) / 2**30:.1f} GiB are free. Free some space (training.keep_checkpoints keeps fewer) "
            "and run the same command again"
        )


def _model_tensors(model: nn.Module) -> dict[str, Tensor]:
    """What a model keeps, each tensor once, under the first of its names, as safetensors saves models."""
    stored, first = model.state_dict(), dict[int, str]()
    named = (*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False))
    for name, tensor in sorted(named, key=lambda item: item[0]):
        if name in stored:
            first.setdefault(id(tensor), name)
    return {name: stored[name].contiguous() for name in first.values()}


def _optimizer_tensors(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    return {
        f"{key}{OF}{names[parameter]}": value
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
        if isinstance(value, Tensor)
    }
