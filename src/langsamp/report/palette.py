"""Colours and marker shapes, fixed once for every chart and table and safe for colour-blind readers.

The colours are those of Okabe and Ito (2008). Where a colour repeats, the shape differs, so no pair is told apart by
colour alone; what is not listed is a small grey dot.
"""

from typing import NamedTuple

ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILION, PURPLE, GREY = "#D55E00", "#CC79A7", "#8C8C8C"
BLACK, OLIVE = "#222222", "#8A7A00"
"""Near black, so that text beside it stays apart; their yellow, dark enough for white paper."""


class Mark(NamedTuple):
    """How a group is drawn."""

    colour: str
    shape: str
    """Marker code of matplotlib."""


OTHER = Mark(GREY, "o")

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
    "both@shuffled": BLACK,
}

TIERS = {"head": Mark(BLUE, "o"), "tail": Mark(ORANGE, "^")}
"""Languages that XLM-R was pretrained on, and all others."""
