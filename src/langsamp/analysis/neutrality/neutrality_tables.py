"""The tables of the neutrality analysis: each pair of languages, each layer, and one model against another.

Shape suffixes: L languages, N sentences, D width, P pairs of languages, R resamples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from langsamp.analysis.neutrality.probes import chance, probe
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

    def by_sentence(self, layer: int) -> dict[str, Floats]:
        """By measure, what each sentence adds: its mean over sentences is the mean over all pairs or languages."""
        similar = self.similar[layer]
        return {
            "parallel": similar.parallel.mean(axis=0),
            "raw": similar.raw.mean(axis=0),
            "raw_gap": similar.raw_gap.mean(axis=0),
            "language_probe": self.language[layer],
            "script_probe": self.script[layer],
        }


def similarity_table(measured: Mapping[str, Measured], tags: Sequence[LangScript], drawn_RN: Floats) -> pd.DataFrame:
    """A row for each model, layer and pair of languages."""
    parts = []
    for name, measures in measured.items():
        for layer, similar in enumerate(measures.similar):
            low, high = mean_interval(similar.parallel, drawn_RN)
            gap_low, gap_high = mean_interval(similar.raw_gap, drawn_RN)
            parallel, raw = similar.parallel.mean(axis=1), similar.raw.mean(axis=1)
            columns = {
                "model": name, "layer": layer, **_sides(tags), "parallel": parallel, "low": low, "high": high,
                "non_parallel": similar.non_parallel, "gap": parallel - similar.non_parallel, "raw": raw,
                "raw_non_parallel": similar.raw_non_parallel, "raw_gap": raw - similar.raw_non_parallel,
                "raw_gap_low": gap_low, "raw_gap_high": gap_high,
            }  # fmt: skip
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def curve_table(measured: Mapping[str, Measured], tags: Sequence[LangScript], drawn_RN: Floats) -> pd.DataFrame:
    """A row for each model and layer: means over all pairs of languages, and the probes."""
    rows = []
    for name, measures in measured.items():
        for layer, similar in enumerate(measures.similar):
            means = measures.by_sentence(layer)
            value = {key: float(mean_N.mean()) for key, mean_N in means.items()}
            (low, high), (gap_low, gap_high) = (_interval(means[key], drawn_RN) for key in ("parallel", "raw_gap"))
            non_parallel = float(similar.non_parallel.mean())
            row: dict[str, Any] = {
                "model": name, "layer": layer, "parallel": value["parallel"], "low": low, "high": high,
                "non_parallel": non_parallel, "gap": value["parallel"] - non_parallel, "raw": value["raw"],
                "raw_non_parallel": float(similar.raw_non_parallel.mean()), "raw_gap": value["raw_gap"],
                "raw_gap_low": gap_low, "raw_gap_high": gap_high,
            }  # fmt: skip
            for what, labels in (("language", list(map(str, tags))), ("script", [tag.script for tag in tags])):
                key = f"{what}_probe"
                low, high = _interval(means[key], drawn_RN)
                by_chance = chance(labels) if len(set(labels)) > 1 else float("nan")
                row |= {key: value[key], f"{key}_low": low, f"{key}_high": high, f"{what}_chance": by_chance}
            rows.append(row)
    return pd.DataFrame(rows)


def change_tables(
    measured: Mapping[str, Measured], layers: Mapping[str, int], tags: Sequence[LangScript], drawn_RN: Floats
) -> dict[str, pd.DataFrame]:
    """The tables `change` (each pair of languages) and `overall` (each measure): every model against the first.

    `layers` are those that are compared where models are not equally deep.
    """
    base, *others = measured
    by_pair, overall = [], []
    for name in others:
        a, b = measured[base], measured[name]
        for layer, own_layer in _same_layers(a, b, or_else=(layers[base], layers[name])):
            before_PN, after_PN = a.similar[layer].parallel, b.similar[own_layer].parallel
            changes = change(before_PN, after_PN, drawn_RN)
            keys = {"base": base, "model": name, "layer": layer, "model_layer": own_layer}
            columns = {
                **keys, **_sides(tags), "before": before_PN.mean(axis=1), "after": after_PN.mean(axis=1),
                "difference": changes.difference, "low": changes.low, "high": changes.high, "percent": changes.percent,
                "percent_low": changes.percent_low, "percent_high": changes.percent_high,
            }  # fmt: skip
            by_pair.append(pd.DataFrame(columns))
            means_b = b.by_sentence(own_layer)
            for measure, before_N in a.by_sentence(layer).items():
                after_N = means_b[measure]
                low, high = _interval(after_N - before_N, drawn_RN)
                sides = {"before": float(before_N.mean()), "after": float(after_N.mean())}
                sides["difference"] = sides["after"] - sides["before"]
                overall.append({**keys, "measure": measure, **sides, "low": low, "high": high})
    return {"change": pd.concat(by_pair, ignore_index=True), "overall": pd.DataFrame(overall)}


def _sides(tags: Sequence[LangScript]) -> dict[str, NDArray[np.str_]]:
    first, second = pairs(len(tags))
    names = np.array(list(map(str, tags)))
    return {"first": names[first], "second": names[second]}


def _interval(values_N: Floats, drawn_RN: Floats) -> tuple[float, float]:
    low, high = mean_interval(values_N[None], drawn_RN)
    return float(low[0]), float(high[0])


def _same_layers(a: Measured, b: Measured, *, or_else: tuple[int, int]) -> list[tuple[int, int]]:
    """Each layer with itself in models of equal depth."""
    depth = len(a.similar)
    return [(layer, layer) for layer in range(depth)] if depth == len(b.similar) else [or_else]
