"""The part of the page about ablation and families: variants side by side, with intervals; scores by family."""

from collections.abc import Mapping
from typing import NamedTuple

from langsamp.analysis.analysis import Analysis
from langsamp.reporting.analyses.records import records


class AblationCell(NamedTuple):
    """One variant in one group of languages."""

    mean: float
    deviation: float | None
    difference: float | None
    """To the variant without vectors, in points."""
    low: float | None
    high: float | None
    q: float | None
    is_best: bool


class AblationTable(NamedTuple):
    """All variants on one task."""

    task: str
    groups: Mapping[str, int]
    """Number of languages by group."""
    rows: Mapping[str, Mapping[str, AblationCell]]
    """By readers' name of the variant and group."""
    has_differences: bool


class FamilyTable(NamedTuple):
    """All models on one task, family by family."""

    task: str
    models: list[str]
    rows: list[tuple[str, int, dict[str, "FamilyCell"]]]
    """Family, number of languages, cells by model."""


class FamilyCell(NamedTuple):
    """One model in one family."""

    mean: float
    deviation: float | None
    difference: float | None
    low: float | None
    high: float | None
    is_best: bool


def ablation_tables(analysis: Analysis) -> list[AblationTable]:
    """One table a task, variants in the order of the analysis."""
    tables = []
    for task, lines in analysis.tables["ablation"].groupby("task", sort=False):
        rows: dict[str, dict[str, AblationCell]] = {}
        groups: dict[str, int] = {}
        for line in records(lines):
            groups[line["group"]] = max(groups.get(line["group"], 0), int(line["languages"]))
            rows.setdefault(line["name"], {})[line["group"]] = AblationCell(
                line["mean"], line["deviation"], line["difference"], line["low"], line["high"], line["q"],
                bool(line["is_best"]),
            )  # fmt: skip
        cells = [cell for row in rows.values() for cell in row.values()]
        has_differences = any(cell.difference is not None for cell in cells)
        tables.append(AblationTable(str(task), groups, rows, has_differences))
    return tables


def family_tables(analysis: Analysis, labels: Mapping[str, str]) -> list[FamilyTable]:
    """One table a task, families in the order of the analysis; `labels` are readers' names of the models."""
    tables = []
    for task, lines in analysis.tables["families"].groupby("task", sort=False):
        models = [labels.get(str(model), str(model)) for model in dict.fromkeys(lines["model"])]
        rows = []
        for family, members in lines.groupby("family_name", sort=False):
            top = members["mean"].max()
            cells = {
                labels.get(line["model"], line["model"]): FamilyCell(
                    line["mean"], line.get("deviation"), line.get("difference"), line.get("low"), line.get("high"),
                    len(members) > 1 and line["mean"] >= top - 1e-9,
                )
                for line in records(members)
            }  # fmt: skip
            rows.append((str(family), int(members["languages"].max()), cells))
        tables.append(FamilyTable(str(task), models, rows))
    return tables
