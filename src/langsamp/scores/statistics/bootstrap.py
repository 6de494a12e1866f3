"""How far a mean difference over languages can be trusted: bootstrap over families, languages and seeds.

Languages of one family are not independent witnesses, so whole families are drawn with replacement, and the mean of a
draw weighs each language alike. Seeds are another source of chance, crossed with languages: a seed moves all languages
at once. So seeds are drawn too, and how far the mean of the drawn seeds lies from that of all is added to each draw of
families. (Drawing both inside one another would count the chance that is particular to a language and a seed three
times, as Owen 2007 shows of the pigeonhole bootstrap; added, it counts twice, which errs on the safe side.)

The seeds of A and of B are drawn independently. What one number shares between two models, such as the order of
examples, is little, and passing over it errs on the safe side. Only where each seed has a text of its own, which makes
both sides better or worse together, the same seeds are drawn for both.

With few seeds the plain bootstrap is too sure of itself. The deviation of the drawn seeds' mean is therefore stretched
by sqrt(n / (n - 1)), which makes its variance unbiased, and by t / z, Student's quantile over the normal one
(Hesterberg 2015, expanded percentile intervals). Families are not stretched: below ten the interval is too narrow.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 10_000
"""Draws behind an interval over languages."""
CONFIDENCE = 0.95
LEVEL = 0.05
"""Below which a q-value counts."""
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
    drawn_RC, rng = _drawn_clusters(num_clusters, resamples, seed)
    change_L = b_LS.mean(axis=1) - a_LS.mean(axis=1)
    total_R = drawn_RC @ np.bincount(clusters_L, change_L, minlength=num_clusters)
    mean_R = total_R / (drawn_RC @ np.bincount(clusters_L, minlength=num_clusters))
    return percentile_interval(mean_R + seed_deviations(a_LS.mean(axis=0), b_LS.mean(axis=0), noise, resamples, rng))


def _drawn_clusters(clusters: int, resamples: int, seed: int) -> tuple[Floats, np.random.Generator]:
    """The draws of clusters that `seed` gives, and the generator as it is after them."""
    drawn_RC, state = _kept_draws(clusters, resamples, seed)
    rng = np.random.default_rng(seed)
    rng.bit_generator.state = state
    return drawn_RC, rng


@lru_cache(maxsize=48)  # of one task and all its groups: several models are compared on the same languages
def _kept_draws(clusters: int, resamples: int, seed: int) -> tuple[Floats, Mapping[str, Any]]:
    rng = np.random.default_rng(seed)
    drawn_RC = draws(clusters, resamples, rng)
    return drawn_RC, rng.bit_generator.state


def seed_deviations(
    a_S: Floats, b_S: Floats, noise: SeedNoise, resamples: int, rng: np.random.Generator
) -> Floats | float:
    """How far B - A moves when seeds are drawn anew, shape (resamples,); 0 where `noise` does not know their error.

    `a_S` and `b_S` are the score of each seed.
    """
    if not noise.error:
        return 0.0
    parts = [b_S - a_S] if noise.paired else [b_S, -a_S]
    return np.asarray(sum(_drawn_means(part_S, resamples, rng) for part_S in parts) * noise.stretch)


def _drawn_means(score_S: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """The mean of as many drawn seeds less the mean of all, its variance made unbiased."""
    seeds = len(score_S)
    drawn_RS = draws(seeds, resamples, rng)
    return np.asarray(((drawn_RS - 1) / seeds) @ score_S * np.sqrt(seeds / (seeds - 1)))


def draws(number: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each of `number` things is drawn in each resample, shape (resamples, number); rows sum to `number`."""
    picked = rng.integers(number, size=(resamples, number), dtype=np.int32)
    picked += np.arange(resamples, dtype=np.int32)[:, None] * number
    return np.bincount(picked.ravel(), minlength=resamples * number).reshape(resamples, number).astype(np.float32)


def percentile_interval(values: Floats) -> Interval:
    """The middle 95 % of resampled values."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))
