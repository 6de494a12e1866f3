"""How far a mean difference over languages can be trusted: bootstrap over families, languages and seeds.

Languages of one family are not independent witnesses, so whole families are drawn with replacement, and the mean of a
draw weighs each language alike. Seeds are another source of chance, crossed with languages: a seed moves all languages
at once. Each draw therefore draws seeds too, the same for all its languages (Owen 2007, the pigeonhole bootstrap).

With few seeds the plain bootstrap is too sure of itself. The deviation of the drawn seeds' mean is therefore stretched
by sqrt(n / (n - 1)), which makes its variance unbiased, and by t / z, Student's quantile over the normal one
(Hesterberg 2015, expanded percentile intervals).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 10_000
"""Draws behind an interval over languages."""
CONFIDENCE = 0.95
POWER = 0.8
"""With which the smallest visible effect would be seen."""

Floats = NDArray[np.floating]


class Interval(NamedTuple):
    """A 95 % interval, in points."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether all of it lies on one side of zero."""
        return self.low > 0 or self.high < 0


class SeedNoise(NamedTuple):
    """What seeds do to the mean over languages."""

    spread_a: float | None
    """Standard deviation over seeds (n - 1 below the line) of A's mean over languages; None with one seed."""
    spread_b: float | None
    paired: bool
    """True where a seed of A and the same seed of B share their text, so that only their difference counts."""
    error: float | None
    """Standard error that seeds alone give the mean difference; None unless both sides have several seeds."""
    freedom: float
    """Degrees of freedom of that error (Welch and Satterthwaite's where the sides are independent)."""

    @property
    def detectable(self) -> float | None:
        """The smallest true difference, in points, that these seeds would show with a power of 80 % at the 5 % level.

        (t[0.975] + t[0.8]) x the standard error of the difference, in t of its degrees of freedom (Bloom 1995). Only
        chance between seeds is in it, not the choice of languages. None where the error is not known.
        """
        if self.error is None:
            return None
        if self.error == 0:
            return 0.0
        both = stats.t.ppf([(1 + CONFIDENCE) / 2, POWER], self.freedom).sum()
        return float(both * self.error)

    @property
    def stretch(self) -> float:
        """Student's quantile over the normal one."""
        if self.error is None or self.error == 0:
            return 1.0
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.freedom) / stats.norm.ppf((1 + CONFIDENCE) / 2))


def seed_noise(a_LS: Floats, b_LS: Floats, *, paired: bool) -> SeedNoise:
    """The noise of seeds in the mean over languages; scores of shape (languages, seeds), without gaps."""
    a_S, b_S = a_LS.mean(axis=0), b_LS.mean(axis=0)
    spread_a, spread_b = (float(np.std(s, ddof=1)) if len(s) > 1 else None for s in (a_S, b_S))
    if spread_a is None or spread_b is None:
        return SeedNoise(spread_a, spread_b, paired, None, 0.0)
    if paired:
        assert a_S.shape == b_S.shape
        variance, freedom = float(np.var(b_S - a_S, ddof=1)) / len(a_S), float(len(a_S) - 1)
    else:
        parts = [(spread**2 / len(s), len(s) - 1) for spread, s in ((spread_a, a_S), (spread_b, b_S))]
        variance = sum(part for part, _ in parts)
        freedom = variance**2 / sum(part**2 / n for part, n in parts) if variance > 0 else float("inf")
    return SeedNoise(spread_a, spread_b, paired, float(np.sqrt(variance)), freedom)


def difference_interval(
    a_LS: Floats,
    b_LS: Floats,
    clusters_L: NDArray[np.integer],
    *,
    noise: SeedNoise,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """Percentile interval of the mean over languages of B - A; None with fewer than two clusters.

    `clusters_L` numbers the family of each language from 0; `np.arange` makes it the plain bootstrap over languages.
    Seeds are drawn where `noise` knows their error, else the seeds that are there stand for all. The same arguments
    always give the same interval.
    """
    num_clusters = int(clusters_L.max()) + 1
    if num_clusters < 2:
        return None
    rng = np.random.default_rng(seed)
    drawn_RC = draws(num_clusters, resamples, rng)
    sizes_C = np.bincount(clusters_L, minlength=num_clusters)
    change_L = b_LS.mean(axis=1) - a_LS.mean(axis=1)
    total_R = drawn_RC @ np.bincount(clusters_L, change_L, minlength=num_clusters)
    if noise.error:
        parts = [b_LS - a_LS] if noise.paired else [b_LS, -a_LS]
        for part_LS in parts:
            weights_RS = seed_weights(part_LS.shape[1], resamples, rng) * noise.stretch
            by_cluster_CS = np.zeros((num_clusters, part_LS.shape[1]))
            np.add.at(by_cluster_CS, clusters_L, part_LS)
            total_R = total_R + ((drawn_RC @ by_cluster_CS) * weights_RS).sum(axis=1)
    return percentile_interval(total_R / (drawn_RC @ sizes_C))


def draws(number: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each of `number` things is drawn in each resample, shape (resamples, number); rows sum to `number`."""
    picked = rng.integers(number, size=(resamples, number), dtype=np.int32)
    picked += np.arange(resamples, dtype=np.int32)[:, None] * number
    return np.bincount(picked.ravel(), minlength=resamples * number).reshape(resamples, number).astype(np.float32)


def seed_weights(seeds: int, resamples: int, rng: np.random.Generator) -> Floats:
    """Weights whose product with the scores of `seeds` seeds is how far the drawn seeds' mean lies from theirs.

    Shape (resamples, seeds); rows sum to 0. Stretched to unbiased variance; 0 for one seed.
    """
    if seeds < 2:
        return np.zeros((resamples, seeds))
    return np.asarray((draws(seeds, resamples, rng) - 1) / seeds * np.sqrt(seeds / (seeds - 1)))


def percentile_interval(values: Floats) -> Interval:
    """The middle 95 % of resampled values."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))
