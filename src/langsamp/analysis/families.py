"""Means over language families, of any scores: the paper's Table 6, and how sure a difference of two models is."""

from collections.abc import Sequence

import pandas as pd

from langsamp.analysis.analysis import lines_of
from langsamp.analysis.variant_analyses import FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean
from langsamp.languages.table import families as family_names
from langsamp.model.variants import START
from langsamp.scores.columns import columns_of, one_source, shared_languages
from langsamp.scores.comparability import counted
from langsamp.scores.reading import read_runs
from langsamp.scores.side_by_side import NUMBERS, compared, comparison_notes, difference_rows, means

_BY = ("family", "all")
_NAMES = ["task", "family", *NUMBERS]


def analyse_families(runs: Sequence[str], *, source: str = "eng_Latn", seed: int = 0) -> FamiliesAnalysis:
    """Families x tasks x models of what `scores.reading.read_runs` reads; per cent and points.

    Means are over the languages that every model has which is scored on the task, as in `langsamp table --paper 6`;
    `source` is the tag that models were fine-tuned on, `seed` that of the bootstrap.

    Raises:
        DataMissingError: where there are no scores, or no language that all models have.
        UserError: where no score is from `source`.
    """
    scores = read_runs(runs)
    trained = scores[scores["model_name"].str.rpartition(":")[2] != START]  # whatever they start from is no part of it
    columns = shared_languages(one_source(columns_of(trained if len(trained) else scores), source))
    table = means(columns, _BY).rename(columns={"label": "model", "group": "family"})
    names = {**family_names(), "all": "all languages"}
    table.insert(3, "family_name", table["family"].map(lambda code: names.get(code, code)))
    notes, comparison = list(columns.notes), None
    if len(columns.labels) == 2:
        comparison = compared(columns, *columns.labels, by=_BY, seed=seed)
    if comparison is not None:
        rows = pd.DataFrame(difference_rows(comparison)).rename(columns={"group": "family"})[_NAMES]
        table = table.merge(rows.assign(model=columns.labels[1]), how="left", on=["task", "model", "family"])
        notes += comparison_notes([comparison])
    return FamiliesAnalysis(
        subject=", ".join(runs),
        settings={"runs": list(runs), "source": source, "seed": seed},
        sentences=tuple(_sentences(table)),
        notes=tuple(dict.fromkeys(notes)),
        models=tuple(columns.labels),
        families=lines_of(FamilyMean, table),
    )


def _sentences(table: pd.DataFrame) -> list[str]:
    """For each task how many families of several languages each of two models is ahead in; none for other numbers."""
    if "difference" not in table:
        return []
    sentences = []
    several = table[(table["family"] != "all") & (table["languages"] > 1) & table["difference"].notna()]
    for task, rows in several.groupby("task", sort=False):
        model = rows["model"].iloc[0]
        ahead, behind = (rows[rows["low"] > 0], rows[rows["high"] < 0])
        said = [
            f"{word} in {', '.join(part['family_name'])}" for word, part in (("ahead", ahead), ("behind", behind))
            if len(part)
        ]  # fmt: skip
        languages = counted(int(rows["languages"].sum()))
        sentences.append(
            f"{task}: of {len(rows)} families with several languages ({languages}) {model} is "
            f"{' and '.join(said) or 'neither ahead nor behind in any'} by an interval over languages that excludes 0."
        )
    return sentences
