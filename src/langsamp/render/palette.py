"""Colours and marker shapes, fixed once for every chart and table and safe for colour-blind readers.

The colours are those of Okabe and Ito (2008). Where a colour repeats, the shape differs, so no pair is told apart by
colour alone; what is not listed is a small grey dot.
"""

from collections.abc import Sequence
from typing import NamedTuple

from langsamp.model.variants import DISPLAY_NAMES

ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILION, PURPLE, GREY = "#D55E00", "#CC79A7", "#8C8C8C"
OLIVE = "#8A7A00"
"""Their yellow, dark enough for white paper."""


class Mark(NamedTuple):
    """How a group is drawn."""

    colour: str
    shape: str
    """Marker code of matplotlib."""
    name: str = ""
    """What readers call the group, where that is decided with its look."""


OTHER = Mark(GREY, "o")
_SERIES = (
    Mark(ORANGE, "o"),
    Mark(BLUE, "D"),
    Mark(VERMILION, "s"),
    Mark(GREEN, "^"),
    Mark(PURPLE, "v"),
    Mark(SKY, "P"),
)
_PAPER = {"paper:baseline": _SERIES[0], "paper:langsamp": _SERIES[1]}

FAMILIES = {
    "indo1319": Mark(BLUE, "o"),
    "atla1278": Mark(VERMILION, "s"),
    "aust1307": Mark(GREEN, "^"),
    "afro1255": Mark(ORANGE, "D"),
    "sino1245": Mark(PURPLE, "v"),
    "turk1311": Mark(SKY, "P"),
    "ural1272": Mark(VERMILION, "X"),
    "drav1251": Mark(GREEN, "s"),
    "taik1256": Mark(PURPLE, "^"),
    "aust1305": Mark(ORANGE, "v"),
    "nilo1247": Mark(BLUE, "D"),
    "quec1387": Mark(SKY, "s"),
    "maya1287": Mark(BLUE, "X"),
    "kart1248": Mark(PURPLE, "D"),
}
"""By Glottolog family code."""

SCRIPTS = {
    "Latn": Mark(BLUE, "o"),
    "Cyrl": Mark(VERMILION, "s"),
    "Arab": Mark(GREEN, "^"),
    "Deva": Mark(ORANGE, "D"),
    "Hani": Mark(PURPLE, "v"),
    "Hans": Mark(PURPLE, "v"),
    "Hant": Mark(PURPLE, "v"),
    "Ethi": Mark(SKY, "P"),
    "Beng": Mark(VERMILION, "X"),
    "Hebr": Mark(GREEN, "s"),
    "Mymr": Mark(PURPLE, "^"),
    "Grek": Mark(ORANGE, "v"),
    "Armn": Mark(BLUE, "D"),
    "Thai": Mark(SKY, "s"),
}
"""By ISO 15924 code."""

VARIANT_COLOURS = {
    "none": ORANGE,
    "language": GREEN,
    "script": PURPLE,
    "both": BLUE,
    "language@input": SKY,
    "script@input": OLIVE,
    "both@input": VERMILION,
    "both@shuffled": GREY,
}
"""The control is grey, as every control is."""

TIERS = {"head": Mark(BLUE, "o"), "tail": Mark(ORANGE, "^")}
"""Languages that XLM-R was pretrained on, and all others."""


def series_marks(names: Sequence[str]) -> dict[str, Mark]:
    """Colour and shape of models or tasks by the names that tables give them; no two share both while marks last.

    Baselines are orange and LangSAMP blue, as everywhere.
    """
    known = {DISPLAY_NAMES[variant]: Mark(colour, "D") for variant, colour in VARIANT_COLOURS.items()}
    known |= {DISPLAY_NAMES["none"]: _SERIES[0], **_PAPER}
    marks: dict[str, Mark] = {}
    for name in names:
        wished = known.get(name) or known.get(name.rpartition(":")[2])
        free = [mark for mark in (wished, *_SERIES) if mark is not None and mark not in marks.values()]
        marks[name] = free[0] if free else OTHER
    return marks
