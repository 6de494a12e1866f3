"""The pictures of families: every model's mean over each language family, and the difference of two models."""

from collections.abc import Mapping, Sequence

from langsamp.analysis.variant_analyses import FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean
from langsamp.render.chart import Chart
from langsamp.render.charts.interval_chart import Dot, Panel, interval_chart
from langsamp.render.document import is_absent
from langsamp.render.numbers import score, signed, with_ends
from langsamp.render.palette import Mark, series_marks
from langsamp.views.charts.ablation_charts import file_name


def figures(analysis: FamiliesAnalysis) -> dict[str, Chart]:
    """A picture for each task, named as the task. A ring: the interval of a difference has zero in it."""
    marks, charts = series_marks(analysis.models), {}
    for task in dict.fromkeys(line.task for line in analysis.families):
        rows = [line for line in analysis.families if line.task == task]
        charts[file_name(task)] = _task_chart(rows, marks=marks, gid=file_name(task))
    return charts


def _task_chart(rows: Sequence[FamilyMean], *, marks: Mapping[str, Mark], gid: str) -> Chart:
    families = {row.family: f"{row.family_name} ({row.languages})" for row in rows}
    means, differences = [], []
    for row in rows:
        ends = (row.mean - row.deviation, row.mean + row.deviation)
        title = f"{row.model}, {row.family_name}: {score(row.mean)} %"
        means.append(Dot(row.family, row.model, row.mean, *ends, True, title))
        if not is_absent(row.difference):
            said = with_ends(row.difference, row.low, row.high, signed)
            is_sure = row.low > 0 or row.high < 0
            title = f"{row.model}, {row.family_name}: {said} points"
            differences.append(Dot(row.family, row.model, row.difference, row.low, row.high, is_sure, title))
    panels = [Panel("mean over languages, per cent", means, False)]
    if differences:
        panels.append(Panel("difference, points (line: 95 % interval over languages)", differences, True))
    return interval_chart(panels, rows=families, marks=marks, names={}, gid=gid)
