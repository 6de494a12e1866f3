"""What people call languages beside the reference names of ISO 639-3: Farsi, Cantonese, isiZulu, বাংলা.

And groups within families.

The names are in `names.json`, which `tools/make_language_names.py` makes; it says where they come from.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SUBGROUPS: Mapping[str, str] = {
    "Baltic": "east2280", "Balto-Slavic": "balt1263", "Bantu": "narr1281", "Benue-Congo": "benu1247",
    "Berber": "berb1260", "Celtic": "celt1248", "Chadic": "chad1250", "Cushitic": "cush1243", "Finnic": "finn1317",
    "Germanic": "germ1287", "Indic": "indo1321", "Indo-Aryan": "indo1321", "Indo-Iranian": "indo1320",
    "Iranian": "iran1269", "Italic": "ital1284", "Kipchak": "kipc1239", "Malayo-Polynesian": "mala1545",
    "Munda": "mund1335", "Oceanic": "ocea1241", "Oghuz": "oghu1243", "Polynesian": "poly1242", "Romance": "roma1334",
    "Semitic": "semi1276", "Sinitic": "sini1245", "Slavic": "slav1255", "Volta-Congo": "volt1241",
}  # fmt: skip
"""Groups within a family by their usual names: Glottolog's nodes for them."""


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
