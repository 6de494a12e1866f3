"""Donors: whom to transfer from, why, with what doubts; and what transfer really gave."""

from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.render.document import Table
from langsamp.reporting.inputs.stored import Stored
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.charted import Charted, charted
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.transfer_charts import study_charts
from langsamp.views.donors import closest_table
from langsamp.views.transfer import means_table, targets_table


@dataclass(frozen=True, kw_only=True)
class Donors(Section):
    """Donors by the vectors of one model, and what came of donors."""

    id = "donors"
    title = "Donors"
    label: str
    """The model that ranks."""
    candidates: int
    closest: Table | None
    notes: Sequence[str]
    transfers: Sequence[Charted]


def donors(report: Report) -> Donors | None:
    """Donors and transfer; None where neither was analysed."""
    order = [view.key for view in report.vectors]
    ranked = sorted(
        {each.key: each for each in report.of_kind(DonorsAnalysis)}.values(),
        key=lambda each: order.index(each.key) if each.key in order else len(order),
    )
    transfers = [
        charted(each, number, _transfer(each), study_charts(each.analysis), "ways to choose a source")
        for number, each in enumerate(report.of_kind(TransferAnalysis), start=1)
    ]
    if not ranked:
        return Donors(label="", candidates=0, closest=None, notes=(), transfers=transfers) if transfers else None
    first, *others = ranked
    return Donors(
        label=first.label,
        candidates=len(first.analysis.candidates),
        closest=closest_table(first.analysis, first.label, {each.label: each.analysis for each in others}),
        notes=first.analysis.notes,
        transfers=transfers,
    )


def _transfer(stored: Stored[TransferAnalysis]) -> list[Table]:
    """Of each task and model the means by source, then every target."""
    analysis, names = stored.analysis, stored.names
    return [build(analysis, *study, names) for study in analysis.studies for build in (means_table, targets_table)]
