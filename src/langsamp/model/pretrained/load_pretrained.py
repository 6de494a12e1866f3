"""The one door to models that others made: a folder or hub id to its weights, nothing of them invented in silence.

Training, evaluation and analysis all come in here. What the loading reports is read: a tensor that is missing, left
over or of another shape is an error that names it, unless it is known what it means. No code that comes with a model is
ever run, and no pickle that could run any is opened.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from langsamp.data.text.stand_ins import loading_errors
from langsamp.errors import UserError
from langsamp.model.conditioning import check_export
from langsamp.model.pretrained.loading_report import (
    HARMLESS,
    VECTORS,
    doubled,
    encoder_of,
    is_inside,
    listed,
    missing,
    problem,
    same_bias,
    tensors_of_encoder,
)  # fmt: skip
from langsamp.model.pretrained.model_config import load_config, reason
from langsamp.model.pretrained.weight_files import tensor_names, weight_files

_WRAPPERS = ("_orig_mod.", "module.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What torch.compile, DDP and the like put into the names of tensors."""


class Pretrained(NamedTuple):
    """A model as it was loaded, and what its loading found."""

    model: PreTrainedModel
    notes: tuple[str, ...]
    """What a reader should know, a sentence each."""
    absent: tuple[str, ...]
    """Tensors above the encoder (LM head, classifier) that the weights lack: they are random."""
    vectors: tuple[str, ...]
    """Language and script vectors that the weights hold and the model has no place for."""
    prefix: str = ""
    """What the names of the stored tensors have in front, or between, that is no part of them."""
    unused: tuple[str, ...] = ()
    """Tensors above the encoder that the weights hold and the model has no place for, vectors aside."""

    def check_head(self, named: str | Path, *, remedy: str) -> None:
        """Accept a masked LM whose LM head was in the weights.

        Raises:
            UserError: where some of it was not, ending with `remedy`.
        """
        if self.absent:
            raise UserError(
                f"{named} has no whole LM head ({listed(list(self.absent))} missing or of another size). {remedy}"
            )


def load_pretrained(
    auto: Any,
    folder: Path,
    *,
    config: PretrainedConfig | None = None,
    dtype: torch.dtype = torch.float32,
    keeps_surplus: bool = False,
    **settings: Any,
) -> Pretrained:
    """The model in `folder` as `auto` (`AutoModel`, `AutoModelForMaskedLM`, ...) builds it, on the CPU.

    `settings` are put over its configuration, or `config` takes its place.

    Names that a wrapper prefixed (torch.compile, DDP, a training framework) are read without the prefix where that fits
    exactly. A single token-type row that is missing is zero: the checkpoint was trained without. What the encoder needs
    is there or an error; what stands above it may be absent and is then named. With `keeps_surplus` the weights may
    hold more of an encoder than `config` has, as where it is to have fewer layers.

    Raises:
        UserError: naming what is missing, left over, of another shape or not finite.
        DamagedError: where a file of weights cannot be read.
    """
    check_export(folder)
    stored = tensor_names(weight_files(folder))
    config = load_config(folder, **settings) if config is None else config
    first: str | None = None
    for prefix, mapping in (*_readings(stored), *_as_half(config)):
        loaded, report = _loaded(auto, folder, mapping, config=config, dtype=dtype)
        fault = problem(loaded, report, keeps_surplus=keeps_surplus) or doubled(loaded, _read_as(stored, mapping))
        if fault is None:
            said = [f"names of tensors are read without {prefix!r}"] if prefix else []
            return _finished(loaded, report, folder, said)._replace(prefix=prefix)
        first = first or fault
    raise UserError(f"{folder} {first}")


def above_encoder(model: PreTrainedModel) -> dict[str, nn.Parameter]:
    """The parameters of a model's head by name; a decoder's weight that is the embedding's is none of them."""
    inside = {id(parameter) for parameter in encoder_of(model).parameters()}
    return {name: each for name, each in model.named_parameters() if id(each) not in inside}


def head_is_untrained(model: PreTrainedModel) -> bool:
    """Whether a masked LM's head is as transformers draws one: saved with an encoder that has none, it looks like any.

    Its biases are then zero to the bit, which no training leaves them. That of the vocabulary may have been filled up
    where a table was; of a head without other biases nothing can be told, and it counts as trained.
    """
    words = model.config.vocab_size
    biases = [each for name, each in above_encoder(model).items() if name.endswith("bias") and len(each) != words]
    return bool(biases) and not any(bool(each.any()) for each in biases)


def _readings(stored: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Ways to read the names: as they are, without wrappers' marks, and without what all have in front."""
    yield "", {}
    marks = [mark for mark in _WRAPPERS if any(f".{name}".find(f".{mark}") >= 0 for name in stored)]
    mapping = {rf"(^|(?<=\.)){re.escape(mark)}": "" for mark in marks}
    if marks:
        yield "".join(marks), mapping
    names, front = [_without(name, marks) for name in stored], ""
    while len({name.partition(".")[0] for name in names}) == 1 and all("." in name for name in names):
        front += names[0].partition(".")[0] + "."
        names = [name.partition(".")[2] for name in names]
        yield "".join(marks) + front, mapping | {f"^{re.escape(front)}": ""}


def _as_half(config: PretrainedConfig) -> list[tuple[str, dict[str, str]]]:
    """The encoder of an encoder-decoder, saved alone by its class in transformers (as SONAR's, an `M2M100Encoder`)."""
    return [("", {"^": "encoder."})] if getattr(config, "is_encoder_decoder", False) else []


def _read_as(stored: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Each name as this reading has it, without wrappers' marks, which may stand in some names alone."""
    read_as = dict(zip(stored, stored, strict=True))
    for pattern, instead in mapping.items():
        read_as = {name: re.sub(pattern, instead, read) for name, read in read_as.items()}
    return {name: _without(read, _WRAPPERS) for name, read in read_as.items()}


def _without(name: str, marks: Sequence[str]) -> str:
    for mark in marks:
        name = f".{name}".replace(f".{mark}", ".")[1:]
    return name


def _loaded(auto: Any, folder: Path, mapping: Mapping[str, str], **settings: Any) -> tuple[Any, dict[str, Any]]:
    named = {"key_mapping": dict(mapping)} if mapping else {}
    try:
        with quietly():
            model, report = auto.from_pretrained(
                folder,
                output_loading_info=True,
                local_files_only=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,  # they are in the report, and judged there
                **named,
                **settings,
            )
    except loading_errors() as error:
        raise UserError(f"{folder} cannot be loaded: {reason(error)}") from None
    return model, report


def _finished(model: PreTrainedModel, report: Mapping[str, Any], folder: Path, notes: list[str]) -> Pretrained:
    inside, absent = tensors_of_encoder(model), set(missing(report))
    absent |= {name for name, *_ in report["mismatched_keys"]}
    for name in sorted(name for name in absent if is_inside(model, name, inside)):
        nn.init.zeros_(model.get_parameter(name))
        notes.append(f"{name} is not in the weights: it is zero, as in a training without token types")
    absent = {name for name in absent if not is_inside(model, name, inside) and not HARMLESS.search(name)}
    absent -= same_bias(model, absent)
    for name, parameter in model.named_parameters():
        if not bool(parameter.isfinite().all()) and name not in absent:
            raise UserError(
                f"{folder}: {name} holds NaN or infinite numbers; the model's training diverged, or its weights were "
                "too large for the half precision that they were stored in"
            )
    _check_written(model, folder)
    _choose_adapter(model, folder)
    vectors = tuple(sorted(name for name in report["unexpected_keys"] if name.endswith(VECTORS)))
    unused = {name for name in report["unexpected_keys"] if name not in vectors and not HARMLESS.search(name)}
    return Pretrained(model, tuple(notes), tuple(sorted(absent)), vectors, unused=tuple(sorted(unused)))


def _check_written(model: PreTrainedModel, folder: Path) -> None:
    """Refuse weights that are all zeros, as a training in several processes saves that gathers none of its parts."""
    matrices = [each for each in encoder_of(model).parameters() if each.dim() > 1]
    zeros = sum(not bool(each.any()) for each in matrices)
    if 2 * zeros > len(matrices):
        raise UserError(
            f"{folder}: {zeros} of {len(matrices)} matrices of the encoder are zeros; the weights were not gathered "
            "when they were saved. Save or download the model again"
        )


def _choose_adapter(model: PreTrainedModel, folder: Path) -> None:
    """X-MOD takes one language's adapters; without a default in its configuration there must be only one."""
    config: Any = model.config
    if config.model_type != "xmod" or config.default_language is not None:
        return
    if len(config.languages) != 1:
        raise UserError(
            f"{folder} has adapters of {len(config.languages)} languages and its config.json chooses none: set "
            f"default_language there to one of {listed(list(config.languages), 8)}"
        )
    config.default_language = config.languages[0]


@contextmanager
def quietly() -> Iterator[None]:
    """No progress bar and no report of transformers' own: what it would say is read and said by us."""
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
