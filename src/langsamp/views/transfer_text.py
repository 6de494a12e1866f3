"""The study of source languages as tables for the terminal."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from langsamp.analysis.analysis import Analysis

ROLE_NAMES = {
    "english": "English", "closest": "closest donor", "family": "same family", "random": "random donor",
    "best": "best in hindsight",
}  # fmt: skip
_GROUPS = {
    "tail": "tail", "head": "head", "latin": "Latn", "nonlatin": "non-Latn", "with kin": "kin", "all": "all",
}  # fmt: skip
_MORE = ("to English", "regret", "hits")


def transfer_tables(analysis: Analysis) -> dict[str, list[dict[str, object]]]:
    """By title the rows of a table: each role's means over groups, its difference to English, its regret, its hits."""
    tables = {}
    for (task, model), rows in analysis.tables["means"].groupby(["task", "model"], sort=False):
        whole = {row["role"]: row for row in rows[rows["group"] == "all"].to_dict("records")}
        scores = {(row["group"], row["role"]): row for row in rows.to_dict("records")}
        tables[f"{task}, {model}: mean score in per cent over languages, by source"] = [
            {"source": "(languages)", **_by_group(scores, "english", "languages", "d")} | dict.fromkeys(_MORE, ""),
            *(
                {
                    "source": role,
                    **_by_group(scores, role, "score", ".1f"),
                    "to English": _difference(row) if role != "english" else "",
                    "regret": "" if pd.isna(row["regret"]) else f"{row['regret']:.1f}",
                    "hits": "" if pd.isna(row["hits"]) or role == "best" else f"{row['hits']:.0%}",
                }
                for role, row in whole.items()
            ),
        ]
    return tables


def transfer_lines(analysis: Analysis) -> list[str]:
    """What to read beside the tables."""
    explained = (
        "Over all languages: to English, the difference to English as the source; regret, points below the best source "
        "in hindsight; hits, for how many languages the source is the best one. kin: languages with a candidate of "
        "their family."
    )
    lost = [
        f"left out of {entry['task']}, {entry['model']}: {len(entry['targets'])} languages, {entry['reason']}"
        for entry in analysis.values["left_out"]
    ]
    return [explained, *analysis.values["sentences"], *lost, *(f"note: {note}" for note in analysis.values["notes"])]


def transfer_as_json(analysis: Analysis) -> dict[str, Any]:
    """Everything the analysis holds, what is missing as null."""
    tables = {
        name: table.astype(object).where(table.notna(), None).to_dict("records")
        for name, table in analysis.tables.items()
    }
    return {"subject": analysis.subject, "settings": dict(analysis.settings), **analysis.values, **tables}


def _by_group(
    scores: Mapping[tuple[str, str], Mapping[Any, Any]], role: str, value: str, form: str
) -> dict[str, object]:
    return {name: f"{scores[group, role][value]:{form}}" for group, name in _GROUPS.items() if (group, role) in scores}


def _difference(row: Mapping[Any, Any]) -> str:
    interval = "" if pd.isna(row["low"]) else f" [{row['low']:.1f}, {row['high']:.1f}]"
    return f"{row['difference']:.1f}{interval}"
