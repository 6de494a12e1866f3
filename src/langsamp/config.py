"""The base of every config: frozen, no unknown keys, and the text under a field is what help and schema say of it."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Settings beside the code that owns them; each field has a docstring under it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
