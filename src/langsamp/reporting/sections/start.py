"""What the trainings made of the encoder that they continue from, group by group and language by language."""

from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.reporting.findings.against_start import Outcome
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section


@dataclass(frozen=True, kw_only=True)
class Start(Section):
    """Each trained side against its start on each task."""

    id = "start"
    title = "Start"
    outcomes: Sequence[Outcome]


def start(report: Report) -> Start | None:
    """The sides against their starts; None where no start was scored."""
    return Start(outcomes=report.outcomes) if report.outcomes else None
