"""The headline numbers of a report."""

from collections.abc import Sequence
from typing import NamedTuple

from langsamp.render.numbers import score, signed, whole
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import against_baseline, tone
from langsamp.reporting.inputs.run_folder import Run
from langsamp.views.appearance import side_name


class Card(NamedTuple):
    """One headline number."""

    label: str
    value: str
    note: str
    tone: str = ""
    """`better`, `worse` or empty."""


def cards(runs: Sequence[Run], comparisons: Sequence[SystemComparison]) -> list[Card]:
    """The headline numbers: of the only comparison in detail or of each of several, then of the training text."""
    compared = [comparison for comparison in comparisons if comparison.compares]
    shown = [card for comparison in compared for card in _cards(comparison, alone=len(compared) == 1)]
    for run in runs:
        if run.manifest:
            tags = run.manifest.tags
            languages, scripts = ({tag.split("_")[part] for tag in tags} for part in (0, 1))
            label = "Trained on" if len(runs) == 1 else f"{run.name}: trained on"
            shown.append(Card(label, whole(len(tags)), f"tags: {len(languages)} languages in {len(scripts)} scripts"))
    return shown


def _cards(comparison: SystemComparison, *, alone: bool) -> list[Card]:
    main, baseline = str(comparison.main), str(comparison.baseline)
    means = comparison.means.loc[comparison.shared].mean()
    result = against_baseline(comparison, main, comparison.shared)
    counts = f"worse on {result.worse}, equal on {result.tie}"
    if not alone:
        note = f"{score(means[baseline])} to {score(means[main])} %; better on {result.better}, {counts}"
        return [Card(comparison.label, signed(result.difference), note, tone(result.difference))]
    is_own = baseline == "none"
    note = "trained on the same rows, without the vectors" if is_own else f"{comparison.label}, mean over languages"
    return [
        Card(side_name(main), f"{score(means[main])} %", f"{comparison.label}, mean over languages"),
        Card(side_name(baseline), f"{score(means[baseline])} %", note),
        Card("Difference", signed(result.difference), "points, mean over languages", tone(result.difference)),
        Card("Better on", f"{result.better} of {len(comparison.shared)}", counts),
    ]
