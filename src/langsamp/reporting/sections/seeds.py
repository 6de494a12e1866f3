"""What chance between seeds does: each seed's mean, each fine-tuning on its dev set, and how the cells ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from langsamp.render.chart import Picture
from langsamp.render.document import Column, Table
from langsamp.render.numbers import duration, score, whole
from langsamp.render.palette import Mark
from langsamp.reporting.inputs.cell_remarks import Tuning, cell_counts, tuning_rows, tunings
from langsamp.reporting.pictures.curves import dev_curves
from langsamp.reporting.pictures.seed_charts import dev_test_chart, has_seeds, strip_chart
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section


@dataclass(frozen=True, kw_only=True)
class Seeds(Section):
    """Charts of seeds, a table of fine-tunings and one of cells."""

    id = "seeds"
    title = "Seeds"
    strips: Picture | None
    tuning: Sequence[Picture]
    """Of fine-tunings; none where nothing was fine-tuned."""
    tunings: Table
    cells: Table


_TUNINGS = (
    Column("Task"), Column("Encoder"), Column("Fine-tunings", whole, "number"), Column("Dev", score, "number"),
    Column("Lowest to highest", kind="number"), Column("Test, source language", score, "number"),
    Column("Test, other languages", score, "number"), Column("Kept"), Column("Time of all", duration, "number"),
)  # fmt: skip
_CELLS = (
    Column("Task"), Column("Model"), Column("Complete", str, "number"), Column("Partial", str, "number"),
    Column("Failed", str, "number"),
)  # fmt: skip


def seeds(report: Report) -> Seeds | None:
    """What is known of seeds; None where no cell is, as of published scores."""
    runs, comparisons, marks = report.inputs.runs, report.comparisons, report.inputs.marks
    by_label = {each.label: each for each in comparisons}
    tuned = {
        label: curves for label, each in by_label.items() if (curves := [*chain(*(tunings(run, each) for run in runs))])
    }
    cells = cell_counts(runs)
    several = [each for each in comparisons if has_seeds(each)]
    if not (cells or several or tuned):
        return None
    rows = [row for label, curves in tuned.items() for row in tuning_rows(by_label[label], curves)]
    return Seeds(
        strips=Picture(
            "seeds", strip_chart(several, marks), "What each seed reached",
            "One dot a seed: its mean over the languages that all seeds of the model have. The bar is the mean of the "
            "dots. Point at a dot for its seed.", summary="Mean score of every seed",
        )
        if several
        else None,
        tuning=[*_tuning(tuned, marks)],
        tunings=Table(
            "Dev and test", _TUNINGS, rows,
            "Per cent of the main metric, means over fine-tunings; dev scores are those of the kept weights. A dash: "
            "not scored.",
        ),
        cells=Table(
            "Cells", _CELLS, cells,
            "A cell is one model on one task with one seed. Partial: some of its languages have no score; failed: it "
            "gave nothing. What went wrong is said under the scores.",
        ),
    )  # fmt: skip


def _tuning(tuned: Mapping[str, Sequence[Tuning]], marks: Mapping[str, Mark]) -> Iterator[Picture]:
    if tuned:
        yield Picture(
            "dev", dev_curves(tuned, marks), "Score on the source's dev set",
            "One line a fine-tuning; the dot is the look whose weights were kept.",
            summary="Dev score during fine-tuning",
        )  # fmt: skip
    if tested := {label: curves for label, curves in tuned.items() if any(each.test is not None for each in curves)}:
        yield Picture(
            "devtest", dev_test_chart(tested, marks), "Dev against test",
            "One dot a fine-tuning: across its score on the source's dev set, up its mean test score over the other "
            "languages. Where the dots do not rise to the right, the dev set did not tell which seed transfers best.",
            summary="Dev score against mean test score",
        )  # fmt: skip
