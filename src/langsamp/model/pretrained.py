"""The one door to models that others made: a folder or hub id to its weights, nothing of them invented in silence.

Training, evaluation and analysis all come in here. What the loading reports is read: a tensor that is missing, left
over or of another shape is an error that names it, unless it is known what it means. No code that comes with a model is
ever run, and no pickle that could run any is opened.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub.errors import StrictDataclassError
from torch import Tensor, nn
from transformers import AutoConfig, PretrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from langsamp.data.stand_ins import check_content
from langsamp.errors import UserError
from langsamp.model.weight_files import tensor_names, weight_files

LOADING_ERRORS = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError, IndexError,
    StrictDataclassError,
)  # fmt: skip
"""What transformers raises at files that it cannot make sense of."""

_WRAPPERS = ("_orig_mod.", "module.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What torch.compile, DDP and the like put into the names of tensors."""
_TOKEN_TYPES = "token_type_embeddings.weight"
_VECTORS = ("lang_type_embeddings.weight", "script_type_embeddings.weight")
"""Language and script vectors in the layout of the LangSAMP authors; the encoder alone does not need them."""
_HARMLESS = re.compile(r"(^|\.)(pooler\.|position_ids$|token_type_ids$|inv_freq$|attn\.(masked_)?bias$)")
"""Left over in many checkpoints and without any part in the hidden states."""


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


def load_config(folder: Path, **settings: Any) -> PretrainedConfig:
    """The configuration in a model's folder, with `settings` put over it.

    Raises:
        UserError: where transformers knows no such model, or only with code of its own.
    """
    check_content(folder / "config.json")
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **settings
        )
    except (*LOADING_ERRORS, RecursionError) as error:
        raise UserError(
            f"{folder / 'config.json'} describes no model that transformers knows: {reason(error)}"
        ) from None
    return config


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

    Names that a wrapper prefixed (torch.compile, DDP, a training framework) are read without the prefix where that fits
    exactly. A single token-type row that is missing is zero: the checkpoint was trained without. What the encoder needs
    is there or an error; what stands above it may be absent and is then named. With `keeps_surplus` the weights may
    hold more of an encoder than `config` has, as where it is to have fewer layers.

    Raises:
        UserError: naming what is missing, left over, of another shape or not finite.
        DamagedError: where a file of weights cannot be read.
    """
    stored = tensor_names(weight_files(folder))
    config = load_config(folder) if config is None else config
    first: str | None = None
    for prefix, mapping in _readings(stored):
        loaded, report = _loaded(auto, folder, mapping, config=config, dtype=dtype, **settings)
        problem = _problem(loaded, report, keeps_surplus=keeps_surplus)
        if problem is None:
            said = [f"names of tensors are read without {prefix!r}"] if prefix else []
            return _finished(loaded, report, folder, said)._replace(prefix=prefix)
        first = first or problem
    raise UserError(f"{folder} {first}")


def encoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """The part of a model that turns tokens into hidden states; of an encoder-decoder its encoder half."""
    base: Any = model.base_model
    return base.get_encoder() if getattr(base.config, "is_encoder_decoder", False) else base  # type: ignore[no-any-return]


def above_encoder(model: PreTrainedModel) -> dict[str, nn.Parameter]:
    """The parameters of a model's head by name; a decoder's weight that is the embedding's is none of them."""
    inside = {id(parameter) for parameter in encoder_of(model).parameters()}
    return {name: each for name, each in model.named_parameters() if id(each) not in inside}


def reason(error: BaseException) -> str:
    """What an error of a library says, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    if "trust_remote_code" in text:
        return "it comes with code of its own, which is never run here; use a model that transformers itself has"
    return text if len(text) <= 300 else f"{text[:300].rstrip()} ..."


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


def _without(name: str, marks: list[str]) -> str:
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
    except LOADING_ERRORS as error:
        raise UserError(f"{folder} cannot be loaded: {reason(error)}") from None
    return model, report


def _problem(model: PreTrainedModel, report: Mapping[str, Any], *, keeps_surplus: bool) -> str | None:
    """What is wrong with a loaded model, to stand behind the name of its folder."""
    if report.get("error_msgs"):
        return f"cannot be loaded: {reason(ValueError(report['error_msgs'][0]))}"
    inside = _tensors_of_encoder(model)
    lacking = [name for name in _missing(report) if _is_inside(model, name, inside) and not _is_one_type(model, name)]
    if lacking:
        return (
            f"lacks weights ({_listed(lacking)}): {len(lacking)} tensors of the encoder would be random; export, save "
            "or download the model again"
        )
    other = {name: shapes for name, *shapes in report["mismatched_keys"] if _is_inside(model, name, inside)}
    if other:
        name, (stored, made) = next(iter(sorted(other.items())))
        return (
            f"has weights of other sizes than its config.json or the settings say: {name} is {list(stored)} in the "
            f"file and would be {list(made)}{f', and {len(other) - 1} more' if len(other) > 1 else ''}"
        )
    surplus = [] if keeps_surplus else _surplus(model, report)
    if surplus:
        return (
            f"holds weights of an encoder that its config.json does not describe ({_listed(surplus)}): what is "
            "computed without them is another model; correct config.json or remove these tensors"
        )
    return _two_decoders(model)


def _two_decoders(model: PreTrainedModel) -> str | None:
    """Weights that hold a decoder of their own, where the configuration says that it is the embedding."""
    names = getattr(model, "_tied_weights_keys", None) or {}
    if not getattr(model.config, "tie_word_embeddings", False) or not isinstance(names, dict):
        return None
    for name, source in names.items():
        try:
            differ = model.get_parameter(name) is not model.get_parameter(source)
        except AttributeError:  # the names are patterns, or of a part that this model does not have
            continue
        if differ:
            return (
                f"holds {name}, which differs from {source}, while its config.json says that they are one "
                "(tie_word_embeddings). Which was trained? Set tie_word_embeddings to false there to have both, or "
                f"remove {name}"
            )
    return None


def _finished(model: PreTrainedModel, report: Mapping[str, Any], folder: Path, notes: list[str]) -> Pretrained:
    inside, absent = _tensors_of_encoder(model), set(_missing(report))
    absent |= {name for name, *_ in report["mismatched_keys"]}
    for name in sorted(name for name in absent if _is_inside(model, name, inside)):
        nn.init.zeros_(model.get_parameter(name))
        notes.append(f"{name} is not in the weights: it is zero, as in a training without token types")
    absent = {name for name in absent if not _is_inside(model, name, inside) and not _HARMLESS.search(name)}
    absent -= _same_bias(model, absent)
    for name, parameter in model.named_parameters():
        if not bool(parameter.isfinite().all()) and name not in absent:
            raise UserError(f"{folder}: {name} holds NaN or infinite numbers; the model's training diverged")
    _choose_adapter(model, folder)
    vectors = tuple(sorted(name for name in report["unexpected_keys"] if name.endswith(_VECTORS)))
    return Pretrained(model, tuple(notes), tuple(sorted(absent)), vectors)


def _same_bias(model: PreTrainedModel, absent: set[str]) -> set[str]:
    """The decoder's bias where only the head's is stored: they are one, though an untied decoder has two."""
    filled = set()
    for name in [name for name in absent if name.endswith("decoder.bias")]:
        other = f"{name.removesuffix('decoder.bias')}bias"
        if other not in absent and other in dict(model.named_parameters(remove_duplicate=False)):
            with torch.no_grad():
                model.get_parameter(name).copy_(model.get_parameter(other))
            filled.add(name)
    unused = {f"{name.removesuffix('decoder.bias')}bias" for name, _ in model.named_parameters() if name not in absent}
    return filled | (absent & unused)


def _choose_adapter(model: PreTrainedModel, folder: Path) -> None:
    """X-MOD takes one language's adapters; without a default in its configuration there must be only one."""
    config: Any = model.config
    if config.model_type != "xmod" or config.default_language is not None:
        return
    if len(config.languages) != 1:
        raise UserError(
            f"{folder} has adapters of {len(config.languages)} languages and its config.json chooses none: set "
            f"default_language there to one of {_listed(list(config.languages), 8)}"
        )
    config.default_language = config.languages[0]


def _missing(report: Mapping[str, Any]) -> list[str]:
    return sorted(report["missing_keys"])


def _tensors_of_encoder(model: PreTrainedModel) -> set[int]:
    encoder = encoder_of(model)
    return {id(tensor) for tensor in (*encoder.parameters(), *encoder.buffers())}


def _is_inside(model: PreTrainedModel, name: str, inside: set[int]) -> bool:
    """Whether a tensor of the model decides its hidden states."""
    return id(_tensor(model, name)) in inside and not _HARMLESS.search(name)


def _tensor(model: PreTrainedModel, name: str) -> Tensor | None:
    owner, _, last = name.rpartition(".")
    try:
        tensor = getattr(model.get_submodule(owner), last, None)
    except AttributeError:
        return None
    return tensor if isinstance(tensor, Tensor) else None


def _is_one_type(model: PreTrainedModel, name: str) -> bool:
    return name.endswith(_TOKEN_TYPES) and len(model.get_parameter(name)) == 1


def _surplus(model: PreTrainedModel, report: Mapping[str, Any]) -> list[str]:
    """Tensors in the weights that would stand in the encoder, if it had a place for them."""
    encoder = encoder_of(model)
    path = next(name for name, module in model.named_modules() if module is encoder)
    base = f"{model.base_model_prefix}."
    fronts = {"", base, f"{path}." if path else "", f"{base}{path}." if path else ""}
    children = {name for name, _ in encoder.named_children()}
    found = []
    for name in report["unexpected_keys"]:
        short = next(name[len(front) :] for front in sorted(fronts, key=len, reverse=True) if name.startswith(front))
        if short.partition(".")[0] in children and not _HARMLESS.search(name) and not name.endswith(_VECTORS):
            found.append(name)
    return sorted(found)


def _listed(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


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
