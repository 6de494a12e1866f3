"""The base of every config: frozen, no unknown keys, no infinite numbers; the text under a field is what help says."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Settings beside the code that owns them; each field has a docstring under it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)
