"""The neutrality analysis for the terminal: rows of tables that fit a hundred columns, and JSON."""

import math
from typing import Any

import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.render.numbers import ABSENT

_MOST_COLUMNS = 11
"""At most so many languages stand side by side in a hundred columns."""
_SHOWN = 5
"""So many of the most and least alike pairs are named where there are more languages."""

Rows = list[dict[str, object]]


def model_rows(analysis: Analysis) -> Rows:
    """One line a model at the layer told of first: means over all pairs, with their controls."""
    curve = analysis.tables["curve"].set_index(["model", "layer"])
    rows: Rows = []
    for key in analysis.values["layers"].items():
        row: Any = curve.loc[key]
        rows.append(
            {
                "model": key[0],
                "layer": key[1],
                "centred": f"{row.parallel:.3f} [{row.low:.3f}, {row.high:.3f}]",
                "raw": f"{row.raw:.3f}",
                "others": f"{row.raw_non_parallel:.3f}",
                "raw gap": f"{row.raw_gap:.3f} [{row.raw_gap_low:.3f}, {row.raw_gap_high:.3f}]",
                "language": f"{row.language_probe:.0%}",
                "script": "" if math.isnan(row.script_probe) else f"{row.script_probe:.0%}",
            }
        )
    return rows


def pair_tables(analysis: Analysis) -> dict[str, Rows]:
    """By title, the pairs of languages of each model and each change: a triangle, or the most and least alike."""
    layers, base = analysis.values["layers"], analysis.values["models"][0]
    tables = {}
    for model, layer in layers.items():
        table = analysis.tables["similarity"]
        rows = table[(table["model"] == model) & (table["layer"] == layer)]
        tables[f"{model}, layer {layer}: mean centred cosine of translations"] = _pairs(analysis, rows, "parallel")
    for model in list(layers)[1:]:
        table = analysis.tables["change"]
        rows = table[(table["model"] == model) & (table["model_layer"] == layers[model])]
        where = f"{base} to {model}, layer {layers[model]}"
        if rows["percent"].notna().any():
            tables[f"{where}: change of it in per cent"] = _pairs(analysis, rows, "percent")
        if rows["percent"].isna().any():
            tables[f"{where}: change of it"] = _pairs(analysis, rows, "difference")
    return tables


def as_json(analysis: Analysis) -> dict[str, Any]:
    """All of it for a program; what is not defined is null."""
    tables = {name: table.astype(object).where(table.notna(), None) for name, table in analysis.tables.items()}
    rows = {name: table.to_dict("records") for name, table in tables.items()}
    return {"settings": dict(analysis.settings), **analysis.values, **rows}


def _pairs(analysis: Analysis, rows: pd.DataFrame, column: str) -> Rows:
    tags = analysis.values["tags"]
    return _triangle(rows, tags, column) if len(tags) <= _MOST_COLUMNS else _extremes(rows, column)


def _triangle(pairs: pd.DataFrame, tags: list[str], column: str) -> Rows:
    """A line for each language but the first, a column for each but the last."""
    languages = [tag.partition("_")[0] for tag in tags]
    heads = [tag if languages.count(code) > 1 else code for tag, code in zip(tags, languages, strict=True)]
    value = pairs.set_index(["first", "second"])[column]
    rows: Rows = []
    for number, tag in enumerate(tags[1:], start=1):
        cells = [_number(value[other, tag], column) for other in tags[:number]]
        rows.append({"": tag, **dict(zip(heads[:-1], [*cells, *[""] * len(tags)], strict=False))})
    return rows


def _extremes(rows: pd.DataFrame, column: str) -> Rows:
    ordered = rows[rows[column].notna()].sort_values(column, ascending=False)
    shown = ordered if len(ordered) <= 2 * _SHOWN else pd.concat([ordered.head(_SHOWN), ordered.tail(_SHOWN)])
    return [
        {"first": row["first"], "second": row["second"], column: _number(row[column], column)}
        for row in shown.to_dict("records")
    ]


def _number(value: float, column: str) -> str:
    if math.isnan(value):
        return ABSENT
    form = {"parallel": ".3f", "difference": "+.3f", "percent": "+.1f"}[column]
    return f"{value:{form}}".replace("-", "−")
