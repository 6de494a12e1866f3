"""How alike the vectors of sentences in two languages are: of translations, and of sentences that say something else.

Centring takes the mean vector of a language from each of its vectors (paper, section 5.3), so that what all sentences
of a language share counts for nothing. The mean is that of the very sentences that are compared, as in the paper.
Leaving a sentence out of its own mean would change no cosine of translations: it only makes the vector n / (n - 1)
times as long. But it ties the control down: the centred vectors of a language add up to nothing, so those of sentences
that are no translations have a mean product of exactly -1 / (n - 1) times that of translations, and a mean cosine near
nothing, whatever the model does. The control that can tell something is the one without centring: a model whose vectors
all point one way has high cosines everywhere, and a raw gap of nothing.

Shape suffixes: L languages, N sentences, D width, P pairs of languages (`pairs`), R resamples.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.scores.statistics.bootstrap import CONFIDENCE
from langsamp.scores.statistics.unit_length import unit_length

Floats = NDArray[np.floating]


class Similarity(NamedTuple):
    """Cosines between languages at one layer; shape (P, N) sentence by sentence, (P,) for means."""

    parallel: Floats
    """Of each sentence with its translation, centred."""
    non_parallel: Floats
    """Mean over all other pairings of sentences, centred."""
    raw: Floats
    """Of each sentence with its translation, as the model gives them."""
    raw_non_parallel: Floats
    """Mean over all other pairings, as the model gives them."""
    raw_gap: Floats
    """What each sentence adds to the raw gap: its mean over sentences is the mean cosine of translations less that of
    all other pairings, and it varies as that gap does when sentences are drawn anew (its first-order influence)."""


class Change(NamedTuple):
    """How much more alike translations are in one model than in another, for each pair, shape (P,) each."""

    difference: Floats
    low: Floats
    high: Floats
    percent: Floats
    """100 (after - before) / before; NaN where `before` may be nothing or less."""
    percent_low: Floats
    percent_high: Floats


def pairs(languages: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and second language of each pair, in the order of P."""
    first, second = np.triu_indices(languages, k=1)
    return first, second


def compare_languages(vectors_LND: Floats) -> Similarity:
    """Cosines between languages; sentence i says the same in each. At least two languages and two sentences."""
    wide_LND = vectors_LND.astype(np.float64)
    raw_PN, raw_non_parallel_P, raw_gap_PN = _cosines(unit_length(wide_LND))
    parallel_PN, non_parallel_P, _ = _cosines(unit_length(wide_LND - wide_LND.mean(axis=1, keepdims=True)))
    return Similarity(parallel_PN, non_parallel_P, raw_PN, raw_non_parallel_P, raw_gap_PN)


def mean_interval(values_PN: Floats, drawn_RN: Floats) -> tuple[Floats, Floats]:
    """Both ends of the 95 % percentile interval of each row's mean, over sentences drawn anew.

    `drawn_RN` says how often each sentence is drawn (`bootstrap.draws`). Centroids are held: to first order a mean of
    products of deviations does not depend on where the deviations are taken from.
    """
    low_P, high_P = _ends(_resampled(values_PN, drawn_RN))
    return low_P, high_P


def change(before_PN: Floats, after_PN: Floats, drawn_RN: Floats) -> Change:
    """From one model's cosines of translations to another's; the same sentences are drawn for both.

    A percentage is given where `before` is above zero in every resample.
    """
    drawn_before_RP, drawn_after_RP = _resampled(before_PN, drawn_RN), _resampled(after_PN, drawn_RN)
    before_P, after_P = before_PN.mean(axis=1), after_PN.mean(axis=1)
    sure_P = (before_P > 0) & (drawn_before_RP > 0).all(axis=0)
    percent_P, percent_RP = _percent(before_P, after_P, sure_P), _percent(drawn_before_RP, drawn_after_RP, sure_P)
    return Change(after_P - before_P, *_ends(drawn_after_RP - drawn_before_RP), percent_P, *_ends(percent_RP))


def _cosines(unit_LND: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each sentence with its translation; the mean of all other pairings; what each sentence adds to the gap."""
    number = unit_LND.shape[1]
    first, second = pairs(unit_LND.shape[0])
    unit_NLD = unit_LND.transpose(1, 0, 2)
    sum_LD = unit_LND.sum(axis=1)
    own_PN = (unit_NLD @ unit_NLD.transpose(0, 2, 1))[:, first, second].T
    with_all_NLL = unit_NLD @ sum_LD.T  # [i, a, b]: sentence i of a with all of b together
    first_PN, second_PN = with_all_NLL[:, first, second].T, with_all_NLL[:, second, first].T
    others_PN = (first_PN + second_PN - 2 * own_PN) / (number - 1)  # twice the mean cosine of sentence i with others
    non_parallel_P = others_PN.mean(axis=1) / 2
    return own_PN, non_parallel_P, own_PN - others_PN + non_parallel_P[:, None]


def _resampled(values_PN: Floats, drawn_RN: Floats) -> Floats:
    return np.asarray(drawn_RN.astype(np.float64) @ values_PN.T / values_PN.shape[1])


def _ends(values_RP: Floats) -> tuple[Floats, Floats]:
    low_P, high_P = np.quantile(values_RP, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return low_P, high_P


def _percent(before: Floats, after: Floats, sure_P: NDArray[np.bool_]) -> Floats:
    return np.asarray(100 * np.divide(after - before, before, out=np.full_like(before, np.nan), where=sure_P))
