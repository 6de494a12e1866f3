"""Which row is read when: arithmetic, not state.

Draw `g` of a run (step `n` reads draws `n * rows_per_step` to `(n + 1) * rows_per_step`) is a pure function of the data
fingerprint, the seed and the sampling shares. Tags are drawn from one multinomial with p ~ rows ** alpha (paper,
section 4.1; Conneau et al. 2020); within a tag no row comes again before all have been read once.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from langsamp.config import Config
from langsamp.errors import UserError
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript

_BLOCK = 1 << 16
"""Draws that share one multinomial; part of the order's definition, so never to be changed."""


class SamplerConfig(Config):
    """How rows are drawn."""

    alpha: float = Field(default=0.3, ge=0, le=1)
    """Exponent of p(tag) ~ rows(tag) ** alpha: 1 keeps the corpus's shares, 0 is uniform (paper: 0.3)."""
    rows_per_step: int = Field(default=1024, ge=1)
    """Rows over all ranks and accumulation between two optimizer updates."""
    max_repetition: float | None = Field(default=None, gt=0)
    """At most this many passes over any tag's rows in the whole run (in expectation); None for no cap."""
    replay: float | None = Field(default=None, gt=0, lt=1)
    """Share of each step's rows that is drawn, in expectation, from head languages, those that XLM-R knows, so that an
    encoder that continues does not forget them; `alpha` holds within head and within tail. None for one pool."""


class Draws(NamedTuple):
    """Rows to read, in order: `tag` is an index into the tags of the data, `row` a row of that tag; both (draws,)."""

    tag: NDArray[np.int64]
    row: NDArray[np.int64]


def sampling_shares(
    sizes: Sequence[int], *, alpha: float, max_repetition: float | None = None, draws: int = 0
) -> NDArray[np.float64]:
    """Probability of each tag, shape (tags,); a tag without rows gets 0.

    With `max_repetition`, no tag is expected more than `max_repetition * size` times in `draws` draws; what is cut off
    goes to the others in proportion.

    Raises:
        UserError: where there is no row at all, or the cap leaves too few rows for `draws`.
    """
    rows = np.asarray(sizes, dtype=np.float64)
    if not rows.any():
        raise UserError("no tag has a full row: expected at least one; use shorter rows (rows.row_tokens) or more text")
    shares = np.where(rows > 0, np.maximum(rows, 1) ** alpha, 0.0)
    shares /= shares.sum()
    if max_repetition is None:
        return shares
    limits = max_repetition * rows / draws
    if limits.sum() < 1:
        raise UserError(
            f"sampler.max_repetition {max_repetition:g} allows {int(max_repetition * rows.sum()):,} rows, but the run "
            f"reads {draws:,}: train fewer steps, allow more repetition, or add text"
        )
    capped = np.zeros(len(rows), dtype=bool)
    while (over := ~capped & (shares > limits)).any():
        capped |= over
        free = shares[~capped].sum()
        shares = np.where(capped, limits, shares * ((1 - limits[capped].sum()) / free if free else 0))
    return shares


def shares_of(config: SamplerConfig, rows: Mapping[LangScript, int], *, steps: int) -> NDArray[np.float64]:
    """Probability of each tag in a training of so many steps, shape (tags,), for tags with `rows` rows.

    Raises:
        UserError: as `sampling_shares`, and where `config.replay` divides rows that are all of head languages, or all
            of others.
    """
    sizes, draws = np.array(list(rows.values()), dtype=np.int64), steps * config.rows_per_step
    parts = [(1.0, np.ones(len(sizes), dtype=bool))]
    if config.replay is not None:
        is_head = np.array([describe(tag).is_head for tag in rows], dtype=bool)
        for members, called in ((is_head, "head"), (~is_head, "tail")):
            if not sizes[members].any():
                raise UserError(
                    f"sampler.replay {config.replay:g} shares rows between head and tail languages, and no {called} "
                    "language has a row: add some, or leave it out"
                )
        parts = [(config.replay, is_head), (1 - config.replay, ~is_head)]
    shares = np.zeros(len(sizes))
    for share, members in parts:
        shares[members] = share * sampling_shares(
            sizes[members].tolist(),
            alpha=config.alpha,
            max_repetition=config.max_repetition,
            draws=max(1, round(share * draws)),
        )
    return shares


class RowOrder:
    """The order of all rows of a run."""

    def __init__(self, sizes: Sequence[int], shares: NDArray[np.float64], *, fingerprint: str, seed: int) -> None:
        """Order rows of tags with `sizes` rows each, drawn with `shares`, for this data and seed."""
        self._sizes = np.asarray(sizes, dtype=np.int64)
        self._shares = shares
        self._key = (int(fingerprint, 16), seed)
        self._lock = Lock()  # batches are made in a thread while checkpoints count rows
        self._before = [np.zeros(len(sizes), dtype=np.int64)]
        self._block = lru_cache(maxsize=4)(self._draw_block)

    def draws(self, first: int, last: int) -> Draws:
        """Draws `first` to `last` (exclusive) of the run."""
        blocks = [self._block(number) for number in range(first // _BLOCK, max(last - 1, first) // _BLOCK + 1)]
        window = slice(first - first // _BLOCK * _BLOCK, last - first // _BLOCK * _BLOCK)
        tag, row = (np.concatenate([block[part] for block in blocks])[window] for part in (0, 1))
        return Draws(tag, row)

    def rows_seen(self, draws: int) -> NDArray[np.int64]:
        """How often each tag is read in the first `draws` draws, shape (tags,)."""
        whole, rest = divmod(draws, _BLOCK)
        return self._counts_before(whole) + np.bincount(self._block(whole).tag[:rest], minlength=len(self._sizes))

    def _generator(self, block: int) -> np.random.Generator:
        return np.random.default_rng([*self._key, block])

    def _counts_before(self, block: int) -> NDArray[np.int64]:
        with self._lock:
            while len(self._before) <= block:
                counts = self._generator(len(self._before) - 1).multinomial(_BLOCK, self._shares)
                self._before.append(self._before[-1] + counts)
        return self._before[block]

    def _draw_block(self, block: int) -> Draws:
        generator = self._generator(block)
        counts = generator.multinomial(_BLOCK, self._shares)
        tag = generator.permutation(np.repeat(np.arange(len(counts)), counts))
        by_tag = np.argsort(tag, kind="stable")  # each tag's draws in time order, tag after tag
        row = np.empty(_BLOCK, dtype=np.int64)
        first = 0
        for number, (count, before) in enumerate(zip(counts, self._counts_before(block), strict=True)):
            row[by_tag[first : first + count]] = self._rows(number, before + np.arange(count))
            first += count
        return Draws(tag, row)

    def _rows(self, tag: int, occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that a tag's draws read: its first, second ... draw as `occurrence` counts them."""
        passes, position = np.divmod(occurrence, max(self._sizes[tag], 1))
        tag_key = np.random.SeedSequence([*self._key, tag]).generate_state(1, np.uint64)
        keys = _mixed((tag_key + passes.astype(np.uint64)).astype(np.uint64))
        return shuffled(position, size=int(self._sizes[tag]), keys=keys)


def shuffled(positions: NDArray[np.int64], *, size: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where random permutations of `range(size)`, one for each key, put `positions`, without holding a permutation.

    `keys` has the shape of `positions`. A four-round Feistel network over the next even number of bits, walked until
    the value falls into the range.
    """
    half = np.uint64(max(1, ((size - 1).bit_length() + 1) // 2))
    mask = (np.uint64(1) << half) - np.uint64(1)
    values = positions.astype(np.uint64)
    outside = np.flatnonzero(np.ones(len(values), dtype=bool))
    while len(outside):
        left, right = values[outside] >> half, values[outside] & mask
        for number in range(4):
            left, right = right, left ^ (_mixed(right + keys[outside] * np.uint64(2 * number + 1)) & mask)
        values[outside] = left << half | right
        outside = outside[values[outside] >= size]
    return values.astype(np.int64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 well-mixed bits for each value (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
