"""Whether other machines may be asked for models, data and text: not after `forbid`, nor with HF_HUB_OFFLINE."""

import os
import sys

from langsamp.errors import UserError

_VARIABLE = "HF_HUB_OFFLINE"


def forbid() -> None:
    """Ask no other machine from now on, in this process and those that it starts; what was downloaded is used."""
    os.environ[_VARIABLE] = "1"
    if hub := sys.modules.get("huggingface_hub.constants"):  # it has read the variable already
        hub.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


def check_allowed(address: str) -> None:
    """Accept what lies on another machine.

    Raises:
        UserError: where other machines are not to be asked.
    """
    if os.environ.get(_VARIABLE, "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise UserError(
            f"{address} is on another machine, which is not asked (--offline, or {_VARIABLE} is set): name a folder of "
            "this one, or leave that out"
        )
