"""What could be known of the runs and is not stored, with the command that makes it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section

_COMMANDS = {
    "neutrality": ("How alike translations are at each layer", "langsamp analyze neutrality {run}"),
    "donors": ("Which language to transfer from, for every target", "langsamp donors --all --model {run}"),
    "transfer": ("What transfer from those donors gives", "langsamp analyze transfer {run}"),
    "ablation": ("Variants side by side", "langsamp analyze ablation {run}"),
    "families": ("Scores by language family", "langsamp analyze families {run}"),
}
"""By kind what an analysis tells, and the command that makes it."""


@dataclass(frozen=True, kw_only=True)
class Unmade(Section):
    """Analyses that were not made."""

    id = "unmade"
    commands: Sequence[tuple[str, str]]
    """What each would tell, and its command."""


def unmade(report: Report) -> Unmade | None:
    """The analyses that the runs lack; None where there are all."""
    commands = [
        (tells, command.format(run=shlex.quote(str(run.folder))))
        for run in report.inputs.runs
        if any(model.conditioning is not None for model in run.models)
        for kind, (tells, command) in _COMMANDS.items()
        if not any(each.run is run and each.analysis.kind == kind for each in report.stored)
    ]
    return Unmade(commands=commands) if commands else None
