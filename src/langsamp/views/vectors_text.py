"""An analysis of vectors in a terminal: statistics beside their nulls, neighbours of the languages with most text."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.vectors.neighbours import Table
from langsamp.render.numbers import probability, whole
from langsamp.views.charts.vector_charts import short_name, trained_points

_SHOWN = 10  # languages whose neighbours are printed
_NAMED = 12  # untrained codes

MEANING = (
    "purity: share of the nearest vectors that have the same label.",
    "mantel: rank correlation of vector distance with the distance named.",
    "shuffled: mean under shuffled labels. p: share of shuffles at least as large.",
)


def statistic_lines(analysis: Analysis) -> list[Mapping[str, str]]:
    """A line a statistic: what was found, and the mean and the middle 95 % under shuffled labels."""
    return [
        {
            "statistic": line["statistic"],
            "over": f"{line['number']} {line['table']}s",
            "found": _decimals(line["observed"]),
            "shuffled": _decimals(line["null_mean"]),
            "95 % of shuffles": f"{_decimals(line['null_low'])} to {_decimals(line['null_high'])}",
            "p": probability(round(line["p_value"], 3) or line["p_value"]),
        }
        for line in analysis.tables["statistics"].to_dict("records")
    ]


def neighbour_lines(analysis: Analysis, table: Table) -> list[Mapping[str, str]]:
    """The nearest vectors, with cosines, of those that have seen most rows; `*` after a language of the same family."""
    points = trained_points(analysis, table)
    names = dict(zip(points["code"], map(short_name, points["name"]), strict=True))
    family = {line["code"]: line["family"] for line in points.to_dict("records") if line["family"]}
    near = analysis.tables["neighbours"]
    near = near[near["table"] == table]
    lines: list[Mapping[str, str]] = []
    for point in points.sort_values("rows_seen", ascending=False, kind="stable").head(_SHOWN).to_dict("records"):
        neighbours = near[near["code"] == point["code"]].sort_values("rank")
        kin = {code for code in neighbours["neighbour"] if code in family and family[code] == family.get(point["code"])}
        pairs = zip(neighbours["neighbour"], neighbours["cosine"], strict=True)
        lines.append(
            {
                table: f"{names[point['code']]} ({point['code']})",
                "rows": whole(point["rows_seen"]),
                "nearest": ", ".join(
                    f"{names[code]}{'*' if code in kin else ''} {_decimals(cosine)}" for code, cosine in pairs
                ),
            }
        )
    return lines


def left_out_lines(analysis: Analysis) -> list[str]:
    """What took no part, and why."""
    lines = [str(note) for note in analysis.values["notes"]]
    for table, codes in analysis.values["untrained"].items():
        if codes:
            more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
            lines.append(f"Untrained {table} vectors, left out: {', '.join(codes[:_NAMED])}{more}.")
    return lines


def as_json(analysis: Analysis) -> dict[str, Any]:
    """The analysis as one JSON object."""
    return {
        "kind": analysis.kind,
        "subject": analysis.subject,
        "settings": dict(analysis.settings),
        "values": dict(analysis.values),
        **{name: _plain(table.to_dict("records")) for name, table in analysis.tables.items()},
    }


def _decimals(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _plain(lines: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    """Lines in JSON's types, None for what is missing."""
    return [{str(key): None if pd.isna(value) else value for key, value in line.items()} for line in lines]
