"""What a run decides and what it cannot: each figure beside chance and beside what needs no encoder at all.

A finding counts as decided where its 95 % interval, over languages with their families drawn anew, leaves out what it
is compared with by more than rounding, and the languages are as many as a test over them needs. The rest is named as
undecided: a small encoder tells little, and a page should say which.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.analysis.neutrality.record import LayerMeans, NeutralityAnalysis
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.variants import DISPLAY_NAMES, parts_of, training_of
from langsamp.render.numbers import decimals, ends, probability, score, signed
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.run_folder import Model, Run
from langsamp.reporting.inputs.stored import Kind, Stored, of_kind
from langsamp.scores.difference import FEWEST_LANGUAGES, TIE
from langsamp.scores.statistics.bootstrap import Interval, difference_interval, seed_noise
from langsamp.views.appearance import side_name
from langsamp.views.comparison_text import count

LEVEL = 0.05
_BEFORE, _AFTER = "none", "both"
_BITS_TIE = 0.0005
"""Bits per byte that print as 0.000."""
_PURITY = "purity family"
_CONTROLS = {"chance": "chance", "ngram": "character n-grams", "layer0": "the embedding layer"}


class Finding(NamedTuple):
    """One figure beside what it must differ from."""

    what: str
    """A heading of some words."""
    sentence: str
    is_decided: bool


def findings(
    runs: Sequence[Run], comparisons: Sequence[SystemComparison], stored: Sequence[Stored[Analysis]]
) -> list[Finding]:
    """What the vectors bring in training, what they know, and whether each score is more than its controls."""
    return [
        *(each for run in runs if (each := _held_out(run.models)) is not None),
        *_identified(_of_main([each.analysis for each in of_kind(stored, IdentificationAnalysis)])),
        *_neighbours(_of_main([each.analysis for each in of_kind(stored, VectorsAnalysis)])),
        *(line for each in of_kind(stored, NeutralityAnalysis) if (line := _neutral(each.analysis)) is not None),
        *(each for comparison in comparisons if (each := _above_controls(comparison)) is not None),
    ]


def decided_lines(every: Sequence[Finding]) -> list[str]:
    """Findings as the last lines of a run on a terminal, decided ones first."""
    return [
        f"{'decided' if each.is_decided else 'not decided'}: {each.what}: {each.sentence}"
        for each in sorted(every, key=lambda each: not each.is_decided)
    ]


def _held_out(models: Sequence[Model]) -> Finding | None:
    """Bits per byte of held-out text with vectors and without, language by language."""
    measured = {
        variant: _bits([model for model in models if model.variant == variant]) for variant in (_BEFORE, _AFTER)
    }
    before, after = measured[_BEFORE], measured[_AFTER]
    tags = sorted(set(before.index) & set(after.index))
    if not tags:
        return None
    interval = _interval(before.loc[tags], after.loc[tags], paired=before.shape[1] == after.shape[1])
    means = {name: float(table.loc[tags].to_numpy().mean()) for name, table in measured.items()}
    return Finding(
        "Held-out text",
        f"{DISPLAY_NAMES[_AFTER]} needs {decimals(means[_AFTER])} bits per byte, the baseline "
        f"{decimals(means[_BEFORE])}; difference {decimals(means[_AFTER] - means[_BEFORE])}"
        f"{_ends(interval, decimals)} over {count(len(tags))} (lower is better; the ids are given to "
        f"{DISPLAY_NAMES[_AFTER]}).",
        interval is not None and interval.high <= -_BITS_TIE and len(tags) >= FEWEST_LANGUAGES,
    )


def _bits(models: Sequence[Model]) -> pd.DataFrame:
    """Bits per byte at the last measurement: a line for each tag, a column for each training whose log is whole."""
    whole = [model for model in models if model.log.held_out and not model.lost_steps]
    last = {model.name: model.log.held_out[-1].tags for model in whole}
    bits = {
        name: {tag: loss.bits_per_byte for tag, loss in tags.items() if loss.bits_per_byte is not None}
        for name, tags in last.items()
    }
    return pd.DataFrame(bits).dropna()


def _of_main(analyses: Sequence[Kind]) -> list[Kind]:
    """Those of the variant that the run is about: LangSAMP, else the first that is no control.

    Vectors of shuffled ids know nothing of languages, as they should; together with others they would decide nothing.
    """
    by_variant: dict[str, list[Kind]] = {}
    for each in analyses:
        training = training_of(each.subject)
        if training is None or not parts_of(training.variant).is_shuffled:
            by_variant.setdefault(training.variant if training else "", []).append(each)
    return by_variant.get(_AFTER) or next(iter(by_variant.values()), [])


def _identified(analyses: Sequence[IdentificationAnalysis]) -> Iterator[Finding]:
    """All trainings together: one line for each text."""
    for text in dict.fromkeys(each.text for each in analyses):
        of_text = [each for each in analyses if each.text == text]
        first, low = of_text[0], min(each.low for each in of_text)
        trainings = f" (mean of {len(of_text)} trainings, lowest end)" if len(of_text) > 1 else ""
        yield Finding(
            "Language of a sentence",
            f"the vectors alone tell it for {np.mean([each.right for each in of_text]):.0%} of the sentences of {text} "
            f"[{low:.0%}, {max(each.high for each in of_text):.0%}]{trainings} among {len(first.languages)} languages; "
            f"chance is {first.chance:.0%}, character n-grams tell {first.ngram:.0%}.",
            low > first.chance and len(first.languages) >= FEWEST_LANGUAGES,
        )


def _neighbours(analyses: Sequence[VectorsAnalysis]) -> Iterator[Finding]:
    """Families among the nearest vectors, beside shuffled ones; of several trainings the worst decides."""
    lines = [line for each in analyses for line in each.statistics if line.statistic == _PURITY]
    if not lines:
        return
    worst = max(line.p_value for line in lines)
    trainings = f" (means of {len(lines)} trainings, largest p)" if len(lines) > 1 else ""
    yield Finding(
        "Relatives",
        f"{np.mean([line.observed for line in lines]):.0%} of the nearest language vectors are of the same family, "
        f"{np.mean([line.null_mean for line in lines]):.0%} where families are shuffled "
        f"[{min(line.null_low for line in lines):.0%}, {max(line.null_high for line in lines):.0%}], "
        f"p = {probability(worst)}{trainings}.",
        worst < LEVEL,
    )


def _neutral(analysis: NeutralityAnalysis) -> Finding | None:
    """How well a probe tells the language right below the vectors, of all trainings with them and all without."""
    before, after = (_last_layers(analysis, variant) for variant in (_BEFORE, _AFTER))
    if not before or not after:
        return None
    several = f" (means of {len(after)} and {len(before)} trainings, outermost ends)" if len(after) > 1 else ""
    return Finding(
        "Neutrality",
        f"from the last layer a probe tells the language of {_told(after)} of the sentences of {analysis.text} for "
        f"{DISPLAY_NAMES[_AFTER]}, of {_told(before)} for the baseline{several}, among {len(analysis.tags)} languages; "
        f"chance is {after[0].language_chance:.0%}, lower is more neutral.",
        max(line.language_probe_high for line in after) < min(line.language_probe_low for line in before),
    )


def _last_layers(analysis: NeutralityAnalysis, variant: str) -> list[LayerMeans]:
    """The last layer of each training of a variant."""
    trainings = [name for name in analysis.models if (one := training_of(name)) is not None and one.variant == variant]
    return [max(analysis.curve_of(name), key=lambda line: line.layer) for name in trainings]


def _told(lines: Sequence[LayerMeans]) -> str:
    low, high = min(line.language_probe_low for line in lines), max(line.language_probe_high for line in lines)
    return f"{np.mean([line.language_probe for line in lines]):.0%} [{low:.0%}, {high:.0%}]"


def _above_controls(comparison: SystemComparison) -> Finding | None:
    """The main side of a comparison against the strongest of its controls, language by language."""
    side = comparison.main or next(iter(comparison.sides), None)
    controls = {
        name: comparison.control(name, side if name == "layer0" else None) for name in ("chance", "ngram", "layer0")
    }
    scores = comparison.means[side].dropna() if side is not None else pd.Series(dtype=float)
    known = {name: values.reindex(scores.index) for name, values in controls.items() if not values.empty}
    known = {name: values for name, values in known.items() if not values.isna().any()}
    if side is None or not known or scores.empty:
        return None
    strongest = max(known, key=lambda name: float(known[name].mean()))
    interval = _interval(known[strongest].to_frame(), scores.to_frame())
    beside = ", ".join(f"{_CONTROLS[name]} {score(float(values.mean()))}" for name, values in known.items())
    return Finding(
        comparison.label,
        f"{side_name(side)} reaches {score(float(scores.mean()))} %; {beside}; over {_CONTROLS[strongest]} "
        f"{signed(float((scores - known[strongest]).mean()))}{_ends(interval, signed)} over {count(len(scores))}.",
        interval is not None and interval.low >= TIE and len(scores) >= FEWEST_LANGUAGES,
    )


def _interval(before: pd.DataFrame, after: pd.DataFrame, *, paired: bool = False) -> Interval | None:
    """Of the mean of `after - before` over languages, families drawn anew; both are tables languages x trainings.

    Trainings are `paired` where those of one seed read the same rows and masks in the same order.
    """
    a_LS, b_LS = before.to_numpy(np.float64), after.to_numpy(np.float64)
    families = [describe(LangScript.parse(tag)).family or tag for tag in before.index]
    clusters_L = np.unique(families, return_inverse=True)[1]
    return difference_interval(a_LS, b_LS, clusters_L, noise=seed_noise(a_LS, b_LS, paired=paired))


def _ends(interval: Interval | None, write: Callable[[float], str]) -> str:
    return "" if interval is None else f" {ends(*interval, write)}"
