"""The base of every config, and what its values may say of the environment.

`${LANGSAMP_DATA}/eval` in a recipe names no folder of one machine, nor does `~/eval`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from langsamp.errors import UserError, did_you_mean

_SIGN = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|)")
"""A dollar sign with what belongs to it; with nothing where it stands for nothing."""
_HOME = re.compile(r"~[\w.-]*/")


class Config(BaseModel):
    """Settings beside the code that owns them: frozen, no unknown keys, no infinite numbers.

    Each field has a docstring under it, which is what help says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse yes and no where neither is meant, as a number they would be 1 and 0; find paths below the home."""
        values = value if isinstance(value, (list, tuple)) else (value,)
        if any(isinstance(each, bool) for each in values) and not _has_switch(cls.model_fields[str(info.field_name)]):
            raise ValueError("yes, no, on, off, true and false are switches in YAML; put the word in quotes to mean it")
        if info.field_name == "languages" and values is value:  # a selector, also as a list of its terms
            return ",".join(map(str, values))
        return at_home(value) if isinstance(value, str | Path) else value


def _has_switch(field: FieldInfo) -> bool:
    """Whether a field may be true or false, or hold anything."""
    kinds = [field.annotation]
    for kind in kinds:
        kinds += get_args(kind)
    return any(kind in (bool, Any, True, False) for kind in kinds)


def at_home(value: str | Path) -> str | Path:
    """A path that begins with `~/` below the user's home, as a shell has it; all else as it is."""
    return type(value)(Path(value).expanduser()) if str(value).startswith("~/") else value


def expanded(value: Any, environment: Mapping[str, str] | None = None, *, where: str = "") -> Any:
    """`value` with `${NAME}` in any text replaced by that variable, and `$$` by a dollar sign; keys stay as they are.

    A text that begins like a path below someone's home (`~/x`, `~user/x`) begins with that folder.

    `environment` is the process's where none is given; `where` is the key that an error names.

    Raises:
        UserError: where a variable is not set or is empty, for a dollar sign that is neither, and for a home that
            nobody has.
    """
    variables = os.environ if environment is None else environment
    if isinstance(value, str):
        named = f"{where}: {value[:200]!r}"
        return _at_home(_SIGN.sub(lambda match: _meaning(match, variables, named), value), named)
    if isinstance(value, Mapping):
        prefix = f"{where}." if where else ""
        return {key: expanded(part, variables, where=f"{prefix}{key}") for key, part in value.items()}
    if isinstance(value, list):
        return [expanded(part, variables, where=where) for part in value]
    return value


def escaped(value: Any) -> Any:
    """`value` with every dollar sign doubled, so that `expanded` gives it back."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: escaped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [escaped(part) for part in value]
    return value


def _at_home(text: str, where: str) -> str:
    if not _HOME.match(text):
        return text
    try:
        return str(Path(text).expanduser())
    except RuntimeError:
        raise UserError(f"{where}: there is no user with that home here; write the whole path") from None


def _meaning(match: re.Match[str], variables: Mapping[str, str], where: str) -> str:
    if match["dollar"]:
        return "$"
    name = match["name"]
    if name is None:
        raise UserError(
            f"{where}: a dollar sign stands for a variable, as in ${{LANGSAMP_DATA}}/eval; write $$ for the sign itself"
        )
    if not variables.get(name):
        state = "empty" if name in variables else "not set"
        meant = did_you_mean(name, variables)
        raise UserError(
            f"{where}: the variable {name} is {state}.{meant} Set it (export {name}=FOLDER), or write $$ for the "
            "sign itself"
        )
    return variables[name]
