"""What people call languages beside the reference names of ISO 639-3: Farsi, Cantonese, isiZulu, বাংলা.

The names are in `names.json`, which `tools/make_language_names.py` makes; it says where they come from.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path


def everyday_names(code: str) -> tuple[str, ...]:
    """Names of the language with this ISO 639-3 code that ISO 639 itself does not have; often none."""
    return tuple(_names().get(code, ()))


def all_everyday_names() -> Mapping[str, Sequence[str]]:
    """Such names of all languages by code."""
    return _names()


@cache
def _names() -> dict[str, list[str]]:
    content: dict[str, list[str]] = json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8"))
    return content
