"""Means over language families, of any scores: the paper's Table 6, and how sure a difference of two models is."""

from collections.abc import Sequence

import numpy as np

from langsamp.analysis.variant_analyses import FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean
from langsamp.languages.table import families as family_names
from langsamp.model.variants import START
from langsamp.scores.columns import columns_of, one_source
from langsamp.scores.comparability import counted
from langsamp.scores.difference import TaskComparison, difference, limits, numbers
from langsamp.scores.grid import Grid
from langsamp.scores.groups import group_means
from langsamp.scores.reading import distinct, read_runs

_BY = ("family", "all")


def analyse_families(runs: Sequence[str], *, source: str = "eng_Latn", seed: int = 0) -> FamiliesAnalysis:
    """Families x tasks x models of what `scores.reading.read_runs` reads; per cent and points.

    Means are over the languages that every model has which is scored on the task, as in `langsamp table --paper 6`;
    `source` is the tag that models were fine-tuned on, `seed` that of the bootstrap.

    Raises:
        DataMissingError: where there are no scores, or no language that all models have.
        UserError: where no score is from `source`.
    """
    runs = distinct(runs)
    scores = read_runs(runs)
    trained = scores[scores.model_name.str.rpartition(":")[2] != START]  # whatever they start from is no part of it
    columns = one_source(columns_of(trained if len(trained) else scores), source)
    shared, left_out = columns.over_shared()
    both = [grid for grid in shared if len(columns.labels) == len(grid.names) == 2]
    tests = {grid.label: difference(grid, *grid.names, by=_BY, seed=seed) for grid in both}
    rows = [row for grid in shared for row in _rows(grid, tests.get(grid.label))]
    return FamiliesAnalysis(
        subject=", ".join(runs),
        settings={"runs": list(runs), "source": source, "seed": seed},
        sentences=tuple(_sentences(rows)),
        notes=tuple(dict.fromkeys([*columns.notes, *left_out, *limits(tests.values())])),
        models=tuple(columns.labels),
        families=tuple(rows),
    )


def _rows(grid: Grid, test: TaskComparison | None) -> list[FamilyMean]:
    names = {**family_names(), "all": "all languages"}
    groups = {group: difference for by in _BY for group, difference in test.groups[by].items()} if test else {}
    return [
        FamilyMean(
            grid.label,
            mean.system,
            mean.group,
            names.get(mean.group, mean.group),
            mean.mean,
            mean.sd_over_seeds,
            mean.seeds,
            mean.languages,
            *numbers(groups.get(mean.group) if mean.system == grid.names[-1] else None),
        )
        for mean in group_means(grid, _BY)
    ]


def _sentences(rows: Sequence[FamilyMean]) -> list[str]:
    """For each task how many families of several languages each of two models is ahead in; none for other numbers."""
    several = [row for row in rows if row.family != "all" and row.languages > 1 and not np.isnan(row.difference)]
    sentences = []
    for task in dict.fromkeys(row.task for row in several):
        of_task = [row for row in several if row.task == task]
        ahead = [row.family_name for row in of_task if row.low > 0]
        behind = [row.family_name for row in of_task if row.high < 0]
        said = [f"{word} in {', '.join(part)}" for word, part in (("ahead", ahead), ("behind", behind)) if part]
        languages = counted(sum(row.languages for row in of_task))
        sentences.append(
            f"{task}: of {len(of_task)} families with several languages ({languages}) {of_task[0].model} is "
            f"{' and '.join(said) or 'neither ahead nor behind in any'} by an interval over languages that excludes 0."
        )
    return sentences
