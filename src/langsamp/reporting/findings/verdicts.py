"""What came out, in sentences: each number with what it is compared with and how far it can be trusted."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from scipy import stats

from langsamp.model.variants import training_of
from langsamp.render.numbers import score
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import Tests
from langsamp.scores.difference import TaskComparison, difference
from langsamp.scores.published import PREFIX
from langsamp.scores.setting import Setting
from langsamp.views.appearance import side_name
from langsamp.views.comparison_text import count, finding, limits


class TaskVerdict(NamedTuple):
    """What one comparison says of one side: the finding first, then what limits it."""

    task: str
    finding: str
    """As `langsamp compare` says it."""
    limits: tuple[str, ...]
    is_by_test: bool
    """Whether the models were chosen by their test scores."""


def significance(
    comparisons: Sequence[SystemComparison], by: Sequence[str] = ()
) -> dict[tuple[Setting, str], TaskComparison]:
    """What the test of each side against the baseline says of each comparison, in the groups of `by` too.

    For two sides these are the numbers of `langsamp compare RUN:none RUN:both`, for tasks scored in one way. q is over
    the tasks in which a side is compared with one baseline. A language counts where all sides of its task have it.
    """
    tests: dict[tuple[Setting, str], TaskComparison] = {}
    pairs: dict[tuple[str, str], list[tuple[Setting, str]]] = {}
    for comparison in comparisons:
        for side in comparison.others if comparison.compares else ():
            key, names = (comparison.setting, side), (str(comparison.baseline), side)
            tests[key] = difference(comparison.over_shared, *names, by=by)
            pairs.setdefault(names, []).append(key)
    for keys in pairs.values():
        qs = stats.false_discovery_control([tests[key].p for key in keys])
        tests |= {key: replace(tests[key], q=float(q)) for key, q in zip(keys, qs, strict=True)}
    return tests


def headlines(comparisons: Sequence[SystemComparison], tests: Tests) -> list[str]:
    """What sides are over several comparisons with one baseline, the report's own baseline first.

    Sides of which the same is to be said share a sentence.
    """
    said: dict[str, list[str]] = {}
    pairs = dict.fromkeys((str(each.baseline), side) for each in comparisons for side in each.others)
    chosen = next((each.chosen for each in comparisons), None)
    for baseline, side in sorted(pairs, key=lambda pair: pair[0] != chosen):
        tested = [each for each in comparisons if str(each.baseline) == baseline and (each.setting, side) in tests]
        if len(tested) < 2:
            continue
        by_verdict: dict[str, list[str]] = {}
        for comparison in tested:
            by_verdict.setdefault(tests[comparison.setting, side].verdict, []).append(comparison.label)
        better, worse, indistinct = (by_verdict.get(verdict, []) for verdict in ("better", "worse", "indistinct"))
        sentence = (
            f"better than {_named(baseline)} on {len(better) or 'none'} of {len(tested)} tasks{_listed(better)} and "
            f"worse on {len(worse) or 'none'}{_listed(worse)}"
        )
        ending = f"; on {len(indistinct)} they cannot be told apart{_listed(indistinct)}." if indistinct else "."
        said.setdefault(sentence + ending, []).append(side_name(side))
    return [f"{_together(sides)} {sentence}" for sentence, sides in said.items()]


def _together(sides: Sequence[str]) -> str:
    """`LangSAMP is`, `LangSAMP and Script only are each`."""
    *first, last = sides
    return f"{', '.join(first)} and {last} are each" if first else f"{last} is"


def task_verdicts(comparison: SystemComparison, tests: Tests) -> list[TaskVerdict]:
    """The finding of one comparison for each side, over all languages that every side was scored on."""
    label, is_by_test = comparison.label, comparison.setting.selection == "test"
    if not comparison.others:
        means = comparison.means.loc[comparison.shared].mean()
        reached = " and ".join(f"{side_name(side)} reaches {score(means[side])} %" for side in comparison.sides)
        lacking = "baseline" if comparison.baseline is None else "other encoder"
        limit = f"There is no {lacking} to compare it with."
        return [TaskVerdict(label, f"{reached} over {count(len(comparison.shared))}.", (limit,), is_by_test)]
    return [
        TaskVerdict(
            label,
            f"{finding(test, _named(str(comparison.baseline)), side_name(side))}.",
            (*(f"{_begun(limit)}." for limit in limits(test)), *_limits_here(comparison, side)),
            is_by_test,
        )
        for side in comparison.others
        for test in (tests[comparison.setting, side],)
    ]


def _limits_here(comparison: SystemComparison, side: str) -> Iterator[str]:
    """What limits a finding beside what its test says."""
    is_printed = [name.startswith(PREFIX) for name in (side, str(comparison.baseline))]
    if any(is_printed):
        yield "A printed score is a mean of five seeds, whose own scores are not known."
    else:
        yield from _spread(comparison, side)
    if comparison.setting.layer is not None and not is_printed[0]:
        yield _above_controls(comparison, side)


def _spread(comparison: SystemComparison, side: str) -> Iterator[str]:
    """How far seeds move the means of a side and of the baseline, where there are several."""
    baseline = str(comparison.baseline)
    means = {name: comparison.grid.replicates(name).loc[comparison.shared].dropna().mean() for name in (baseline, side)}
    spreads = {name: float(scores.std(ddof=1)) for name, scores in means.items()}
    if any(math.isnan(spread) for spread in spreads.values()):
        return
    before, after = (
        {_seed(str(name)): score for name, score in means[name_of].items()} for name_of in (baseline, side)
    )
    pairs = sorted(before.keys() & after.keys())
    ahead = sum(after[pair] > before[pair] for pair in pairs)
    yield (
        f"Over {comparison.grid.trials(side)} the mean varies by {score(spreads[side])} ({_named(baseline)} "
        f"{score(spreads[baseline])}; standard deviation)"
        + (f"; {side_name(side)} is ahead in {ahead} of {len(pairs)}." if pairs else ".")
    )


def _seed(replicate: str) -> str:
    """The seed of a training, or the seed itself."""
    training = training_of(replicate)
    return str(training.seed) if training else replicate


def _above_controls(comparison: SystemComparison, side: str) -> str:
    layer0, ngram = (
        float(control.reindex(comparison.shared).mean())
        for control in (comparison.control("layer0", side), comparison.control("ngram"))
    )
    parts = [] if math.isnan(layer0) else [f"the embedding layer alone reaches {score(layer0)} %"]
    parts += [] if math.isnan(ngram) else [f"character n-grams, without any encoder, {score(ngram)} %"]
    if not parts:
        return "The controls (layer 0, character n-grams) were not measured."
    return f"{_begun(' and '.join(parts))}: only what lies above can come from context."


def _named(baseline: str) -> str:
    """A baseline inside a sentence."""
    return "the baseline" if baseline == "none" else side_name(baseline)


def _begun(sentence: str) -> str:
    """A sentence with its first letter as one begins."""
    return f"{sentence[0].upper()}{sentence[1:]}"


def _listed(labels: Sequence[str]) -> str:
    return f" ({', '.join(labels)})" if labels else ""
