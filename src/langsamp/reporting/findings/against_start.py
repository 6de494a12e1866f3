"""What the trainings of a run made of the encoder that they continue from: better, the same or worse, and for whom.

The loss of a continued training falls whatever it destroys, and a comparison of two variants sets two ruins side by
side. So each of them is compared with the start too. A group of languages is better or worse where the 95 % interval of
its difference (`scores.difference`: families drawn anew, languages where there is one family) excludes zero and, where
they are few, a language of them is; a language where its items say so (`scores.per_language`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from langsamp.errors import first_of
from langsamp.languages.tags import LangScript
from langsamp.model.variants import DISPLAY_NAMES, split_side
from langsamp.render.numbers import ABSENT, ends, score, signed
from langsamp.reporting.inputs.combined import Inputs
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.run_folder import Run
from langsamp.scores.difference import TIE, Difference, LanguageDifference, difference, with_tests
from langsamp.scores.groups import groups_of
from langsamp.scores.statistics.bootstrap import Interval
from langsamp.views.appearance import is_start, side_name, variant_of
from langsamp.views.names import group_name

BETTER, SAME, WORSE = "better", "same", "worse"
_GROUPS = ("all", "head", "tail")
"""Groups that a verdict names."""
_FEW = 6
"""Of fewer languages that move alike an interval excludes zero by itself: one must have moved by its items, too."""
_NAMED = 12
"""At most this many languages are named in one sentence."""
_ADVICE = (
    "What a training forgets it does not learn again by itself: lower training.learning_rate, warm the head up longer, "
    "mix in more head languages (sampler.replay), or hold it (training.freeze_layers, layer_decay, anchor)."
)


class GroupOutcome(NamedTuple):
    """What a training made of a group of languages."""

    group: str
    languages: int
    start: float
    """Mean over languages, per cent."""
    trained: float
    ends: Interval | None
    """95 % interval of the difference in points, of one language over its items; None where there is none."""
    verdict: str
    """`better`, `same` or `worse`; empty where there is no interval."""

    @property
    def difference(self) -> float:
        """Points."""
        return self.trained - self.start

    @property
    def interval(self) -> str:
        """As `[+0.1, +2.0]`; a dash where there is none."""
        return _written(self.ends)

    @property
    def is_sure(self) -> bool:
        """Whether the two are told apart."""
        return self.verdict in (BETTER, WORSE)


class LanguageOutcome(NamedTuple):
    """What a training made of one language."""

    tag: str
    start: float
    trained: float
    ends: Interval | None
    verdict: str
    """`better`, `same` or `worse`; of a language that cannot be tested alone by its difference."""
    why_not: str
    """Why it cannot be tested; empty where it was."""

    @property
    def difference(self) -> float:
        """Points."""
        return self.trained - self.start

    @property
    def interval(self) -> str:
        """As `[+0.1, +2.0]`; a dash where there is none."""
        return _written(self.ends)


class Outcome(NamedTuple):
    """One side of a report against its start on one task."""

    label: str
    side: str
    groups: Sequence[GroupOutcome]
    languages: Sequence[LanguageOutcome]
    """Largest loss first."""

    @property
    def fell(self) -> bool:
        """Whether the training is worse than its start: over all, head or tail languages."""
        return any(each.verdict == WORSE for each in self.groups)

    @property
    def rose(self) -> bool:
        """Whether the training is better than its start over all languages, and worse for neither head nor tail."""
        return self.groups[0].verdict == BETTER and not self.fell

    @property
    def sentences(self) -> list[str]:
        """The finding, and which languages got worse."""
        whole, *parts = self.groups
        over = f"{whole.languages} language{'s' if whole.languages != 1 else ''}"
        said = (
            f"{side_name(self.side)} {_verb(whole.verdict)} the start on {self.label}: {score(whole.trained)} % "
            f"against {score(whole.start)} %, {signed(whole.difference)} points{_shown(whole.interval)} over {over}"
        )
        said += "".join(
            f"; {each.group} {each.verdict}, {signed(each.difference)}{_shown(each.interval)}"
            for each in parts
            if each.verdict
        )
        worse = [f"{each.tag} ({signed(each.difference)})" for each in self.languages if each.verdict == WORSE]
        if not worse:
            return [f"{said}. No language is shown to be worse."]
        return [f"{said}.", f"Worse than the start on {len(worse)} of {over}: {first_of(worse, _NAMED)}."]


def outcomes(inputs: Inputs, comparisons: Sequence[SystemComparison]) -> list[Outcome]:
    """Each trained side against the start of its own run on each task; empty where no start was scored.

    Raises:
        DamagedError: where predictions cannot be read.
    """
    return [
        _outcome(comparison, side, start, inputs.runs)
        for comparison in comparisons
        for start, side in _pairs(comparison, {model.side for model in inputs.models})
    ]


def above_start(every: Sequence[Outcome]) -> list[str]:
    """What to say at the end of a run of the trainings that are better than their start; empty where none is."""
    return [f"better than its start: {each.sentences[0]}" for each in every if each.rose]


def below_start(every: Sequence[Outcome]) -> list[str]:
    """What to say at the end of a run of the trainings that fell under their start; empty where none did."""
    lines = [f"WORSE THAN ITS START: {sentence}" for each in every if each.fell for sentence in each.sentences]
    return [*lines, *([_ADVICE] if lines else [])]


def _pairs(comparison: SystemComparison, trained: set[str]) -> Iterator[tuple[str, str]]:
    """The start and each side that was trained from it: a model of its run, or a variant by name where it is alone."""
    for start in filter(is_start, comparison.sides):
        run_prefix = split_side(start)[0]
        beside = [side for side in comparison.sides if split_side(side)[0] == run_prefix and side != start]
        yield from ((start, side) for side in beside if side in trained or variant_of(side) in DISPLAY_NAMES)


def _outcome(comparison: SystemComparison, side: str, start: str, runs: Sequence[Run]) -> Outcome:
    run_prefix = split_side(side)[0]
    folder = next((each.evaluation for each in runs if each.run_prefix == run_prefix and each.evaluation), None)
    cells = folder / "cells" if folder is not None else None
    pair = comparison.over_shared.pair(start, side)
    systems = [replace(system, cells=cells) for system in pair.systems]
    test = with_tests(difference(pair, start, side), *systems)
    languages = [_language(each) for each in reversed(test.languages)]
    groups = test.groups["paper"]
    return Outcome(
        comparison.label,
        side,
        [_group(name, groups[name], languages) for name in _GROUPS if name in groups],
        languages,
    )


def _group(name: str, difference: Difference, languages: Sequence[LanguageOutcome]) -> GroupOutcome:
    interval, ends, verdict = difference.interval, difference.interval, ""
    members = [each for each in languages if name in groups_of(LangScript.parse(each.tag), "paper")]
    tested = {each.verdict for each in members if not each.why_not}
    if interval is not None:
        is_even = not interval.excludes_zero or abs(difference.mean) < TIE
        verdict = SAME if is_even else BETTER if difference.mean > 0 else WORSE
        if len(members) < _FEW and tested and verdict not in tested:
            verdict = SAME
    elif members:
        ends, verdict = members[0].ends, members[0].verdict if tested else ""
    return GroupOutcome(
        group=group_name(name),
        languages=difference.languages,
        start=difference.mean_a,
        trained=difference.mean_b,
        ends=ends,
        verdict=verdict,
    )


def _language(difference: LanguageDifference) -> LanguageOutcome:
    """What the test of a language tells."""
    change, test = difference.difference, difference.test
    by_difference = SAME if abs(change) < TIE else BETTER if change > 0 else WORSE
    is_tested = test is not None and test.is_tested
    return LanguageOutcome(
        tag=difference.tag,
        start=difference.a,
        trained=difference.b,
        ends=Interval(test.low, test.high) if test is not None and is_tested else None,
        verdict={"indistinct": SAME}.get(test.verdict, test.verdict)
        if test is not None and is_tested
        else by_difference,
        why_not="" if is_tested else test.why_not if test is not None else "no predictions are kept",
    )


def _written(interval: Interval | None) -> str:
    return ABSENT if interval is None else ends(*interval, signed)


def _verb(verdict: str) -> str:
    return {BETTER: "is better than", WORSE: "is worse than"}.get(verdict, "cannot be told apart from")


def _shown(interval: str) -> str:
    return f" {interval}" if interval != ABSENT else ""
