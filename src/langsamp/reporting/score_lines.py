"""Scores as lines of tables: the mean of each model over the groups of languages."""

import pandas as pd

from langsamp.scores.groups import group_means


def score_tables(scores: pd.DataFrame) -> dict[str, list[dict[str, object]]]:
    """By caption the lines of a table for each task: a line a model and source, per cent; none without scores."""
    if scores.empty:
        return {}
    tables: dict[str, dict[tuple[str, str], dict[str, object]]] = {}
    for entry in group_means(scores[scores["main"].astype(bool)]).to_dict("records"):
        rows = tables.setdefault(f"{entry['task']}, {entry['metric']} in per cent, mean over (n) languages", {})
        key = (entry["model_name"], entry["source"])
        row = rows.setdefault(key, {"model": key[0], "source": key[1], "seeds": entry["seeds"]})
        row[f"{entry['group']} ({entry['languages']})"] = f"{entry['mean_over_languages']:.1f}"
    return {caption: list(rows.values()) for caption, rows in tables.items()}
