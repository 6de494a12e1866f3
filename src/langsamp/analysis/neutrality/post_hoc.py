"""Cheap ways to a more language-neutral vector that train nothing, measured as the trained models are.

Both are fitted on sentences that are not measured. What they cannot do by themselves is tell a sentence's language:

- `means` takes the mean vector of its language from each vector, so the language of every sentence must be known
  (Libovický et al. 2020, "On the Language Neutrality of Pre-trained Multilingual Representations", section 3.1);
- `leace` projects away the directions in which language means differ, one and the same projection for every sentence:
  of all that leave a linear reader nothing to tell languages by on the fitted text, the one that moves vectors least
  (Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form", theorem 4.3).

Shape suffixes: L languages, N sentences, D width, K directions in which fitted vectors vary.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from langsamp.analysis.neutrality.neutrality_tables import Floats, Measured, interval, probe_chances
from langsamp.analysis.neutrality.record import Edit, PostHoc
from langsamp.languages.tags import LangScript
from langsamp.scores.statistics.unit_length import unit_length

_RANK = 1e-10
"""Directions with less than this share of the largest variance are rounding."""


def subtract_means(fitted_LND: Floats) -> Callable[[Floats], Floats]:
    """An edit that takes from vectors, shape (L, N, D), the mean of their language over the fitted ones."""
    means_L1D = fitted_LND.mean(axis=1, keepdims=True)
    return lambda vectors_LND: np.asarray(vectors_LND - means_L1D)


def remove_language(fitted_LND: Floats) -> Callable[[Floats], Floats]:
    """An edit of vectors, shape (L, N, D), that knows no language: LEACE, fitted on as many vectors of each."""
    wide_LND = fitted_LND.astype(np.float64)
    center_D = wide_LND.mean(axis=(0, 1))
    centred_MD = (wide_LND - center_D).reshape(-1, wide_LND.shape[2])
    variances, axes_DK = np.linalg.eigh(centred_MD.T @ centred_MD / len(centred_MD))
    kept = variances > _RANK * variances.max()
    axes_DK, scales_K = axes_DK[:, kept], np.sqrt(variances[kept])
    # The covariance with one-hot labels spans what the centred means of the languages span, as each has N vectors.
    means_KL = ((wide_LND.mean(axis=1) - center_D) @ axes_DK / scales_K).T
    directions_KL, sizes_L, _ = np.linalg.svd(means_KL, full_matrices=False)
    directions_KL = directions_KL[:, sizes_L > _RANK * max(sizes_L.max(), 1.0)]
    whiten_DL, restore_LD = axes_DK / scales_K @ directions_KL, (directions_KL.T * scales_K) @ axes_DK.T
    return lambda vectors_LND: np.asarray(vectors_LND - (vectors_LND - center_D) @ whiten_DL @ restore_LD)


EDITS: Mapping[Edit, Callable[[Floats], Callable[[Floats], Floats]]] = {
    "none": lambda _: lambda vectors_LND: vectors_LND,
    "means": subtract_means,
    "leace": remove_language,
}
"""By name, what fits it."""


def retrieved(vectors_LND: Floats) -> NDArray[np.float64]:
    """For each sentence the share of ordered pairs of languages in which its translation is the most similar of all.

    Among the N sentences of the other language, by raw cosine, shape (N,); chance is 1 / N. Ties are shared out.
    """
    number = vectors_LND.shape[1]
    unit_LND = unit_length(vectors_LND)
    right_N, pairs = np.zeros(number), 0
    for here, queries_ND in enumerate(unit_LND):
        for there, others_ND in enumerate(unit_LND):
            if here != there:
                cosines_NN = queries_ND @ others_ND.T
                best_NN = cosines_NN >= cosines_NN.max(axis=1, keepdims=True)
                right_N += np.diag(best_NN) / best_NN.sum(axis=1)
                pairs += 1
    return right_N / pairs


def post_hoc_table(
    models: Mapping[str, tuple[Floats, Floats]],
    layers: Mapping[str, int],
    tags: Sequence[LangScript],
    drawn_RN: Floats,
    *,
    seed: int,
) -> tuple[PostHoc, ...]:
    """A line for each model and edit; `models` gives the measured and the fitted vectors of the layer told of first."""
    chances = probe_chances(tags)
    lines: list[PostHoc] = []
    for name, (vectors_LND, fitted_LND) in models.items():
        for edit, fit in EDITS.items():
            edited_LND = fit(fitted_LND)(vectors_LND)
            measured = Measured.of([edited_LND], tags, seed=seed)
            parallel, raw, gap, language, script = (
                (float(each_N.mean()), *interval(each_N, drawn_RN)) for each_N in measured.by_sentence(0).values()
            )
            right_N = retrieved(edited_LND)
            lines.append(
                PostHoc(
                    name, edit, layers[name], *parallel, raw[0], float(measured.similar[0].raw_non_parallel.mean()),
                    *gap, *language, chances[0], *script, chances[1], float(right_N.mean()),
                    *interval(right_N, drawn_RN), 1 / len(right_N),
                )
            )  # fmt: skip
    return tuple(lines)
