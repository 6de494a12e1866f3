"""Model B against model A over the languages both have: how much, how sure, and for whom.

Every difference is B - A, in points. A language counts once, with its mean over seeds; a mean is over languages.
`bootstrap.py` says how intervals are made. The p-value is Wilcoxon's signed-rank test over languages (two-sided, zero
differences left out); q is Benjamini and Hochberg's over the tasks compared. The test takes languages for independent
witnesses, which relatives are not: a difference counts as shown only where q < 0.05 and the interval clustered on
family excludes zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from langsamp.errors import UserError, did_you_mean
from langsamp.languages.aliases import match as match_aliases
from langsamp.languages.select import GROUPS
from langsamp.languages.table import AREAS, FAMILY_GROUPS, describe
from langsamp.languages.tags import LangScript
from langsamp.scores import fail_if
from langsamp.scores.groups import GROUPINGS, groups_of
from langsamp.scores.pairing import Match, Pair, pairs, ways_left_out
from langsamp.scores.per_language import language_tests
from langsamp.scores.statistics.bootstrap import LEVEL, Interval, SeedNoise, difference_interval, seed_noise
from langsamp.scores.statistics.signed_ranks import wilcoxon
from langsamp.scores.systems import System

TIE = 0.05
"""Differences smaller than this many points, which print as 0.0, count as ties."""
_FEW_FAMILIES = 10
_ORDER = (*GROUPS, *FAMILY_GROUPS, *AREAS)

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


@dataclass(frozen=True, kw_only=True)
class TaskComparison:
    """One task of a comparison."""

    pair: Pair
    difference: Difference
    noise: SeedNoise
    q: float
    """Benjamini and Hochberg's, over the tasks of the comparison."""
    groups: Mapping[str, Mapping[str, Difference]]
    """By grouping, then by group."""
    languages: pd.DataFrame
    """A line for each language (index: A's tag), largest gain first: `other_tag` of B, `a`, `b` and `difference`, and
    the columns of `per_language.language_tests`, empty where languages were not tested."""
    tested: bool
    """Whether languages were tested one by one."""
    notes: tuple[str, ...]
    """What limits the finding."""

    @property
    def p(self) -> float:
        """Wilcoxon's signed-rank test over all languages."""
        return self.difference.p

    @property
    def verdict(self) -> Verdict:
        """Whether B is shown to be better or worse than A."""
        interval = self.difference.clustered or self.difference.plain
        if self.q >= LEVEL or interval is None or not interval.excludes_zero:
            return "indistinct"
        return "better" if self.difference.mean > 0 else "worse"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What `compare` gives back."""

    a: System
    b: System
    tasks: tuple[TaskComparison, ...]
    notes: tuple[str, ...]
    """What was not compared, and what differs although the sides were compared."""

    @property
    def gated(self) -> list[fail_if.Difference]:
        """What `fail_if.check_fail_if` looks at."""
        differences = []
        for each in self.tasks:
            low, high = each.difference.clustered or (None, None)
            differences.append(fail_if.Difference(each.pair.task, each.pair.label, each.difference.mean, low, high))
        return differences


def compare(
    a: System,
    b: System,
    *,
    metrics: Mapping[str, str] | None = None,
    by: Sequence[str] = ("paper",),
    match: Match = match_aliases,
    allow_mixed: bool = False,
    per_language: bool = True,
    seed: int = 0,
) -> Comparison:
    """B against A on every task both have, over all languages both have and over the groups of each grouping in `by`.

    `metrics` names another than the main metric of a task, `match` finds languages that the sides call differently.
    With `per_language` each language is tested too, where both sides keep predictions. The same scores and `seed`
    always give the same result.

    Raises:
        DataMissingError: where the sides share no scored language.
        DamagedError: where kept predictions cannot be read.
        UserError: where they were scored in different ways and `allow_mixed` is not set, and for an unknown grouping.
    """
    if unknown := [grouping for grouping in by if grouping not in GROUPINGS]:
        raise UserError(
            f"no grouping {unknown[0]!r}.{did_you_mean(unknown[0], GROUPINGS)} There are {', '.join(GROUPINGS)}"
        )
    matched = pairs(a, b, metrics=metrics, match=match, allow_mixed=allow_mixed)
    tasks = [_compare_task(pair, by=by, seed=seed) for pair in matched if pair.tags]
    if per_language:
        tasks = [_with_tests(task, a, b, seed=seed) for task in tasks]
    qs = stats.false_discovery_control([task.p for task in tasks])
    tasks = [replace(task, q=float(q)) for task, q in zip(tasks, qs, strict=True)]
    return Comparison(a=a, b=b, tasks=tuple(tasks), notes=_notes(a, b, matched))


def _compare_task(pair: Pair, *, by: Sequence[str], seed: int) -> TaskComparison:
    a_LS, b_LS = pair.filled()
    noise = seed_noise(a_LS, b_LS, paired=pair.paired)
    tags = [LangScript.parse(tag) for tag in pair.tags]
    families = np.array([describe(tag).family or str(tag) for tag in tags])

    def over(members: NDArray[np.intp]) -> Difference:
        return _difference(a_LS[members], b_LS[members], families[members], noise=noise, seed=seed)

    whole = over(np.arange(len(tags)))
    table = pd.DataFrame({"a": a_LS.mean(axis=1), "b": b_LS.mean(axis=1)}, index=pd.Index(pair.tags, name="tag"))
    table = table.assign(difference=table["b"] - table["a"], other_tag=[pair.other_tags.get(t, t) for t in pair.tags])
    return TaskComparison(
        pair=pair,
        difference=whole,
        noise=noise,
        q=float("nan"),
        groups={grouping: {group: over(members) for group, members in _groups(tags, grouping)} for grouping in by},
        languages=table.sort_values("difference", ascending=False, kind="stable"),
        tested=False,
        notes=_task_notes(pair, whole, noise),
    )


def _with_tests(task: TaskComparison, a: System, b: System, *, seed: int) -> TaskComparison:
    tests = language_tests(task.pair, a, b, seed=seed)
    if tests is None:
        without = " and ".join(side.name for side in (a, b) if side.cells is None)
        note = f"no predictions are kept of {without}, so no language can be tested alone"
        return replace(task, notes=(*task.notes, note))
    languages = task.languages.join(tests.drop(columns="difference"))
    return replace(task, languages=languages, tested=bool(tests["p"].notna().any()))


def _difference(
    a_LS: NDArray[np.float64],
    b_LS: NDArray[np.float64],
    families_L: NDArray[np.str_],
    *,
    noise: SeedNoise,
    seed: int,
) -> Difference:
    change_L = b_LS.mean(axis=1) - a_LS.mean(axis=1)
    names, clusters_L = np.unique(families_L, return_inverse=True)
    # 1e-9 of slack: 43.85 - 43.8 is a little less than 0.05 in floats
    better, worse = int((change_L >= TIE - 1e-9).sum()), int((change_L <= -TIE + 1e-9).sum())
    return Difference(
        mean_a=float(a_LS.mean()),
        mean_b=float(b_LS.mean()),
        clustered=difference_interval(a_LS, b_LS, clusters_L, noise=noise, seed=seed),
        plain=difference_interval(a_LS, b_LS, np.arange(len(change_L)), noise=noise, seed=seed),
        p=wilcoxon(change_L),
        languages=len(change_L),
        families=len(names),
        better=better,
        tie=len(change_L) - better - worse,
        worse=worse,
    )


def _groups(tags: Sequence[LangScript], grouping: str) -> list[tuple[str, NDArray[np.intp]]]:
    """The inhabited groups with the places of their tags, in the order of the paper; those without one by size."""
    members: dict[str, list[int]] = {}
    for index, tag in enumerate(tags):
        for group in groups_of(tag, grouping):
            members.setdefault(group, []).append(index)

    def order(group: str) -> tuple[int, int]:
        return _ORDER.index(group) if group in _ORDER else len(_ORDER), -len(members[group])

    return [(group, np.array(members[group])) for group in sorted(members, key=order)]


def _task_notes(pair: Pair, whole: Difference, noise: SeedNoise) -> tuple[str, ...]:
    notes = []
    if whole.clustered is None:
        kin = "there is one language" if whole.languages == 1 else "all languages are of one family"
        notes.append(f"{kin}, so nothing is known about other families")
    elif whole.families < _FEW_FAMILIES:
        notes.append(f"{whole.families} families are few, so the interval is rather too narrow")
    if whole.languages < 6:
        notes.append(f"with {whole.languages} languages the test over languages cannot give p < 0.05")
    if noise.error is None:
        notes.append("one model has one seed only, so how far another would move it is not known")
    gaps = int(pair.a.isna().to_numpy().sum() + pair.b.isna().to_numpy().sum())
    if gaps:
        notes.append(f"{gaps} scores of single seeds are missing; a language's mean is over the others")
    notes += [f"{name} is not the same: {one} in A, {other} in B" for name, (one, other) in pair.differing.items()]
    return tuple(notes)


def _notes(a: System, b: System, matched: Sequence[Pair]) -> tuple[str, ...]:
    notes = []
    for side, other in ((a, b), (b, a)):
        only = [task for task in dict.fromkeys(side.scores["task"]) if task not in set(other.scores["task"])]
        if only:
            notes.append(f"only {side.name} has {', '.join(only)}")
    notes += ways_left_out(a, b, matched)
    return (*notes, *(f"{pair.label}: no language is on both sides" for pair in matched if not pair.tags))
