"""Ablation and families: variants side by side, with intervals; scores by language family."""

from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.charted import Charted, charted
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.ablation_charts import figures as ablation_figures
from langsamp.views.charts.family_charts import figures as family_figures
from langsamp.views.variants_text import ablation_tables, family_tables


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
