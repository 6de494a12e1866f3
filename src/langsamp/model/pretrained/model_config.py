"""The configuration beside a model's weights, read without torch: a report of scores needs no more of a model."""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langsamp.data.text.stand_ins import check_content, loading_errors
from langsamp.errors import UserError

if TYPE_CHECKING:
    from transformers import PretrainedConfig


_PLUMBING = {
    "return_dict": True, "output_hidden_states": False, "output_attentions": False, "chunk_size_feed_forward": 0,
}  # fmt: skip
"""What a configuration says of how outputs are handed over and computed: no number depends on it, callers do."""


def reason(error: BaseException) -> str:
    """What an error of a library says, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, KeyError):
        text = f"{text} is no name that transformers knows"
    if "trust_remote_code" in text:
        return "it comes with code of its own, which is never run here; use a model that transformers itself has"
    return text if len(text) <= 300 else f"{text[:300].rstrip()} ..."


def load_config(folder: Path, **settings: Any) -> "PretrainedConfig":
    """The configuration in a model's folder, with `settings` put over it.

    Raises:
        UserError: where transformers knows no such model, or only with code of its own; where it is quantised or a
            number is not finite.
    """
    from transformers import AutoConfig

    check_has_config(folder)
    check_content(folder / "config.json")
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **settings
        )
    except loading_errors() as error:
        check_not_around(folder)
        raise UserError(
            f"{folder / 'config.json'} describes no model that transformers knows: {reason(error)}"
        ) from None
    _check_numbers(config, folder)
    for key, value in _PLUMBING.items():
        setattr(config, key, value)
    if getattr(type(config), "is_encoder_decoder", False):
        config.is_encoder_decoder = True  # an encoder half that was saved alone says that it is none
    if "attn_implementation" not in settings:
        config._attn_implementation = None  # where it was trained there was a kernel that may not be here
    return config


def check_has_config(folder: Path) -> None:
    """Accept a folder with a model's config.json.

    Raises:
        UserError: where there is none.
    """
    if (folder / "config.json").is_file():
        return
    check_not_around(folder)
    raise UserError(f"{folder} is no model: expected config.json beside the weights, as `save_pretrained` writes it")


def check_not_around(folder: Path) -> None:
    """Accept a folder that is not the one around a model's: older sentence-transformers have `0_Transformer` in it.

    Raises:
        UserError: naming the folder in it that may be a model, the last of several checkpoints.
    """
    for path in sorted(folder.glob("*/config.json"), key=lambda path: _number(path.parent.name), reverse=True):
        if '"model_type"' in path.read_text(encoding="utf-8", errors="replace"):
            raise UserError(f"{folder} is no model, but {path.parent} in it may be one; give that folder")


def _number(name: str) -> int:
    return int(re.sub("[^0-9]", "", name) or 0)


def _check_numbers(config: "PretrainedConfig", folder: Path) -> None:
    if getattr(config, "quantization_config", None):
        raise UserError(
            f"{folder} is stored quantised (quantization_config in its config.json), so its numbers are not the "
            "trained ones: give the model as it was before"
        )
    for key, value in config.to_dict().items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"{folder / 'config.json'} has {value} for {key}; expected a finite number")
