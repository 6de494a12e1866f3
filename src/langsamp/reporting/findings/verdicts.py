"""What came out, in sentences: each number with what it is compared with and how far it can be trusted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from scipy import stats

from langsamp.model.variants import training_of
from langsamp.render.numbers import ABSENT, probability, score, signed
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import Against, GroupRow, Tests, against_baseline
from langsamp.reporting.inputs.metric_names import metric_name
from langsamp.scores.difference import TIE, TaskComparison, difference
from langsamp.scores.published import PREFIX
from langsamp.scores.setting import Setting
from langsamp.views.appearance import side_name


class TaskVerdict(NamedTuple):
    """What one comparison says of one side: the finding first, then what limits it."""

    task: str
    short: str
    """The finding in a line, as `LangSAMP is better on 7 of 8 languages; ...`; empty where nothing is compared."""
    finding: str
    limits: tuple[str, ...]
    is_by_test: bool
    """Whether the models were chosen by their test scores."""


class Result(NamedTuple):
    """One side against the baseline over all languages of a comparison."""

    against: Against
    interval: str
    q: str


class SummaryRow(NamedTuple):
    """One line of the table of all comparisons."""

    label: str
    metric: str
    languages: int
    means: Mapping[str, float]
    """By side."""
    results: Mapping[str, Result]
    """By side that is compared."""
    seeds: str
    """The replicates of the sides (`2 trainings`, `5 seeds`), in their order, once where they are the same."""


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


def summary_rows(comparisons: Sequence[SystemComparison], groups: Sequence[GroupRow], tests: Tests) -> list[SummaryRow]:
    """One line for each comparison; `groups` has its row of all languages."""
    rows = []
    for comparison, group in zip(comparisons, groups, strict=True):
        results = {}
        for side in comparison.others:
            test = tests.get((comparison.setting, side))
            results[side] = Result(group.against[side], _interval(test), probability(test.q) if test else ABSENT)
        counts = ["printed" if side.startswith(PREFIX) else comparison.grid.trials(side) for side in comparison.sides]
        rows.append(
            SummaryRow(
                label=comparison.label,
                metric=metric_name(comparison.metric),
                languages=len(comparison.shared),
                means=group.means,
                results=results,
                seeds=" / ".join(counts if len(set(counts)) > 1 else counts[:1]),
            )
        )
    return rows


def headlines(comparisons: Sequence[SystemComparison], tests: Tests) -> list[str]:
    """One sentence for each side over several comparisons with one baseline, the report's own baseline first."""
    said = []
    pairs = dict.fromkeys((str(each.baseline), side) for each in comparisons for side in each.others)
    chosen = next((each.chosen for each in comparisons), None)
    for pair in sorted(pairs, key=lambda pair: pair[0] != chosen):
        tested = [each for each in comparisons if str(each.baseline) == pair[0] and (each.setting, pair[1]) in tests]
        if len(tested) < 2:
            continue
        by_verdict: dict[str, list[str]] = {}
        for comparison in tested:
            by_verdict.setdefault(tests[comparison.setting, pair[1]].verdict, []).append(comparison.label)
        better, worse, indistinct = (by_verdict.get(verdict, []) for verdict in ("better", "worse", "indistinct"))
        sentence = (
            f"{_start(pair[1])} is better than {_named(pair[0])} on {len(better) or 'none'} of {len(tested)} "
            f"tasks{_listed(better)} and worse on {len(worse) or 'none'}{_listed(worse)}"
        )
        ending = f"; on {len(indistinct)} they cannot be told apart{_listed(indistinct)}." if indistinct else "."
        said.append(sentence + ending)
    return said


def task_verdicts(comparison: SystemComparison, tests: Tests) -> list[TaskVerdict]:
    """The finding of one comparison for each side, over all languages that every side was scored on."""
    label, tags = comparison.label, comparison.shared
    if not comparison.others:
        means = comparison.means.loc[tags].mean()
        reached = " and ".join(f"{side_name(side)} reaches {score(means[side])} %" for side in comparison.sides)
        lacking = "baseline" if comparison.baseline is None else "other encoder"
        limit = f"There is no {lacking} to compare it with."
        is_by_test = comparison.setting.selection == "test"
        return [TaskVerdict(label, "", f"{reached} over {_languages(len(tags))}.", (limit,), is_by_test)]
    return [_verdict(comparison, side, tests.get((comparison.setting, side))) for side in comparison.others]


def _verdict(comparison: SystemComparison, side: str, test: TaskComparison | None) -> TaskVerdict:
    tags, baseline = comparison.shared, str(comparison.baseline)
    means, result = comparison.means.loc[tags].mean(), against_baseline(comparison, side, tags)
    level = "level with" if abs(result.difference) < TIE else "ahead of" if result.difference > 0 else "behind"
    finding = (
        f"{_start(side)} is {level} {_named(baseline)}: {score(means[side])} % against {score(means[baseline])} %, a "
        f"difference of {signed(result.difference)} points over {_languages(len(tags))}. It is better on "
        f"{result.better}, equal on {result.tie} and worse on {result.worse}."
    )
    limits = (*_chance(test), *_seed_limits(comparison, side, tags), *_control_limits(comparison, side, tags))
    short, is_by_test = _short(side, baseline, test, result) if test else "", comparison.setting.selection == "test"
    return TaskVerdict(comparison.label, short, finding, limits, is_by_test)


def _short(side: str, baseline: str, test: TaskComparison, result: Against) -> str:
    interval = f" [{_interval(test)}]" if test.difference.clustered is not None else ""
    points = f"{signed(result.difference)} points{interval}, q\u00a0=\u00a0{probability(test.q)}"
    of = _languages(test.difference.languages)
    if test.verdict == "indistinct":
        pair = f"{side_name(side)} and {_named(baseline)}"
        return f"{pair} cannot be told apart: better on {result.better} of {of}; {points}"
    ahead = result.better if test.verdict == "better" else result.worse
    return f"{side_name(side)} is {test.verdict} on {ahead} of {of}; {points}"


def _chance(test: TaskComparison | None) -> tuple[str, ...]:
    """Whether chance explains the difference."""
    if test is None:
        return ()
    if test.difference.clustered is not None:
        over = "families of languages and seeds" if test.noise.error else "families of languages"
        said = f"95 % interval {_interval(test)} points, {over} drawn anew; q = {probability(test.q)}"
    else:
        said = f"q = {probability(test.q)}"
    ending = {
        "better": "more than chance",
        "worse": "more than chance",
        "indistinct": "chance alone could have made the difference",
    }
    return (f"{said[0].upper() if said[0] != 'q' else said[0]}{said[1:]}: {ending[test.verdict]}.",)


def _interval(test: TaskComparison | None) -> str:
    if test is None or test.difference.clustered is None:
        return ABSENT
    return f"{signed(test.difference.clustered.low)} to {signed(test.difference.clustered.high)}"


def _seed_limits(comparison: SystemComparison, side: str, tags: Sequence[str]) -> tuple[str, ...]:
    baseline = str(comparison.baseline)
    if any(name.startswith(PREFIX) for name in (side, baseline)):
        return ("A printed score is a mean of five seeds, whose own scores are not known.",)
    tables = {name: comparison.grid.replicates(name).loc[list(tags)].dropna() for name in (baseline, side)}
    means = {name: table.mean() for name, table in tables.items()}
    spreads = {name: float(scores.std(ddof=1)) for name, scores in means.items()}
    if any(math.isnan(spread) for spread in spreads.values()):
        return ("Only one seed was trained, so it is not known whether another seed would say the same.",)
    called = "baseline" if baseline == "none" else side_name(baseline)
    said = (
        f"Over {comparison.grid.trials(side)} the mean varies by {score(spreads[side])} ({called} "
        f"{score(spreads[baseline])}; standard deviation)"
    )
    before, after = (
        {_seed(str(name)): score for name, score in means[name_of].items()} for name_of in (baseline, side)
    )
    pairs = sorted(before.keys() & after.keys())
    ahead = sum(after[pair] > before[pair] for pair in pairs)
    return (f"{said}; {side_name(side)} is ahead in {ahead} of {len(pairs)}." if pairs else f"{said}.",)


def _seed(replicate: str) -> str:
    """The seed of a training, or the seed itself."""
    training = training_of(replicate)
    return str(training.seed) if training else replicate


def _control_limits(comparison: SystemComparison, side: str, tags: Sequence[str]) -> tuple[str, ...]:
    if comparison.setting.layer is None or side.startswith(PREFIX):
        return ()
    parts = []
    layer0 = comparison.control("layer0", side).reindex(list(tags)).mean()
    ngram = comparison.control("ngram").reindex(list(tags)).mean()
    if not math.isnan(layer0):
        parts.append(f"the embedding layer alone reaches {score(layer0)} %")
    if not math.isnan(ngram):
        parts.append(f"character n-grams, without any encoder, {score(ngram)} %")
    if not parts:
        return ("The controls (layer 0, character n-grams) were not measured.",)
    sentence = " and ".join(parts)
    return (f"{sentence[0].upper()}{sentence[1:]}: only what lies above can come from context.",)


def _named(baseline: str) -> str:
    """A baseline inside a sentence."""
    return "the baseline" if baseline == "none" else side_name(baseline)


def _start(side: str) -> str:
    """A side at the start of a sentence."""
    name = side_name(side)
    return f"{name[0].upper()}{name[1:]}"


def _languages(number: int) -> str:
    return f"{number} language{'s' if number != 1 else ''}"


def _listed(labels: Sequence[str]) -> str:
    return f" ({', '.join(labels)})" if labels else ""
