"""Which row is read when: arithmetic, not state.

Draw `g` of a run (step `n` reads draws `n * rows_per_step` to `(n + 1) * rows_per_step`) is a pure function of the data
fingerprint, the seed and the sampling shares. Tags are drawn from one multinomial with p ~ rows ** alpha (paper,
section 4.1; Conneau et al. 2020); within a tag no row comes again before all have been read once. Phases change the
shares from a step on, and nothing before it; a tag's rows are counted through all of them.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from langsamp.config import Config
from langsamp.errors import UserError

_BLOCK = 1 << 16
"""Draws that share one multinomial; part of the order's definition, so never to be changed."""
_COUNTED = 64
"""Blocks between two whose counts of rows before them are kept. A long run has tens of thousands of blocks, and a count
for each tag; those in between are counted anew, at 0.1 ms a block of 679 tags."""


class PhaseConfig(Config):
    """What one phase of a training draws; a phase lasts until the next one begins."""

    from_step: int = Field(ge=0)
    """Finished steps after which it begins."""
    languages: str = "all"
    """Selector of the tags that are drawn, of those that the run has: `all`, `head`, `script:Deva`, `!kab_Latn`."""
    alpha: float | None = Field(default=None, ge=0, le=1)
    """Exponent in this phase; null for `sampler.alpha`."""
    mask_rate: float | None = Field(default=None, gt=0, le=1)
    """Share of ordinary tokens to predict in this phase; null for `masking.rate`. Held-out rows are masked at that of
    the last phase throughout."""


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
    head: Literal["by-rows", "flat", "flat-with-replacement"] = "by-rows"
    """`flat` draws each head language, one that XLM-R knows, as often as the smallest of the others, whatever its rows,
    while `alpha` holds for the others; each row comes in its turn. `flat-with-replacement` draws a head language's row
    without regard to those before, as the published script of Glot500 does (`preprocessing/merge_files.py`; once and
    before training, though the papers tell of one exponent for all). `by-rows` is one exponent for all."""
    phases: tuple[PhaseConfig, ...] = ()
    """Phases of a curriculum (Marone et al. 2025, mmBERT, has languages join while exponent and mask rate fall), a list
    of mappings with the keys `from_step`, `languages`, `alpha`, `mask_rate`, in the order of their steps. Before the
    first one, and without any, the whole run's settings hold. `max_repetition` caps all phases together, the earlier
    ones first."""

    @model_validator(mode="after")
    def _phases_follow_each_other(self) -> Self:
        steps = [phase.from_step for phase in self.phases]
        if steps != sorted(set(steps)):
            raise ValueError(f"phases begin at steps {steps}: write each once, in the order in which they begin")
        return self

    @property
    def is_flat(self) -> bool:
        """Whether head languages have one share each."""
        return self.head != "by-rows"

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings in JSON's terms, as they decide what a model reads; `phases` and `head` where they are given."""
        return self.model_dump(mode="json", exclude={name for name in ("phases", "head") if self._is_default(name)})

    def _is_default(self, name: str) -> bool:
        return bool(getattr(self, name) == type(self).model_fields[name].default)

    @property
    def mask_rates(self) -> dict[int, float | None]:
        """The mask rate of each phase by the step that it begins at; None where it is that of the whole run."""
        return {phase.from_step: phase.mask_rate for phase in self.phases}


class Draws(NamedTuple):
    """Rows to read, in order: `tag` is an index into the tags of the data, `row` a row of that tag; both (draws,)."""

    tag: NDArray[np.int64]
    row: NDArray[np.int64]


def sampling_shares(
    sizes: Sequence[int],
    *,
    alpha: float,
    weighed: Sequence[int] | None = None,
    max_repetition: float | None = None,
    draws: int = 0,
    drawn: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Probability of each tag, shape (tags,); a tag without rows gets 0.

    `weighed` are the numbers whose power the shares are, where these are not the `sizes`. With `max_repetition`, no tag
    is expected more than `max_repetition * size` times in `draws` draws and those before them, in which it was expected
    `drawn` times; what is cut off goes to the others in proportion.

    Raises:
        UserError: where there is no row at all, or the cap leaves too few rows for `draws`.
    """
    rows = np.asarray(sizes, dtype=np.float64)
    if not rows.any():
        raise UserError("no tag has a full row: expected at least one; use shorter rows (rows.row_tokens) or more text")
    powers = np.maximum(rows if weighed is None else np.asarray(weighed, dtype=np.float64), 1) ** alpha
    shares = np.where(rows > 0, powers, 0.0)
    shares /= shares.sum()
    if max_repetition is None:
        return shares
    allowed = np.maximum(max_repetition * rows - (0.0 if drawn is None else drawn), 0)
    limits = allowed / draws
    if limits.sum() < 1:
        raise UserError(
            f"sampler.max_repetition {max_repetition:g} allows {int(allowed.sum()):,} rows, but the run "
            f"reads {draws:,}: train fewer steps, allow more repetition, or add text"
        )
    capped = np.zeros(len(rows), dtype=bool)
    while (over := ~capped & (shares > limits)).any():
        capped |= over
        free = shares[~capped].sum()
        shares = np.where(capped, limits, shares * ((1 - limits[capped].sum()) / free if free else 0))
    return shares


class _Block(NamedTuple):
    """Draws that share one multinomial: `first` to `last` (exclusive) of the run, block `number` of their phase."""

    phase: int
    number: int
    first: int
    last: int


class RowOrder:
    """The order of all rows of a run."""

    def __init__(
        self,
        sizes: Sequence[int],
        shares: NDArray[np.float64],
        *,
        fingerprint: str,
        seed: int,
        later: Mapping[int, NDArray[np.float64]] | None = None,
        with_replacement: NDArray[np.bool_] | None = None,
    ) -> None:
        """Order rows of tags with `sizes` rows each, drawn with `shares`, for this data and seed.

        `later` are the shares of later phases by their first draw, in order; no draw before that depends on them.
        `with_replacement` says of which tags (tags,) a row may come again before all have been read; of none if None.
        """
        self._sizes = np.asarray(sizes, dtype=np.int64)
        phases = {0: shares, **(later or {})}
        self._shares, self._key = list(phases.values()), (int(fingerprint, 16), seed)
        seeds = (np.random.SeedSequence([*self._key, tag]) for tag in range(len(self._sizes)))
        self._with_replacement = with_replacement
        self._tag_keys = np.concatenate([seed.generate_state(1, np.uint64) for seed in seeds])
        self._ended = _blocks_before_the_last(list(phases))
        self._last_begin = max(phases)
        self._lock = Lock()  # batches are made in a thread while checkpoints count rows
        self._before = [np.zeros(len(sizes), dtype=np.int64)]
        self._drawn = lru_cache(maxsize=4)(self._draw_block)

    def draws(self, first: int, last: int) -> Draws:
        """Draws `first` to `last` (exclusive) of the run."""
        numbers = range(self._block_of(first), self._block_of(max(last - 1, first)) + 1)
        begin = self._block(numbers[0]).first
        blocks = [self._drawn(number) for number in numbers]
        tag, row = (np.concatenate([block[part] for block in blocks])[first - begin : last - begin] for part in (0, 1))
        return Draws(tag, row)

    def rows_seen(self, draws: int) -> NDArray[np.int64]:
        """How often each tag is read in the first `draws` draws, shape (tags,)."""
        number = self._block_of(draws)
        tag = self._drawn(number).tag[: draws - self._block(number).first]
        return self._counts_before(number) + np.bincount(tag, minlength=len(self._sizes))

    def _block_of(self, draw: int) -> int:
        """The number of the block that holds a draw."""
        if draw >= self._last_begin:
            return len(self._ended) + (draw - self._last_begin) // _BLOCK
        return bisect_right(self._ended, draw, key=lambda block: block.first) - 1

    def _block(self, number: int) -> _Block:
        if number < len(self._ended):
            return self._ended[number]
        within = number - len(self._ended)
        first = self._last_begin + within * _BLOCK
        return _Block(len(self._shares) - 1, within, first, first + _BLOCK)

    def _generator(self, block: _Block) -> np.random.Generator:
        phase = (block.phase,) if block.phase else ()
        return np.random.default_rng(np.random.SeedSequence([*self._key, block.number], spawn_key=phase))

    def _tags(self, block: _Block) -> NDArray[np.int64]:
        """The tag of each draw of a block; a phase's end cuts its last block, so no draw depends on where it is."""
        generator = self._generator(block)
        counts = generator.multinomial(_BLOCK, self._shares[block.phase])
        return generator.permutation(np.repeat(np.arange(len(counts)), counts))[: block.last - block.first]

    def _counts(self, block: _Block) -> NDArray[np.int64]:
        if block.last - block.first < _BLOCK:
            return np.bincount(self._tags(block), minlength=len(self._sizes))
        return self._generator(block).multinomial(_BLOCK, self._shares[block.phase])

    def _counts_before(self, number: int) -> NDArray[np.int64]:
        kept, further = divmod(number, _COUNTED)
        with self._lock:
            while len(self._before) <= kept:
                self._before.append(
                    self._counts_of(len(self._before) * _COUNTED - _COUNTED, _COUNTED, self._before[-1])
                )
        return self._counts_of(kept * _COUNTED, further, self._before[kept])

    def _counts_of(self, first: int, blocks: int, before: NDArray[np.int64]) -> NDArray[np.int64]:
        """`before`, and how often each tag is read in so many blocks from number `first` on."""
        counts = before.copy()
        for number in range(first, first + blocks):
            counts += self._counts(self._block(number))
        return counts

    def _draw_block(self, number: int) -> Draws:
        tag = self._tags(self._block(number))
        by_tag = np.argsort(tag, kind="stable")  # each tag's draws in time order, tag after tag
        counts, ordered = np.bincount(tag, minlength=len(self._sizes)), tag[by_tag]
        first = np.cumsum(counts) - counts
        row = np.empty(len(tag), dtype=np.int64)
        row[by_tag] = self._rows(ordered, self._counts_before(number)[ordered] + np.arange(len(tag)) - first[ordered])
        return Draws(tag, row)

    def _rows(self, tag: NDArray[np.int64], occurrence: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that draws read, (draws,): the first, second ... draw of their `tag` as `occurrence` counts them."""
        sizes = self._sizes[tag]
        passes, position = np.divmod(occurrence, sizes)
        rows = shuffled(position, size=sizes, keys=_mixed(self._tag_keys[tag] + passes.astype(np.uint64)))
        if self._with_replacement is None:
            return rows
        bits = _mixed(self._tag_keys[tag] ^ _mixed(occurrence.astype(np.uint64)))
        return np.where(self._with_replacement[tag], (bits % sizes.astype(np.uint64)).astype(np.int64), rows)


def _blocks_before_the_last(begins: Sequence[int]) -> list[_Block]:
    """The blocks of all phases that end, of phases that begin at these draws."""
    return [
        _Block(phase, number, first, min(first + _BLOCK, end))
        for phase, (begin, end) in enumerate(pairwise(begins))
        for number, first in enumerate(range(begin, end, _BLOCK))
    ]


def shuffled(
    positions: NDArray[np.int64], *, size: int | NDArray[np.int64], keys: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Where random permutations of `range(size)`, one for each key, put `positions`, without holding a permutation.

    `keys` has the shape of `positions`, and `size` too where it is not one for all. A four-round Feistel network over
    the next even number of bits, walked until the value falls into the range.
    """
    sizes = np.broadcast_to(np.asarray(size, dtype=np.uint64), positions.shape)
    bits = np.frexp((sizes - np.uint64(1)).astype(np.float64))[1]  # exact below 2 ** 53 rows
    halves = np.maximum((bits + 1) // 2, 1).astype(np.uint64)
    values, outside = positions.astype(np.uint64), np.arange(len(positions))
    while len(outside):
        half, key = halves[outside], keys[outside]
        mask = (np.uint64(1) << half) - np.uint64(1)
        left, right = values[outside] >> half, values[outside] & mask
        for number in range(4):
            left, right = right, left ^ (_mixed(right + key * np.uint64(2 * number + 1)) & mask)
        values[outside] = left << half | right
        outside = outside[values[outside] >= sizes[outside]]
    return values.astype(np.int64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 well-mixed bits for each value (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
