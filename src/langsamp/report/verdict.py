"""What came out, in sentences: each number with what it is compared with and how far it can be trusted."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from langsamp.report.numbers import score, signed, whole
from langsamp.report.run import VARIANTS, Model, Run
from langsamp.report.tables import TIE, Comparison, against_baseline, seed_means, spread


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


def task_verdict(comparison: Comparison) -> TaskVerdict:
    """The finding of one task over all languages that every variant was scored on."""
    task, main, tags = comparison.setting.task, comparison.main, comparison.shared
    means = comparison.means.loc[tags].mean()
    if main is None or "none" not in comparison.variants:
        only = comparison.variants[0]
        return TaskVerdict(
            task,
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
    return TaskVerdict(task, finding, (*_seed_limits(comparison, main, tags), *_control_limits(comparison, tags)))


def cards(run: Run, comparisons: Sequence[Comparison]) -> list[Card]:
    """The headline numbers: of the first task that has both encoders, then of the run as a whole."""
    found: list[Card] = []
    for comparison in comparisons:
        main, tags = comparison.main, comparison.shared
        if main is None or "none" not in comparison.variants or not tags:
            continue
        result, means = against_baseline(comparison, main, tags), comparison.means.loc[tags].mean()
        tone = "" if abs(result.difference) < TIE else "better" if result.difference > 0 else "worse"
        name = VARIANTS.get(main, main)
        found = [
            Card(name, f"{score(means[main])} %", f"{comparison.setting.task}, mean over languages"),
            Card("Baseline", f"{score(means['none'])} %", "trained on the same rows, without the vectors"),
            Card("Difference", signed(result.difference), "points, mean over languages", tone),
            Card("Better on", f"{result.better} of {len(tags)}", f"worse on {result.worse}, equal on {result.tie}"),
        ]  # fmt: skip
        break
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


def _seed_limits(comparison: Comparison, main: str, tags: Sequence[str]) -> tuple[str, ...]:
    by_seed = {variant: seed_means(comparison, variant, tags) for variant in ("none", main)}
    spreads = {variant: spread(means) for variant, means in by_seed.items()}
    one, other = spreads["none"], spreads[main]
    if one is None or other is None:
        return ("Only one seed was trained, so it is not known whether another seed would say the same.",)
    pairs = by_seed["none"].keys() & by_seed[main].keys()
    ahead = sum(by_seed[main][seed] > by_seed["none"][seed] for seed in pairs)
    said = [
        f"Over {len(by_seed[main])} seeds the mean varies by {score(other)} (baseline {score(one)}; standard deviation)"
    ]
    if pairs:
        said.append(f"{VARIANTS.get(main, main)} is ahead in {ahead} of {len(pairs)}")
    return ("; ".join(said) + ".",)


def _control_limits(comparison: Comparison, tags: Sequence[str]) -> tuple[str, ...]:
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
