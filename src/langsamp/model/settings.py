"""Entries of a Hugging Face configuration that a recipe may set, and in which range.

transformers takes most values as they come: a padding that is no padding's id, a dropout of everything or a norm
without a positive epsilon train in silence or fail at the first step.
"""

import math
from collections.abc import Mapping
from typing import Any

from transformers import PretrainedConfig

from langsamp.errors import UserError, did_you_mean

_OF_DECODERS = {"add_cross_attention", "use_cache"}
_ABOVE_ZERO = ("eps", "initializer_range")
"""How names of settings end that are small numbers, of which zero leaves no training."""


def checked_settings(default: PretrainedConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` to put over `default`; a number is one with a point where the default is one (`0`, `1e-5` in YAML).

    Raises:
        UserError: for a setting that the architecture does not have, that says nothing of one or that the tokenizer
            decides, and for a number out of its range.
    """
    defaults = default.to_dict()
    known = defaults.keys() | default.attribute_map.keys()
    for key in settings.keys() - known:
        raise UserError(
            f"model.settings.{key} is no setting of a {default.model_type} model.{did_you_mean(key, known)}"
        )
    of_all = PretrainedConfig().to_dict().keys() | _OF_DECODERS
    reasons = {
        "what says nothing of the encoder that is trained": [key for key in settings if key in of_all],
        "what the tokenizer says": [key for key in settings if key.endswith("_token_id") and key not in of_all],
    }
    if any(reasons.values()):
        refused = [f"model.settings.{', '.join(keys)} ({reason})" for reason, keys in reasons.items() if keys]
        raise UserError(f"leave out {' and '.join(refused)}")
    return {
        key: _checked(key, value, defaults.get(default.attribute_map.get(key, key))) for key, value in settings.items()
    }


def _checked(key: str, value: Any, usual: Any) -> Any:
    if isinstance(usual, float):
        value = _decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    wanted = _wanted(key, value, usual)
    if wanted is not None:
        raise UserError(f"model.settings.{key} is {value}: expected {wanted}")
    return value


def _decimal(value: Any) -> Any:
    """A number with a point; anything else as it is."""
    try:
        return value if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return value


def _wanted(key: str, value: float, usual: Any) -> str | None:
    """What a number should be that is out of its range; None where it is within."""
    if not math.isfinite(value):
        return "a finite number"
    if "dropout" in key:
        return None if 0 <= value < 1 else "a share from 0 to below 1"
    if key.endswith(_ABOVE_ZERO):
        return None if 0 < value < 1 else "a number between 0 and 1"
    is_size = isinstance(usual, int) and not isinstance(usual, bool) and usual >= 1
    return "a whole number of at least 1" if is_size and value < 1 else None
