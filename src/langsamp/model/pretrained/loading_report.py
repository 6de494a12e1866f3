"""What the loading of a model reports, judged: tensors that are missing, left over or of another shape."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from langsamp.model.pretrained.model_config import reason

_TOKEN_TYPES = "token_type_embeddings.weight"
_ABSOLUTE_SINCE_5 = {
    "albert", "bert", "camembert", "electra", "ernie", "megatron-bert", "roberta", "roberta-prelayernorm",
    "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip
"""Kinds that took learned distances (Shaw et al. 2018) or no positions where their configuration said so, until 5.0."""
VECTORS = ("lang_type_embeddings.weight", "script_type_embeddings.weight")
"""Language and script vectors in the layout of the LangSAMP authors; the encoder alone does not need them."""
HARMLESS = re.compile(r"(^|\.)(pooler\.|position_ids$|token_type_ids$|inv_freq$|attn\.(masked_)?bias$)")
"""Left over in many checkpoints and without any part in the hidden states."""


def encoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """The part of a model that turns tokens into hidden states; of an encoder-decoder its encoder half."""
    base: Any = model.base_model
    return base.get_encoder() if getattr(base.config, "is_encoder_decoder", False) else base


def problem(model: PreTrainedModel, report: Mapping[str, Any], *, keeps_surplus: bool) -> str | None:
    """What is wrong with a loaded model, to stand behind the name of its folder."""
    if report.get("error_msgs"):
        return f"cannot be loaded: {reason(ValueError(report['error_msgs'][0]))}"
    positions = getattr(model.config, "position_embedding_type", None) or "absolute"
    if positions != "absolute" and model.config.model_type in _ABSOLUTE_SINCE_5:
        return (
            f"was trained with other than absolute positions (position_embedding_type: {positions} in its "
            f"config.json), which transformers 5 does not compute in a {model.config.model_type} model: without them "
            "it is another one. Use another encoder"
        )
    inside = tensors_of_encoder(model)
    lacking = [name for name in missing(report) if is_inside(model, name, inside) and not _is_one_type(model, name)]
    if lacking:
        return (
            f"lacks weights ({listed(lacking)}): {len(lacking)} tensors of the encoder would be random; export, save "
            "or download the model again"
        )
    other = {name: shapes for name, *shapes in report["mismatched_keys"] if is_inside(model, name, inside)}
    if other:
        name, (stored, expected) = next(iter(sorted(other.items())))
        return (
            f"has weights of other sizes than its config.json or the settings say: {name} is {list(stored)} in the "
            f"file and would be {list(expected)}{f', and {len(other) - 1} more' if len(other) > 1 else ''}"
        )
    surplus = [] if keeps_surplus else _surplus(model, report)
    if surplus:
        return (
            f"holds weights of an encoder that its config.json does not describe ({listed(surplus)}): what is "
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


def same_bias(model: PreTrainedModel, absent: set[str]) -> set[str]:
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


def missing(report: Mapping[str, Any]) -> list[str]:
    """Names of the tensors that the weights lack."""
    return sorted(report["missing_keys"])


def tensors_of_encoder(model: PreTrainedModel) -> set[int]:
    """Identities of the parameters and buffers of the encoder."""
    encoder = encoder_of(model)
    return {id(tensor) for tensor in (*encoder.parameters(), *encoder.buffers())}


def is_inside(model: PreTrainedModel, name: str, inside: set[int]) -> bool:
    """Whether a tensor of the model decides its hidden states."""
    return id(_tensor(model, name)) in inside and not HARMLESS.search(name)


def _tensor(model: PreTrainedModel, name: str) -> Tensor | None:
    owner, _, last = name.rpartition(".")
    try:
        tensor = getattr(model.get_submodule(owner), last, None)
    except AttributeError:
        return None
    return tensor if isinstance(tensor, Tensor) else None


def _is_one_type(model: PreTrainedModel, name: str) -> bool:
    return name.endswith(_TOKEN_TYPES) and len(model.get_parameter(name)) == 1


def doubled(model: PreTrainedModel, stored: Mapping[str, str]) -> str | None:
    """What is wrong where two names in the weights mean one tensor of the encoder, of which one would win unseen.

    `stored` are the names as they are in the file, each with what it is read as.
    """
    first: dict[str, str] = {}
    for name, inner in _encoder_names(model, stored):
        if first.setdefault(inner, name) != name:
            return (
                f"holds its encoder twice, or parts of it: {first[inner]} and {name} mean the same tensor. Which was "
                "trained? Remove the other"
            )
    return None


def _surplus(model: PreTrainedModel, report: Mapping[str, Any]) -> list[str]:
    """Tensors in the weights that would stand in the encoder, if it had a place for them."""
    unexpected = report["unexpected_keys"]
    names = (name for name, _ in _encoder_names(model, dict(zip(unexpected, unexpected, strict=True))))
    return sorted(name for name in names if not HARMLESS.search(name) and not name.endswith(VECTORS))


def _encoder_names(model: PreTrainedModel, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those of `names` that are read as names of the encoder, each with its name within it."""
    encoder = encoder_of(model)
    path = next(name for name, module in model.named_modules() if module is encoder)
    base = f"{model.base_model_prefix}."
    fronts = {"", base, f"{path}." if path else "", f"{base}{path}." if path else ""}
    children = {name for name, _ in encoder.named_children()}
    longest_first = sorted(fronts, key=len, reverse=True)
    for name, read_as in names.items():
        inner = next(read_as[len(front) :] for front in longest_first if read_as.startswith(front))
        if inner.partition(".")[0] in children:
            yield name, inner


def listed(names: list[str], most: int = 3) -> str:
    """The first `most` names, and dots where there are more."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
