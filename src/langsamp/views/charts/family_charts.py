"""The pictures of families: every model's mean over each language family, and the difference of two models."""

from collections.abc import Mapping

import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.render.chart import Chart
from langsamp.render.charts.interval_chart import Dot, Panel, interval_chart
from langsamp.render.numbers import score, signed
from langsamp.render.palette import Mark, series_marks
from langsamp.scores.side_by_side import lines
from langsamp.views.charts.ablation_charts import file_name


def figures(analysis: Analysis) -> dict[str, Chart]:
    """A picture for each task, named as the task. A ring: the interval of a difference has zero in it."""
    table = analysis.tables["families"]
    marks = series_marks(analysis.values["models"])
    return {
        file_name(str(task)): _task_chart(rows, marks=marks, gid=file_name(str(task)))
        for task, rows in table.groupby("task", sort=False)
    }


def _task_chart(rows: pd.DataFrame, *, marks: Mapping[str, Mark], gid: str) -> Chart:
    families = {row.family: f"{row.family_name} ({row.languages})" for row in lines(rows)}
    means, differences = [], []
    for row in lines(rows):
        ends = (row.mean - row.deviation, row.mean + row.deviation)
        title = f"{row.model}, {row.family_name}: {score(row.mean)} %"
        means.append(Dot(row.family, row.model, row.mean, *ends, True, title))
        if not pd.isna(getattr(row, "difference", float("nan"))):
            said = "" if pd.isna(row.low) else f" [{signed(row.low)}, {signed(row.high)}]"
            title = f"{row.model}, {row.family_name}: {signed(row.difference)}{said} points"
            is_sure = row.low > 0 or row.high < 0
            differences.append(Dot(row.family, row.model, row.difference, row.low, row.high, is_sure, title))
    panels = [Panel("mean over languages, per cent", means, False)]
    if differences:
        panels.append(Panel("difference, points (line: 95 % interval over languages)", differences, True))
    return interval_chart(panels, rows=families, marks=marks, names={}, gid=gid)
