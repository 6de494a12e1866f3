"""The numbers behind the interactive pictures, as compact JSON that stands in the page once.

`templates/analyses.js` reads it. Lists run side by side: `at[i]`, `rows[i]`, `pc[2 i]`, `pc[2 i + 1]` and `near[i]` are
of one vector; `at` and `near` count in `facts`, which holds what is known of each code once for all models.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.vectors.analyse import TABLES
from langsamp.analysis.vectors.neighbours import Table
from langsamp.analysis.vectors.record import VectorPoint, VectorsAnalysis
from langsamp.render.palette import FAMILIES, OTHER, SCRIPTS, TIERS, Mark
from langsamp.reporting.inputs.stored import Stored

SHAPES = {
    "o": "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",
    "s": "M-.87-.87h1.74v1.74h-1.74z",
    "^": "M0-1.2L1.1.8H-1.1z",
    "v": "M0 1.2L1.1-.8H-1.1z",
    "D": "M0-1.25L1.25 0 0 1.25-1.25 0z",
    "P": "M-.42-1.15h.84v.73h.73v.84h-.73v.73h-.84v-.73h-.73v-.84h.73z",
    "X": "M-.6-1.15L0-.55.6-1.15 1.15-.6.55 0 1.15.6.6 1.15 0 .55-.6 1.15-1.15.6-.55 0-1.15-.6z",
}
"""Outline of each of the palette's shapes around the origin, about one unit in every direction."""

GRID = 1000
"""Coordinates are whole numbers from 0 to this; the second one grows upwards."""
MORE_NEIGHBOURS = 8
"""So many neighbours are shown for a vector that was clicked."""
_DONORS = 3


def as_script(data: Any) -> Markup:
    """JSON that can stand in a `<script type="application/json">` element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # no name can end the element


Views = Sequence[Stored[VectorsAnalysis]]
"""The vectors of some models."""
Donors = Mapping[str, DonorsAnalysis]
"""By the key of a view, the donors of its languages as far as they were ranked."""


def vector_data(views: Views, donors: Donors) -> dict[str, Any]:
    """Marks, names and vectors of all models; of each language the donors where they were ranked."""
    points = [point for view in views for point in view.analysis.points]
    return {
        "shapes": SHAPES,
        "marks": {
            "family": _marks(FAMILIES), "script": _marks(SCRIPTS), "tier": _marks(TIERS),
            "other": [OTHER.colour, OTHER.shape],
        },
        "names": {
            "family": {point.family: point.family_name for point in points if point.family and point.family_name},
            "script": {point.script: point.script_name for point in points},
        },
        "grid": GRID,
        "models": [{"key": view.key, "label": view.label} for view in views],
        "tables": {table: data for table in TABLES if (data := _table(views, donors, table)) is not None},
    }  # fmt: skip


def _table(views: Views, donors: Donors, table: Table) -> dict[str, Any] | None:
    """What a table holds; None where no model shows it."""
    facts = {point.code: point for view in reversed(views) for point in view.analysis.placed(table)}
    order = dict.fromkeys(point.code for view in views for point in view.analysis.placed(table))
    number_of = {code: number for number, code in enumerate(order)}
    if not number_of:
        return None
    of = [_model(view.analysis, table, number_of, donors.get(view.key)) for view in views]
    return {"facts": [_facts(facts[code]) for code in order], "of": of}


def _facts(point: VectorPoint) -> list[Any]:
    home = (None if math.isnan(degrees) else degrees for degrees in (point.latitude, point.longitude))
    is_head = None if point.is_head is None else int(point.is_head)
    return [point.code, point.name, point.family, point.script, is_head, *home, point.tag]


def _model(
    analysis: VectorsAnalysis, table: Table, number_of: Mapping[str, int], donors: DonorsAnalysis | None
) -> dict[str, Any] | None:
    points = analysis.placed(table)
    if not points:
        return None
    nearest = analysis.nearest(table)
    data: dict[str, Any] = {
        "at": [number_of[point.code] for point in points],
        "rows": [point.rows_seen for point in points],
        "pc": _pairs([point.pc1 for point in points], [point.pc2 for point in points]),
        "shares": [round(share, 4) for share in analysis.shares[table]],
        "near": [
            [number for line in nearest.get(point.code, [])[:MORE_NEIGHBOURS] if line.neighbour in number_of
             for number in (number_of[line.neighbour], round(1000 * line.cosine))]
            for point in points
        ],
    }  # fmt: skip
    if table in analysis.embedding:
        data |= {"xy": _pairs([point.x for point in points], [point.y for point in points])}
    if table == "language" and donors is not None:
        places = {point.tag: number_of[point.code] for point in points if point.tag}
        data |= {"donors": _donors(donors, places)}
    return data


def _donors(donors: DonorsAnalysis, places: Mapping[str, int]) -> dict[str, list[Any]]:
    """By number of the language its first donors, each followed by its cosine in thousandths.

    A donor is a number too, or its tag where it is not the main one of its language.
    """
    by_target: dict[str, list[Any]] = {}
    for line in sorted(donors.donors, key=lambda line: (line.target, line.rank)):
        if line.target in places and line.rank <= _DONORS:
            said = [places.get(line.donor, line.donor), None if math.isnan(line.cosine) else round(1000 * line.cosine)]
            by_target.setdefault(str(places[line.target]), []).extend(said)
    return by_target


def _pairs(across: Sequence[float], up: Sequence[float]) -> list[int]:
    return [number for pair in zip(on_grid(across), on_grid(up), strict=True) for number in pair]


def _marks(marks: Mapping[str, Mark]) -> dict[str, list[str]]:
    return {group: [mark.colour, mark.shape] for group, mark in marks.items()}


def on_grid(values: Sequence[float]) -> list[int]:
    """One coordinate of all dots from 0 to `GRID`; in the middle where they do not differ."""
    low, high = min(values), max(values)
    if high <= low:
        return [GRID // 2] * len(values)
    return [round(GRID * (value - low) / (high - low)) for value in values]
