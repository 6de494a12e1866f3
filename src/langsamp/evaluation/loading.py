"""From a folder to a model and its tokenizer: stock classes of transformers, nothing invented in silence."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from langsamp.errors import UserError
from langsamp.evaluation.models import check_model_files

MAX_POSITIONS = 512
"""Tokens that a model is taken to have positions for where its config does not tell."""


def load_model(
    auto: Any, folder: Path, *, device: str | None = None, dtype: torch.dtype = torch.float32, **settings: Any
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model that is saved in `folder` as `auto` builds it (`AutoModel`, ...) with `settings`, and its tokenizer.

    It stands on `device`, by default a GPU where there is one. A checkpoint without token types gets zeros for them: it
    was trained without, and stock loading would fill them at random. What stands above the encoder may be new.

    Raises:
        UserError: where weights of the encoder are missing, so that loading would invent them.
    """
    check_model_files(folder)
    try:
        with _quiet():
            model, report = auto.from_pretrained(
                folder, dtype=dtype, output_loading_info=True, local_files_only=True, **settings
            )
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UserError(f"{folder} cannot be loaded as an encoder with its tokenizer: {error}") from None
    encoder = "" if model.base_model is model else f"{model.base_model_prefix}."
    absent = {*report["missing_keys"], *(name for name, *_ in report["mismatched_keys"])}
    missing = {name for name in absent if name.startswith(encoder) and not name.startswith(f"{encoder}pooler.")}
    for name in [name for name in missing if name.endswith("token_type_embeddings.weight")]:
        nn.init.zeros_(model.get_parameter(name))
        missing.remove(name)
    if missing:
        raise UserError(
            f"{folder} lacks weights ({', '.join(sorted(missing)[:3])}, ...): {len(missing)} tensors of the "
            "encoder would be random; export the model again"
        )
    try:
        model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for the device
        raise UserError(
            f"cannot compute on device {device!r}: {str(error).splitlines()[0]} Give cpu, or cuda where there is "
            "such a GPU with enough memory free; `langsamp doctor` says what is here"
        ) from None
    return model, tokenizer


def num_positions(model: PreTrainedModel) -> int:
    """Tokens that the model has positions for; RoBERTa's kind starts counting behind its padding index."""
    table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    if isinstance(table, nn.Embedding):
        return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
    return int(getattr(model.config, "max_position_embeddings", MAX_POSITIONS))


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bar, and no list of the parts that are not loaded: a masked LM's head and a pooler are not needed."""
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
