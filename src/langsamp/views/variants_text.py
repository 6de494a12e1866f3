"""An ablation and families as the command line prints them."""

from typing import Any

import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.render.numbers import ABSENT, probability, score, signed
from langsamp.scores.side_by_side import lines


def as_json(analysis: Analysis) -> dict[str, Any]:
    """All of an analysis in JSON's types; what is not known is null."""
    tables = {
        name: table.astype(object).where(table.notna(), None).to_dict("records")
        for name, table in analysis.tables.items()
    }
    return {
        "kind": analysis.kind,
        "subject": analysis.subject,
        "settings": analysis.settings,
        **analysis.values,
        "tables": tables,
    }


def ablation_tables(analysis: Analysis) -> dict[str, list[dict[str, object]]]:
    """By title the lines of each task: a variant with its means over groups and its difference to the baseline."""
    tables = {}
    for task, rows in analysis.tables["ablation"].groupby("task", sort=False):
        by_row: dict[str, dict[str, object]] = {}
        for row in lines(rows):
            line = by_row.setdefault(row.variant, {"variant": row.name, "seeds": int(row.seeds)})
            line[f"{row.group} ({row.languages})"] = f"{score(row.mean)}{'*' if row.is_best else ''}"
            if row.group == "all":
                line |= {"±": "" if pd.isna(row.deviation) else score(row.deviation)}
                line |= {"diff.": signed(row.difference), "95 %": _ends(row), "q": probability(row.q)}
        title = f"{task}: mean over (n) languages, per cent, ± over seeds; * the highest; difference in points"
        tables[title] = list(by_row.values())
    return tables


def family_tables(analysis: Analysis) -> dict[str, list[dict[str, object]]]:
    """By title the lines of each task: a family with the mean of each model, and the difference of two."""
    tables = {}
    models = analysis.values["models"]
    for task, rows in analysis.tables["families"].groupby("task", sort=False):
        by_row: dict[str, dict[str, object]] = {}
        for row in lines(rows):
            blank = {"family": row.family_name, "languages": int(row.languages), **dict.fromkeys(models, ABSENT)}
            line = by_row.setdefault(row.family, blank)
            spread = "" if pd.isna(row.deviation) else f" ± {score(row.deviation)}"
            line[row.model] = f"{score(row.mean)}{spread}"
            if row.model == models[-1] and "difference" in rows:
                line |= {"difference": signed(row.difference), "95 %": _ends(row)}
        tables[f"{task}, per cent, mean over languages; differences in points"] = list(by_row.values())
    return tables


def _ends(row: Any) -> str:
    return ABSENT if pd.isna(row.low) else f"[{signed(row.low)}, {signed(row.high)}]"
