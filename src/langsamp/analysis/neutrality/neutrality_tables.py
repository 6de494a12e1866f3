"""The tables of the neutrality analysis: each pair of languages, each layer, and one model against another.

Shape suffixes: L languages, N sentences, D width, P pairs of languages, R resamples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langsamp.analysis.neutrality.probes import chance, probe
from langsamp.analysis.neutrality.record import LayerMeans, Measure, OverallChange, PairChange, PairSimilarity
from langsamp.analysis.neutrality.similarity import Similarity, change, compare_languages, mean_interval, pairs
from langsamp.languages.tags import LangScript

Floats = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is measured of one model, at each of its layers."""

    similar: Sequence[Similarity]
    language: Sequence[Floats]
    """Share of each sentence's translations whose language the probe tells."""
    script: Sequence[Floats]
    """The same of the script; NaN where all languages share one."""

    @classmethod
    def of(cls, vectors: Sequence[Floats], tags: Sequence[LangScript], *, seed: int) -> "Measured":
        """Measure the vectors of each layer, shape (L, N, D) each."""
        languages, scripts = list(map(str, tags)), [tag.script for tag in tags]
        several = len(set(scripts)) > 1
        return cls(
            similar=[compare_languages(each) for each in vectors],
            language=[probe(each, languages, seed=seed).mean(axis=0) for each in vectors],
            script=[
                probe(each, scripts, seed=seed).mean(axis=0) if several else np.full(each.shape[1], np.nan)
                for each in vectors
            ],
        )

    def by_sentence(self, layer: int) -> dict[Measure, Floats]:
        """By measure, what each sentence adds: its mean over sentences is the mean over all pairs or languages."""
        similar = self.similar[layer]
        return {
            "parallel": similar.parallel.mean(axis=0),
            "raw": similar.raw.mean(axis=0),
            "raw_gap": similar.raw_gap.mean(axis=0),
            "language_probe": self.language[layer],
            "script_probe": self.script[layer],
        }


def similarity_table(
    measured: Mapping[str, Measured], tags: Sequence[LangScript], drawn_RN: Floats
) -> tuple[PairSimilarity, ...]:
    """A line for each model, layer and pair of languages."""
    return tuple(
        PairSimilarity(name, layer, *values)
        for name, measures in measured.items()
        for layer, similar in enumerate(measures.similar)
        for values in _by_pair(tags, *_similarities(similar, drawn_RN))
    )


def _similarities(similar: Similarity, drawn_RN: Floats) -> tuple[Floats, ...]:
    """The numbers of a `PairSimilarity`, shape (P,) each."""
    parallel_P, raw_P = similar.parallel.mean(axis=1), similar.raw.mean(axis=1)
    return (
        parallel_P, *mean_interval(similar.parallel, drawn_RN), similar.non_parallel, parallel_P - similar.non_parallel,
        raw_P, similar.raw_non_parallel, raw_P - similar.raw_non_parallel, *mean_interval(similar.raw_gap, drawn_RN),
    )  # fmt: skip


def curve_table(
    measured: Mapping[str, Measured], tags: Sequence[LangScript], drawn_RN: Floats
) -> tuple[LayerMeans, ...]:
    """A line for each model and layer: means over all pairs of languages, and the probes."""
    by_chance = probe_chances(tags)
    rows = []
    for name, measures in measured.items():
        for layer, similar in enumerate(measures.similar):
            parallel, raw, gap, language, script = (
                (float(each_N.mean()), *interval(each_N, drawn_RN)) for each_N in measures.by_sentence(layer).values()
            )
            non_parallel = float(similar.non_parallel.mean())
            rows.append(
                LayerMeans(
                    name, layer, *parallel, non_parallel, parallel[0] - non_parallel, raw[0],
                    float(similar.raw_non_parallel.mean()), *gap, *language, by_chance[0], *script, by_chance[1],
                )
            )  # fmt: skip
    return tuple(rows)


def change_tables(
    measured: Mapping[str, Measured], layers: Mapping[str, int], tags: Sequence[LangScript], drawn_RN: Floats
) -> tuple[tuple[PairChange, ...], tuple[OverallChange, ...]]:
    """Every model against the first: by pair of languages, and over all by measure.

    `layers` are those that are compared where models are not equally deep.
    """
    base, *others = measured
    by_pair: list[PairChange] = []
    overall: list[OverallChange] = []
    for name in others:
        a, b = measured[base], measured[name]
        for layer, model_layer in _same_layers(a, b, or_else=(layers[base], layers[name])):
            before_PN, after_PN = a.similar[layer].parallel, b.similar[model_layer].parallel
            numbers = before_PN.mean(axis=1), after_PN.mean(axis=1), *change(before_PN, after_PN, drawn_RN)
            by_pair += [PairChange(base, name, layer, model_layer, *values) for values in _by_pair(tags, *numbers)]
            means_b = b.by_sentence(model_layer)
            for measure, before_N in a.by_sentence(layer).items():
                before, after = float(before_N.mean()), float(means_b[measure].mean())
                ends = interval(means_b[measure] - before_N, drawn_RN)
                overall.append(
                    OverallChange(base, name, layer, model_layer, measure, before, after, after - before, *ends)
                )
    return tuple(by_pair), tuple(overall)


def _by_pair(tags: Sequence[LangScript], *columns: Floats) -> Iterator[tuple[Any, ...]]:
    """For each pair of languages both tags and its value in each column."""
    names = [*map(str, tags)]
    first, second = ([names[at] for at in side] for side in pairs(len(tags)))
    return zip(first, second, *(column.tolist() for column in columns), strict=True)


def probe_chances(tags: Sequence[LangScript]) -> tuple[float, float]:
    """Chance for the language probe and for that of scripts; NaN where there is one label only."""
    language, script = (
        chance(labels) if len(set(labels)) > 1 else float("nan")
        for labels in ([*map(str, tags)], [tag.script for tag in tags])
    )
    return language, script


def interval(values_N: Floats, drawn_RN: Floats) -> tuple[float, float]:
    """Both ends of the 95 % interval of the mean over sentences."""
    low, high = mean_interval(values_N[None], drawn_RN)
    return float(low[0]), float(high[0])


def _same_layers(a: Measured, b: Measured, *, or_else: tuple[int, int]) -> list[tuple[int, int]]:
    """Each layer with itself in models of equal depth."""
    depth = len(a.similar)
    return [(layer, layer) for layer in range(depth)] if depth == len(b.similar) else [or_else]
