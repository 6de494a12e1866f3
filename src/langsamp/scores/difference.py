"""The difference of two systems of a grid: how much, how sure, and for whom.

Every difference is B - A, in points. A language counts once, with its mean over replicates; a mean is over languages.
`bootstrap.py` says how intervals are made. The p-value is Wilcoxon's signed-rank test over languages (two-sided, zero
differences left out). The test takes languages for independent witnesses, which relatives are not: a difference counts
as shown only where q < 0.05 and the interval excludes zero, which is clustered on family where there are several.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.scores.grid import Grid
from langsamp.scores.groups import members
from langsamp.scores.per_language import LanguageTest, language_tests
from langsamp.scores.statistics.bootstrap import LEVEL, Interval, SeedNoise, difference_interval, seed_noise
from langsamp.scores.statistics.signed_ranks import wilcoxon
from langsamp.scores.systems import System

TIE = 0.05
"""Differences smaller than this many points, which print as 0.0, count as ties."""
FEWEST_LANGUAGES = 6
"""With fewer no test over languages gives p < 0.05, though all differ in one direction: two of 2**5 signs do."""
_FEW_FAMILIES = 10

Verdict = Literal["better", "worse", "indistinct"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """B - A over some languages, in points."""

    mean_a: float
    mean_b: float
    clustered: Interval | None
    """95 %, bootstrap over families; None where all languages are of one family or there is one language."""
    plain: Interval | None
    """95 %, bootstrap over languages as if they were independent; None for one language."""
    p: float
    """Wilcoxon's signed-rank test over these languages; 1 where all differences are zero."""
    languages: int
    families: int
    """Clusters: a language without a known family is one of its own."""
    better: int
    """Languages on which B is ahead by `TIE` or more."""
    tie: int
    worse: int

    @property
    def mean(self) -> float:
        """Mean over languages of B - A."""
        return self.mean_b - self.mean_a

    @property
    def interval(self) -> Interval | None:
        """Clustered on family where there are several, else over languages, else None."""
        return self.clustered or self.plain


class LanguageDifference(NamedTuple):
    """One language of a comparison, in per cent."""

    tag: str
    """A's."""
    other_tag: str
    """B's."""
    a: float
    b: float
    test: LanguageTest | None
    """What its items say; None where languages were not tested."""

    @property
    def difference(self) -> float:
        """B - A, in points."""
        return self.b - self.a


@dataclass(frozen=True, kw_only=True)
class TaskComparison:
    """One task of a comparison."""

    grid: Grid
    """Its two systems over the languages that both have: A, then B."""
    difference: Difference
    noise: SeedNoise
    q: float
    """Benjamini and Hochberg's, over the tasks of the comparison."""
    groups: Mapping[str, Mapping[str, Difference]]
    """By grouping, then by group."""
    languages: tuple[LanguageDifference, ...]
    """Largest gain first."""
    notes: tuple[str, ...]
    """What limits the finding."""

    @property
    def tested(self) -> bool:
        """Whether languages were tested one by one."""
        return any(each.test is not None and each.test.is_tested for each in self.languages)

    @property
    def p(self) -> float:
        """Wilcoxon's signed-rank test over all languages."""
        return self.difference.p

    @property
    def verdict(self) -> Verdict:
        """Whether B is shown to be better or worse than A."""
        interval = self.difference.interval
        if self.q >= LEVEL or interval is None or not interval.excludes_zero:
            return "indistinct"
        return "better" if self.difference.mean > 0 else "worse"

    @property
    def is_sure(self) -> bool:
        """Whether A and B are told apart."""
        return self.verdict != "indistinct"


def difference(grid: Grid, first: str, second: str, *, by: Sequence[str] = ("paper",), seed: int = 0) -> TaskComparison:
    """The system `second` against `first` over the languages of the grid, which both have; q is left open (NaN)."""
    pair = grid.pair(first, second)
    a_LS, b_LS = pair.filled(first), pair.filled(second)
    is_paired = pair.own_texts and list(pair.replicates(first)) == list(pair.replicates(second))
    noise = seed_noise(a_LS, b_LS, paired=is_paired)
    families = np.array([describe(tag).family or str(tag) for tag in map(LangScript.parse, pair.tags)])

    def over(indices: NDArray[np.intp]) -> Difference:
        return _difference(a_LS[indices], b_LS[indices], families[indices], paired=is_paired, seed=seed)

    whole, other_tags = over(np.arange(len(pair.tags))), pair.other_tags
    languages = [
        LanguageDifference(tag, other_tags.get(tag, tag), float(a), float(b), None)
        for tag, a, b in zip(pair.tags, a_LS.mean(axis=1), b_LS.mean(axis=1), strict=True)
    ]
    return TaskComparison(
        grid=pair,
        difference=whole,
        noise=noise,
        q=float("nan"),
        groups={
            grouping: {group: over(indices) for group, indices in members(pair.tags, grouping).items()}
            for grouping in by
        },
        languages=tuple(sorted(languages, key=lambda each: -each.difference)),
        notes=_task_notes(pair, whole, noise),
    )


def with_tests(task: TaskComparison, a: System, b: System, *, seed: int = 0) -> TaskComparison:
    """The comparison with a test of each language, where both systems keep predictions.

    Raises:
        DamagedError: where kept predictions cannot be read.
    """
    metrics = set(a.scores.loc[a.scores.task == task.grid.setting.task, "metric"])
    of_words = "seqeval_f1" in metrics  # which only labelled words have
    tests = language_tests(task.grid, a.cells, b.cells, paired=task.noise.paired, of_words=of_words, seed=seed)
    if tests is None:
        without = " and ".join(side.name for side in (a, b) if side.cells is None)
        note = f"no predictions are kept of {without}, so no language can be tested alone"
        return replace(task, notes=(*task.notes, note))
    return replace(task, languages=tuple(each._replace(test=tests[each.tag]) for each in task.languages))


def _difference(
    a_LS: NDArray[np.float64],
    b_LS: NDArray[np.float64],
    families_L: NDArray[np.str_],
    *,
    paired: bool,
    seed: int,
) -> Difference:
    noise, change_L = seed_noise(a_LS, b_LS, paired=paired), b_LS.mean(axis=1) - a_LS.mean(axis=1)
    names, clusters_L = np.unique(families_L, return_inverse=True)
    better, tie, worse = counts(change_L)
    return Difference(
        mean_a=float(a_LS.mean()),
        mean_b=float(b_LS.mean()),
        clustered=difference_interval(a_LS, b_LS, clusters_L, noise=noise, seed=seed),
        plain=difference_interval(a_LS, b_LS, np.arange(len(change_L)), noise=noise, seed=seed),
        p=wilcoxon(change_L),
        languages=len(change_L),
        families=len(names),
        better=better,
        tie=tie,
        worse=worse,
    )


def counts(change_L: NDArray[np.float64]) -> tuple[int, int, int]:
    """On how many languages a difference in points is better, a tie, and worse."""
    # 1e-9 of slack: 43.85 - 43.8 is a little less than 0.05 in floats
    better, worse = int((change_L >= TIE - 1e-9).sum()), int((change_L <= -TIE + 1e-9).sum())
    return better, len(change_L) - better - worse, worse


def numbers(difference: Difference | None) -> tuple[float, float, float, float]:
    """Difference, both ends of its interval, and p, as a line of a table has them; NaN for what there is not."""
    nothing = float("nan")
    if difference is None:
        return nothing, nothing, nothing, nothing
    return difference.mean, *(difference.interval or (nothing, nothing)), difference.p


def limits(tests: Iterable[TaskComparison]) -> list[str]:
    """What limits some differences, each thing once."""
    return list(dict.fromkeys(f"{test.grid.label}: {note}." for test in tests for note in test.notes))


def _task_notes(pair: Grid, whole: Difference, noise: SeedNoise) -> tuple[str, ...]:
    notes = []
    if whole.clustered is None:
        kin = "there is one language" if whole.languages == 1 else "all languages are of one family"
        notes.append(f"{kin}, so nothing is known about other families")
    elif whole.families < _FEW_FAMILIES:
        notes.append(f"{whole.families} families are few, so the interval is rather too narrow")
    if whole.languages < FEWEST_LANGUAGES:
        languages = f"{whole.languages} language{'s' * (whole.languages != 1)}"
        notes.append(f"with {languages} the test over languages cannot give p < 0.05")
    if noise.error is None:
        notes.append("one model has one seed only, so how far another would move it is not known")
    gaps = sum(int(pair.replicates(name).isna().to_numpy().sum()) for name in pair.names)
    if gaps:
        notes.append(f"{gaps} scores of single seeds are missing; a language's mean is over the others")
    texts = pair.rows.groupby("system").revision.nunique()
    if len(silent := texts.index[texts == 0]) == 1:
        notes.append(f"the text of {silent[0]} is not stated, so it may be another")
    mine, theirs = (pair.settings[name] for name in pair.names)
    differing = mine.differs_from(theirs)
    notes += [f"{name} is not the same: {one} in A, {other} in B" for name, (one, other) in differing.items()]
    return tuple(notes)
