"""Donors in words: rows of a table, the doubts below it, and why each one stands where it stands."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from langsamp.analysis.analysis import Analysis

_SHOWN = 6
"""So many tags are named in one doubt."""


def donor_rows(analysis: Analysis, target: str) -> list[dict[str, object]]:
    """The donors of one target, a line each; empty words stand for what is not known or not so."""
    return [
        {
            "": row["rank"],
            "donor": row["donor"],
            "name": short_name(row["donor_name"]),
            "cosine": _number(row["cosine"], ".2f"),
            "family": "same" if row["same_family"] else "",
            "script": "same" if row["same_script"] else "",
            "edges": _number(row["tree_distance"], "d"),
            "km": _number(row["kilometres"], ",.0f"),
            "rows": f"{row['donor_rows']:,}",
            **{task: _number(row[name], ",d") or "none" for task, name in _items(analysis).items()},
        }
        for row in _of(analysis, target)
    ]


def closest_rows(analysis: Analysis) -> list[dict[str, object]]:
    """The first donor of every target, a line each."""
    return [
        {
            "target": row["target"],
            "name": short_name(row["target_name"]),
            "donor": row["donor"],
            "donor's name": short_name(row["donor_name"]),
            "cosine": _number(row["cosine"], ".2f"),
            "family": "same" if row["same_family"] else "",
            "English": _number(row["english_cosine"], ".2f"),
            "doubt": "!" if row["warnings"] else "",
        }
        for row in _first(analysis)
    ]


def closest_lines(analysis: Analysis) -> list[str]:
    """What the marks of `closest_rows` mean: every doubt with the number of its targets."""
    doubts: dict[str, list[str]] = {}
    for row in _first(analysis):
        kind = ["a target without a trained vector"] if row["basis"] != "vectors" else split_warnings(row["warnings"])
        for doubt in kind:
            doubts.setdefault(doubt.partition(" (")[0], []).append(row["target"])
    return [f"! {doubt}: {_some(targets)}" for doubt, targets in doubts.items()]


def donor_title(analysis: Analysis, target: str) -> str:
    """What a target's table is about."""
    row = _of(analysis, target)[0]
    how = "by the language vectors" if row["basis"] == "vectors" else "by kinship, not by the vectors,"
    return f"Donors for {short_name(row['target_name'])} ({target}), {how} of {analysis.subject}"


def donor_lines(analysis: Analysis, target: str, *, explain: bool = False) -> list[str]:
    """What a reader should know beside a target's table; with `explain` a sentence on each donor first."""
    rows = _of(analysis, target)
    lines = [_sentence(analysis, row) for row in rows] if explain else []
    lines += split_warnings(rows[0]["target_warnings"])
    doubts: dict[str, list[str]] = {}
    for row in rows:
        for doubt in split_warnings(row["donor_warnings"]):
            doubts.setdefault(doubt, []).append(row["donor"])
    lines += [f"{_some(donors)}: {doubt}" for doubt, donors in doubts.items()]
    if not pd.isna(rows[0]["english_rank"]) and not pd.isna(rows[0]["english_cosine"]):
        others = len(set(analysis.values["candidates"]) - {target})
        lines.append(f"English stands {rows[0]['english_rank']} of {others} (cosine {rows[0]['english_cosine']:.2f})")
    nearest = analysis.values["nearest"].get(target)
    if nearest and analysis.settings["candidates"] != "all":
        named = ", ".join(f"{tag} {cosine:.2f}" for tag, cosine in nearest)
        lines.append(f"Closest of all trained languages: {named}")
    return lines


def short_name(name: str) -> str:
    """The name of a language without the remark of ISO 639, `Swahili` for `Swahili (individual language)`."""
    return name.partition(" (")[0]


def split_warnings(said: str | None) -> list[str]:
    """The warnings of one line, each by itself; a `;` inside brackets divides nothing."""
    return [part for part in re.split(r";\s+(?![^()]*\))", said or "") if part]


def donors_as_json(analysis: Analysis) -> dict[str, Any]:
    """Everything the analysis holds, what is missing as null."""
    table = analysis.tables["donors"]
    return {
        "subject": analysis.subject,
        "settings": dict(analysis.settings),
        **analysis.values,
        "donors": table.astype(object).where(table.notna(), None).to_dict("records"),
    }


def _of(analysis: Analysis, target: str) -> list[dict[str, Any]]:
    table = analysis.tables["donors"]
    return [{str(key): row[key] for key in row} for row in table[table["target"] == target].to_dict("records")]


def _first(analysis: Analysis) -> list[dict[str, Any]]:
    """The first donor of every target."""
    return [
        {str(key): row[key] for key in row} for row in analysis.tables["donors"].to_dict("records") if row["rank"] == 1
    ]


def _some(tags: list[str]) -> str:
    more = f" and {len(tags) - _SHOWN} more" if len(tags) > _SHOWN else ""
    return ", ".join(tags[:_SHOWN]) + more


def _items(analysis: Analysis) -> dict[str, str]:
    """The columns with training items, by task."""
    names = map(str, analysis.tables["donors"].columns)
    return {name.removeprefix("items_"): name for name in names if name.startswith("items_")}


def _sentence(analysis: Analysis, row: Mapping[str, Any]) -> str:
    return f"{row['rank']}. {row['donor']} ({short_name(row['donor_name'])}): {'; '.join(_reasons(analysis, row))}"


def _reasons(analysis: Analysis, row: Mapping[str, Any]) -> Iterator[str]:
    if not pd.isna(row["cosine"]):
        yield f"cosine {row['cosine']:.2f}"
    edges = "" if pd.isna(row["tree_distance"]) else f", {row['tree_distance']} edges apart in Glottolog's tree"
    yield f"same family{edges}" if row["same_family"] else "another family"
    yield "same script" if row["same_script"] else "another script"
    if not pd.isna(row["kilometres"]):
        yield f"{row['kilometres']:,.0f} km away"
    yield f"{row['donor_rows']:,} rows of text seen (the target: {row['target_rows']:,})"
    for task, name in _items(analysis).items():
        yield f"no {task} training data" if pd.isna(row[name]) else f"{row[name]:,} training items for {task}"


def _number(value: Any, form: str) -> str:
    return "" if pd.isna(value) else f"{value:{form}}"
