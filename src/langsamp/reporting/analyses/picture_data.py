"""The numbers behind the interactive pictures, as compact JSON that stands in the page once.

`templates/analyses.js` reads it. Lists run side by side: `at[i]`, `rows[i]`, `pc[2 i]`, `pc[2 i + 1]` and `near[i]` are
of one vector; `at` and `near` count in `facts`, which holds what is known of each code once for all models.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.vectors.neighbours import Table
from langsamp.render.charts.scatter import GRID, SHAPES, on_grid
from langsamp.render.palette import FAMILIES, OTHER, SCRIPTS, TIERS, Mark
from langsamp.reporting.analyses.vector_sections import VectorView

MORE_NEIGHBOURS = 8
"""So many neighbours are shown for a vector that was clicked."""
_DONORS = 3
_TABLES: tuple[Table, ...] = ("language", "script")
_FACTS = ("code", "name", "family", "script", "is_head", "latitude", "longitude", "tag")


class Picture(NamedTuple):
    """What the page says once for all pictures, and the vectors of every model."""

    views: Sequence[VectorView]
    donors: Mapping[str, Analysis]
    """By the key of a view, the donors of its languages as far as they were ranked."""


def as_script(data: Any) -> Markup:
    """JSON that can stand in a `<script type="application/json">` element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # no name can end the element


def vector_data(picture: Picture) -> dict[str, Any]:
    """Marks, names and vectors of all models; of each language the donors where they were ranked."""
    tables = {table: _table(picture, table) for table in _TABLES}
    points = [view.analysis.tables["points"] for view in picture.views]
    return {
        "shapes": SHAPES,
        "marks": {
            "family": _marks(FAMILIES), "script": _marks(SCRIPTS), "tier": _marks(TIERS), "other": list(OTHER),
        },
        "names": {
            "family": _names(points, "family", "family_name"),
            "script": _names(points, "script", "script_name"),
        },
        "grid": GRID,
        "models": [{"key": view.key, "label": view.label} for view in picture.views],
        "tables": {table: data for table, data in tables.items() if data["facts"]},
    }  # fmt: skip


def _table(picture: Picture, table: Table) -> dict[str, Any]:
    facts: dict[str, list[Any]] = {}
    for view in picture.views:
        for line in view.points(table).to_dict("records"):
            facts.setdefault(line["code"], [_fact(key, line[key]) for key in _FACTS])
    number_of = {code: number for number, code in enumerate(facts)}
    of = [_model(view, table, number_of, picture.donors.get(view.key)) for view in picture.views]
    return {"facts": list(facts.values()), "of": of}


def _model(
    view: VectorView, table: Table, number_of: Mapping[str, int], donors: Analysis | None
) -> dict[str, Any] | None:
    points = view.points(table)
    if points.empty:
        return None
    near = view.neighbours(table)
    data: dict[str, Any] = {
        "at": [number_of[code] for code in points["code"]],
        "rows": [int(rows) for rows in points["rows_seen"]],
        "pc": _pairs(points, "pc1", "pc2"),
        "shares": [None if math.isnan(share) else round(share, 4) for share in view.shares(table)],
        "near": [
            [number for other, cosine in near.get(code, [])[:MORE_NEIGHBOURS] if other in number_of
             for number in (number_of[other], round(1000 * cosine))]
            for code in points["code"]
        ],
    }  # fmt: skip
    if points["x"].notna().all() and points["y"].notna().all():
        data["xy"] = _pairs(points, "x", "y")
    if table == "language" and donors is not None:
        data["donors"] = _donors(donors.tables["donors"], dict(zip(points["tag"], data["at"], strict=True)))
    return data


def _donors(donors: pd.DataFrame, places: Mapping[str, int]) -> dict[str, list[Any]]:
    """By number of the language its first donors, each followed by its cosine in thousandths.

    A donor is a number too, or its tag where it is not the main one of its language.
    """
    by_target: dict[str, list[Any]] = {}
    ordered = donors[donors["rank"] <= _DONORS].sort_values(["target", "rank"], kind="stable")
    for target, donor, cosine in zip(ordered["target"], ordered["donor"], ordered["cosine"], strict=True):
        if target in places:
            said = [places.get(donor, donor), None if pd.isna(cosine) else round(1000 * cosine)]
            by_target.setdefault(str(places[target]), []).extend(said)
    return by_target


def _pairs(points: pd.DataFrame, across: str, up: str) -> list[int]:
    first, second = (on_grid(points[column].to_numpy(float)) for column in (across, up))
    return [number for pair in zip(first, second, strict=True) for number in pair]


def _fact(key: str, value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return None
    return {"is_head": int, "latitude": float, "longitude": float}.get(key, str)(value)


def _names(points: Sequence[pd.DataFrame], code: str, name: str) -> dict[str, str]:
    return {
        str(key): str(value)
        for frame in points
        for key, value in frame[[code, name]].dropna().drop_duplicates().itertuples(index=False)
        if key
    }


def _marks(marks: Mapping[str, Mark]) -> dict[str, list[str]]:
    return {group: list(mark) for group, mark in marks.items()}
