"""What came out, in sentences: each number with what it is compared with and how far it can be trusted."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from langsamp.analysis.comparison import TIE, TaskComparison
from langsamp.analysis.comparison import compare as test_difference
from langsamp.analysis.sides import choose
from langsamp.report.groups import Against, GroupRow, against_baseline, tone
from langsamp.report.metrics import metric_name
from langsamp.report.numbers import ABSENT, probability, score, signed, whole
from langsamp.report.run import VARIANTS, Model, Run
from langsamp.report.tables import Comparison, Setting


class Card(NamedTuple):
    """One headline number."""

    label: str
    value: str
    note: str
    tone: str = ""
    """`better`, `worse` or empty."""


class TaskVerdict(NamedTuple):
    """What one comparison says: the finding first, then what limits it."""

    task: str
    finding: str
    limits: tuple[str, ...]


class SummaryRow(NamedTuple):
    """One line of the table of all comparisons."""

    label: str
    metric: str
    languages: int
    means: Mapping[str, float]
    """By variant."""
    against: Against | None
    interval: str
    q: str
    seeds: str
    """How many replicates the baseline and the main variant have, once where it is the same."""


def significance(scores: pd.DataFrame, comparisons: Sequence[Comparison]) -> dict[Setting, TaskComparison]:
    """What the test of the main variant against the baseline says of each comparison that has both.

    The same numbers as `langsamp compare RUN:none RUN:both` gives, for tasks scored in one way.
    """
    found: dict[Setting, TaskComparison] = {}
    main_rows = scores[scores["main"].eq(True)]
    for main in dict.fromkeys(str(each.main) for each in comparisons if each.compares):
        cells = frozenset().union(*(each.cells for each in comparisons if each.compares and each.main == main))
        rows = main_rows[main_rows["cell"].isin(cells)]
        baseline, other = (choose(rows, name=variant, model=variant) for variant in ("none", main))
        for task in test_difference(baseline, other, by=(), per_language=False).tasks:
            found[Setting(task.pair.task, **task.pair.stamp_a)] = task
    return found


def summary_rows(
    comparisons: Sequence[Comparison], groups: Sequence[GroupRow], tests: Mapping[Setting, TaskComparison]
) -> list[SummaryRow]:
    """One line for each comparison; `groups` has its row of all languages."""
    rows = []
    for comparison, group in zip(comparisons, groups, strict=True):
        test, main = tests.get(comparison.setting), comparison.main
        sides = ("none", main) if main and "none" in comparison.variants else comparison.variants[:1]
        counts = [str(comparison.replicates(str(variant)).shape[1]) for variant in sides]
        rows.append(
            SummaryRow(
                label=comparison.label,
                metric=metric_name(comparison.metric),
                languages=len(comparison.shared),
                means=group.means,
                against=group.against.get(main) if main else None,
                interval=_interval(test),
                q=probability(test.q) if test else ABSENT,
                seeds=" / ".join(dict.fromkeys(counts)),
            )
        )
    return rows


def headline(comparisons: Sequence[Comparison], tests: Mapping[Setting, TaskComparison]) -> str | None:
    """One sentence over several comparisons of the main variant; None where there are not several."""
    tested = [comparison for comparison in comparisons if comparison.setting in tests]
    if len(tested) < 2:
        return None
    name = VARIANTS.get(tested[0].main or "", tested[0].main or "")
    by_verdict: dict[str, list[str]] = {}
    for comparison in tested:
        by_verdict.setdefault(tests[comparison.setting].verdict, []).append(comparison.label)
    better, worse, indistinct = (by_verdict.get(verdict, []) for verdict in ("better", "worse", "indistinct"))
    parts = [f"{name} is better than the baseline on {len(better)} of {len(tested)} tasks{_listed(better)}"]
    parts.append(f"worse on {len(worse) or 'none'}{_listed(worse)}")
    sentence = " and ".join(parts)
    return f"{sentence}; on {len(indistinct)} they cannot be told apart{_listed(indistinct)}." if indistinct else (
        f"{sentence}."
    )  # fmt: skip


def task_verdict(comparison: Comparison, test: TaskComparison | None) -> TaskVerdict:
    """The finding of one comparison over all languages that every variant was scored on."""
    label, main, tags = comparison.label, comparison.main, comparison.shared
    means = comparison.means.loc[tags].mean()
    if main is None or "none" not in comparison.variants:
        only = comparison.variants[0]
        return TaskVerdict(
            label,
            f"{VARIANTS.get(only, only)} reaches {score(means[only])} % over {_languages(len(tags))}.",
            (f"There is no {'baseline' if only != 'none' else 'LangSAMP encoder'} to compare it with.",),
        )
    name, result = VARIANTS.get(main, main), against_baseline(comparison, main, tags)
    place = "level with" if abs(result.difference) < TIE else "ahead of" if result.difference > 0 else "behind"
    finding = (
        f"{name} is {place} the baseline: {score(means[main])} % against {score(means['none'])} %, a difference of "
        f"{signed(result.difference)} points over {_languages(len(tags))}. It is better on {result.better}, equal on "
        f"{result.tie} and worse on {result.worse}."
    )
    limits = (*_chance(test), *_seed_limits(comparison, main, tags), *_control_limits(comparison, tags))
    return TaskVerdict(label, finding, limits)


def cards(run: Run, comparisons: Sequence[Comparison]) -> list[Card]:
    """The headline numbers: of the only comparison in detail or of each of several, then of the run as a whole."""
    compared = [comparison for comparison in comparisons if comparison.compares]
    found = [card for comparison in compared for card in _cards(comparison, alone=len(compared) == 1)]
    if run.manifest:
        tags = run.manifest["tags"]
        languages, scripts = ({tag.split("_")[part] for tag in tags} for part in (0, 1))
        found.append(
            Card("Trained on", whole(len(tags)), f"tags: {len(languages)} languages in {len(scripts)} scripts")
        )
    return found


def held_out_sentence(models: Sequence[Model]) -> str | None:
    """How well the encoders predict held-out text, or None where it was not measured for a pair."""
    bits: dict[str, list[float]] = {}
    for model in models:
        if model.held_out and model.held_out[-1].get("bits_per_byte") is not None:
            bits.setdefault(model.variant, []).append(float(model.held_out[-1]["bits_per_byte"]))
    means = {variant: sum(found) / len(found) for variant, found in bits.items()}
    other = "both" if "both" in means else next((variant for variant in means if variant != "none"), None)
    if other is None or "none" not in means:
        return None
    return (
        f"On held-out text {VARIANTS.get(other, other)} needs {means[other]:.3f} bits per byte and the baseline "
        f"{means['none']:.3f} (lower is better; mean over languages, ids given to {VARIANTS.get(other, other)})."
    )


def _cards(comparison: Comparison, *, alone: bool) -> list[Card]:
    main = str(comparison.main)
    means = comparison.means.loc[comparison.shared].mean()
    result, name = against_baseline(comparison, main, comparison.shared), VARIANTS.get(main, main)
    counts = f"worse on {result.worse}, equal on {result.tie}"
    if not alone:
        note = f"{score(means['none'])} to {score(means[main])} %; better on {result.better}, {counts}"
        return [Card(comparison.label, signed(result.difference), note, tone(result.difference))]
    return [
        Card(name, f"{score(means[main])} %", f"{comparison.label}, mean over languages"),
        Card("Baseline", f"{score(means['none'])} %", "trained on the same rows, without the vectors"),
        Card("Difference", signed(result.difference), "points, mean over languages", tone(result.difference)),
        Card("Better on", f"{result.better} of {len(comparison.shared)}", counts),
    ]


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


def _seed_limits(comparison: Comparison, main: str, tags: Sequence[str]) -> tuple[str, ...]:
    tables = {variant: comparison.replicates(variant).loc[list(tags)].dropna() for variant in ("none", main)}
    means = {variant: table.mean() for variant, table in tables.items()}
    spreads = {variant: float(found.std(ddof=1)) for variant, found in means.items()}
    if any(math.isnan(spread) for spread in spreads.values()):
        return ("Only one seed was trained, so it is not known whether another seed would say the same.",)
    said = (
        f"Over {comparison.trials(main)} the mean varies by {score(spreads[main])} (baseline "
        f"{score(spreads['none'])}; standard deviation)"
    )
    pairs = sorted(set(means["none"].index) & set(means[main].index))
    ahead = sum(means[main][pair] > means["none"][pair] for pair in pairs)
    return (f"{said}; {VARIANTS.get(main, main)} is ahead in {ahead} of {len(pairs)}." if pairs else f"{said}.",)


def _control_limits(comparison: Comparison, tags: Sequence[str]) -> tuple[str, ...]:
    if not comparison.setting.layer:
        return ()
    parts = []
    layer0 = comparison.control("layer0", comparison.main).reindex(list(tags)).mean()
    ngram = comparison.control("ngram").reindex(list(tags)).mean()
    if not math.isnan(layer0):
        parts.append(f"the embedding layer alone reaches {score(layer0)} %")
    if not math.isnan(ngram):
        parts.append(f"character n-grams, without any encoder, {score(ngram)} %")
    if not parts:
        return ("The controls (layer 0, character n-grams) were not measured.",)
    sentence = " and ".join(parts)
    return (f"{sentence[0].upper()}{sentence[1:]}: only what lies above can come from context.",)


def _languages(number: int) -> str:
    return f"{number} language{'s' if number != 1 else ''}"


def _listed(labels: Sequence[str]) -> str:
    return f" ({', '.join(labels)})" if labels else ""
