"""Ablation and families: variants side by side, with intervals; scores by language family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean, VariantMean
from langsamp.render.document import is_absent
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.charted import Charted, charted
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.ablation_charts import figures as ablation_figures
from langsamp.views.charts.family_charts import figures as family_figures


class AblationTable(NamedTuple):
    """All variants on one task."""

    task: str
    groups: dict[str, int]
    """Number of languages by group."""
    rows: dict[str, dict[str, VariantMean]]
    """By readers' name of the variant and group."""

    @property
    def has_differences(self) -> bool:
        """Whether there is a baseline."""
        return not all(is_absent(cell.difference) for row in self.rows.values() for cell in row.values())


class FamilyCell(NamedTuple):
    """One model in one family."""

    line: FamilyMean
    is_best: bool


class FamilyTable(NamedTuple):
    """All models on one task, family by family."""

    task: str
    models: list[str]
    rows: list[tuple[str, int, dict[str, FamilyCell]]]
    """Family, number of languages, cells by model."""


@dataclass(frozen=True, kw_only=True)
class Ablation(Section):
    """Variants side by side, and models by family."""

    id = "ablation"
    title = "Ablation"
    ablations: Sequence[Charted]
    families: Sequence[Charted]


def ablation(report: Report) -> Ablation | None:
    """Ablation and families; None where neither was analysed."""
    ablations = [
        charted(each, number, ablation_tables(each.analysis), ablation_figures(each.analysis), "variants side by side")
        for number, each in enumerate(report.of_kind(AblationAnalysis), start=1)
    ]
    families = [
        charted(
            each, number, family_tables(each.analysis, each.names), family_figures(each.analysis), "means by family"
        )
        for number, each in enumerate(report.of_kind(FamiliesAnalysis), start=1)
    ]
    return Ablation(ablations=ablations, families=families) if ablations or families else None


def ablation_tables(analysis: AblationAnalysis) -> list[AblationTable]:
    """One table a task, variants in the order of the analysis."""
    tables: dict[str, AblationTable] = {}
    for line in analysis.ablation:
        table = tables.setdefault(line.task, AblationTable(line.task, {}, {}))
        table.groups[line.group] = max(table.groups.get(line.group, 0), line.languages)
        table.rows.setdefault(line.name, {})[line.group] = line
    return [*tables.values()]


def family_tables(analysis: FamiliesAnalysis, labels: Mapping[str, str]) -> list[FamilyTable]:
    """One table a task, families in the order of the analysis; `labels` are readers' names of the models."""
    tables = []
    for task in dict.fromkeys(line.task for line in analysis.families):
        families: dict[str, list[FamilyMean]] = {}
        for line in analysis.families:
            if line.task == task:
                families.setdefault(line.family_name, []).append(line)
        models = dict.fromkeys(labels.get(line.model, line.model) for lines in families.values() for line in lines)
        rows = []
        for family, lines in families.items():
            top = max(line.mean for line in lines)
            cells = {
                labels.get(line.model, line.model): FamilyCell(line, len(lines) > 1 and line.mean >= top - 1e-9)
                for line in lines
            }
            rows.append((family, max(line.languages for line in lines), cells))
        tables.append(FamilyTable(task, [*models], rows))
    return tables
