"""What chance between seeds does: each seed's mean, each fine-tuning on its dev set, and how the cells ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from langsamp.render.chart import embedded
from langsamp.reporting.inputs.cell_remarks import CellCount, TuningRow, cell_counts, tuning_rows, tunings
from langsamp.reporting.pictures.curves import dev_curves
from langsamp.reporting.pictures.seed_charts import dev_test_chart, has_seeds, strip_chart
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section


@dataclass(frozen=True, kw_only=True)
class Seeds(Section):
    """Charts of seeds, a table of fine-tunings and one of cells."""

    id = "seeds"
    title = "Seeds"
    strips: Markup | None
    dev: Markup | None
    dev_test: Markup | None
    tunings: Sequence[TuningRow]
    cells: Sequence[CellCount]


def seeds(report: Report) -> Seeds | None:
    """What is known of seeds; None where no cell is, as of published scores."""
    runs, comparisons, marks = report.inputs.runs, report.comparisons, report.inputs.marks
    by_label = {each.label: each for each in comparisons}
    tuned = {
        label: curves
        for label, each in by_label.items()
        if (curves := [one for run in runs for one in tunings(run, each)])
    }
    tested = {label: curves for label, curves in tuned.items() if any(each.test is not None for each in curves)}
    several = [each for each in comparisons if has_seeds(each)]
    cells = cell_counts(runs)
    if not (cells or several or tuned):
        return None
    return Seeds(
        strips=embedded("seeds", strip_chart(several, marks), "Mean score of every seed") if several else None,
        dev=embedded("dev", dev_curves(tuned, marks), "Dev score during fine-tuning") if tuned else None,
        dev_test=embedded("devtest", dev_test_chart(tested, marks), "Dev score against mean test score")
        if tested
        else None,
        tunings=[row for label, curves in tuned.items() for row in tuning_rows(by_label[label], curves)],
        cells=cells,
    )
