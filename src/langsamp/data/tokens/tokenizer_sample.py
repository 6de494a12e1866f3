"""Which documents a tokenizer is trained on: more of small tags than their share, drawn by seed alone."""

import math
from collections.abc import Iterable, Mapping
from itertools import islice

import numpy as np

from langsamp.languages.tags import LangScript


def sample_for_tokenizer(counts: Mapping[LangScript, int], *, total: int, alpha: float) -> dict[LangScript, int]:
    """How many documents of each tag to draw: proportional to count**alpha, but never more than there are.

    What a small tag cannot give is shared out among the others by the same rule. The numbers add up to `total`, or to
    all documents where there are fewer.
    """
    by_size = sorted(counts, key=lambda tag: (counts[tag], tag))
    weights = np.array([counts[tag] ** alpha if counts[tag] else 0.0 for tag in by_size])
    weights_left = np.cumsum(weights[::-1])[::-1]
    left, quotas = total, {}
    for tag, weight, weight_left in zip(by_size, weights, weights_left, strict=True):
        # Tags that are used up come first; from the first that is not, the share of the rest stays the same.
        fair = math.ceil(left * weight / weight_left) if weight else 0
        quotas[tag] = min(counts[tag], fair, left)
        left -= quotas[tag]
    return {tag: quotas[tag] for tag in counts}


def draw(documents: Iterable[str], *, quota: int, tag: LangScript, seed: int) -> list[str]:
    """`quota` of the documents in their order, each set of that size equally likely; all where there are fewer.

    The choice depends on the seed, the tag and the documents alone. Memory holds the drawn documents only (reservoir
    sampling, Algorithm L of Li 1994).
    """
    rng = np.random.default_rng([seed, int.from_bytes(str(tag).encode())])
    numbered = iter(enumerate(documents))
    drawn = list(islice(numbered, quota))
    threshold = 1.0
    while drawn:
        threshold *= math.exp(-rng.standard_exponential() / quota)
        skipped = int(-rng.standard_exponential() / math.log1p(-threshold))
        following = next(islice(numbered, skipped, None), None)
        if following is None:
            break
        drawn[rng.integers(quota)] = following
    return [document for _, document in sorted(drawn)]
