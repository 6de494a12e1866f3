"""Who got worse: the languages that lose most, with items that the baseline has right and the model has not.

Which items are shown follows a rule, never a choice: of the first seed that both have, the first by their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.languages.table import LanguageInfo
from langsamp.render.document import Column, Table
from langsamp.render.numbers import score, signed, tone
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.shown_examples import EXAMPLES, Example, Library
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.appearance import side_name
from langsamp.views.names import known

LOSERS = 5
"""Languages of one task and side that are listed."""
WITH_EXAMPLES = 3
"""Of these, how many come with items."""


class Loser(NamedTuple):
    """One language that got worse."""

    language: LanguageInfo
    baseline: float
    score: float
    difference: float
    examples: Sequence[Example]
    why_none: str
    """Why there are no examples; empty where there are some, and where none were asked for."""


class SideLosses(NamedTuple):
    """What one side lost in one comparison."""

    label: str
    side: str
    against: str
    """The baseline."""
    worse: int
    """Languages that got worse in all."""
    languages: int
    losers: Sequence[Loser]
    """The worst of them, largest loss first."""

    @property
    def table(self) -> Table:
        """The losers' scores."""
        against, side = side_name(self.against), side_name(self.side)
        columns = (
            Column("Language", kind="name"), Column("Tag", kind="code"), Column("Family", kind="name"),
            Column(against, score, "number"), Column(side, score, "number"), Column("Difference", signed, "points"),
        )  # fmt: skip
        rows = [
            (each.language.name, str(each.language.tag), each.language.family_name, each.baseline, each.score,
             each.difference)
            for each in self.losers
        ]  # fmt: skip
        caption = "Per cent, means over seeds; differences in points."
        return Table(f"{self.label}: largest losses of {side}", columns, rows, caption)


@dataclass(frozen=True, kw_only=True)
class Losses(Section):
    """What each side lost in each comparison."""

    id = "losses"
    title = "Losses"
    sides: Sequence[SideLosses]
    redacts_text: bool
    listed: int = LOSERS
    with_examples: int = WITH_EXAMPLES
    examples: int = EXAMPLES


def losses(report: Report) -> Losses | None:
    """Who got worse; None where nothing is compared.

    Raises:
        DamagedError: where predictions cannot be read.
    """
    library = None if report.redact_text else Library(report.inputs.runs)
    sides = [_of_side(each, side, library) for each in report.comparisons if each.compares for side in each.others]
    return Losses(sides=sides, redacts_text=report.redact_text) if sides else None


def _of_side(comparison: SystemComparison, side: str, library: Library | None) -> SideLosses:
    means, baseline = comparison.means.loc[comparison.shared], str(comparison.baseline)
    lost = comparison.differences(side).loc[comparison.shared].sort_values(kind="stable")
    change = dict(zip(map(str, lost.index), lost.tolist(), strict=True))
    worse = [tag for tag, points in change.items() if tone(signed(points)) == "worse"]
    losers = []
    for rank, tag in enumerate(worse[:LOSERS]):
        examples: Sequence[Example] = ()
        why_none = ""
        if library is not None and rank < WITH_EXAMPLES:
            examples, why_none = library.examples(_cells(comparison, side, tag), tag, comparison.metric)
        before, after = (float(means[name].loc[tag]) for name in (baseline, side))
        losers.append(Loser(known(tag), before, after, change[tag], examples, why_none))
    return SideLosses(comparison.label, side, baseline, len(worse), len(means), losers)


def _cells(comparison: SystemComparison, side: str, tag: str) -> tuple[str, str]:
    """The baseline's and the side's cell of the first seed that both have; of each its first where none is shared."""
    rows = comparison.rows[comparison.rows.tag == tag]
    by_side = [
        dict(zip(mine.replicate, mine.cell, strict=True))
        for mine in (rows[rows.side == name] for name in (str(comparison.baseline), side))
    ]
    both = sorted(set(by_side[0]) & set(by_side[1]), key=_numbers)
    first, second = (both[0], both[0]) if both else (min(cells, key=_numbers) for cells in by_side)
    return str(by_side[0][first]), str(by_side[1][second])


def _numbers(replicate: str) -> tuple[int, int]:
    """Training and seed of a replicate, `0/3`."""
    training, _, seed = replicate.partition("/")
    return int(training), int(seed)
