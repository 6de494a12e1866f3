"""Scores as lines of tables: the mean of each model over the groups of languages."""

from math import isnan

import pandas as pd

from langsamp.scores.grid import Grid, grids
from langsamp.scores.groups import GroupMean, group_means
from langsamp.scores.score_table import main_rows
from langsamp.scores.systems import models_of


def score_tables(scores: pd.DataFrame) -> dict[str, list[dict[str, object]]]:
    """By caption the lines of a table for each task: a line a model and source, per cent; none without scores."""
    tables: dict[str, dict[tuple[str, str], dict[str, object]]] = {}
    for grid, mean in _means(scores):
        setting, name = grid.settings[mean.system], _names(grid)[mean.system]
        title = f"{setting.task}, {setting.metric} in per cent, mean over (n) languages"
        blank = {"model": name, "source": setting.source, "seeds": mean.seeds}
        row = tables.setdefault(title, {}).setdefault((name, setting.source), blank)
        row[f"{mean.group} ({mean.languages})"] = f"{mean.mean:.1f}"
    return {caption: list(rows.values()) for caption, rows in tables.items()}


def score_records(scores: pd.DataFrame) -> list[dict[str, object]]:
    """The same for programs: a record for each model, way of scoring and group, with both standard deviations."""
    return [
        {
            "model": mean.system,
            "model_name": _names(grid)[mean.system],
            **grid.settings[mean.system]._asdict(),
            "group": mean.group,
            "mean_over_languages": mean.mean,
            "sd_over_seeds": None if isnan(mean.sd_over_seeds) else mean.sd_over_seeds,
            "mean_sd_of_languages": None if isnan(mean.mean_sd_of_languages) else mean.mean_sd_of_languages,
            "languages": mean.languages,
            "seeds": mean.seeds,
            "fewest_seeds": mean.fewest_seeds,
        }
        for grid, mean in _means(scores)
    ]


def _means(scores: pd.DataFrame) -> list[tuple[Grid, GroupMean]]:
    models = models_of(main_rows(scores))
    return [(grid, mean) for model in models for grid in grids([model], mixed="apart") for mean in group_means(grid)]


def _names(grid: Grid) -> dict[str, str]:
    return {system.name: system.label for system in grid.systems}
