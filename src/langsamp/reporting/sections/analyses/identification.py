"""What the vectors do to a prediction: how often they tell the language, and one hidden token under several of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.render.document import Table
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.identification import filled_tables, identification_sentence


@dataclass(frozen=True, kw_only=True)
class Identification(Section):
    """What is found of every model, and the likeliest tokens of one."""

    id = "identification"
    title = "Predictions"
    sentences: Sequence[str]
    label: str
    tables: Sequence[Table]
    """The likeliest tokens of a sentence each; none where no text is to be shown."""
    notes: Sequence[str]


def identification(report: Report) -> Identification | None:
    """What vectors do to predictions; None where that was not analysed."""
    stored = report.of_kind(IdentificationAnalysis)
    if not stored:
        return None
    shown, *_ = stored
    return Identification(
        sentences=[
            f"{f'{each.label}: ' * (len(stored) > 1)}{identification_sentence(each.analysis)}" for each in stored
        ],
        label=shown.label,
        tables=[] if report.redact_text else filled_tables(shown.analysis),
        notes=shown.analysis.notes,
    )
