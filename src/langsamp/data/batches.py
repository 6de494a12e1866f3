"""Rows to masked batches: what the model reads and must predict, seeded by (data fingerprint, seed, draw)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langsamp.data.masking import IGNORED, MaskingConfig, RowMasker
from langsamp.data.packing import segments
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import RowOrder
from langsamp.languages.ids import LanguageIds
from langsamp.languages.scripts import WITHOUT_SPACES
from langsamp.world import World

_TRAINING, _HELD_OUT, _IDS = 0, 1, 2
"""What a stream of random numbers is for."""


@dataclass(frozen=True, kw_only=True)
class MaskedBatch:
    """B rows of L tokens, masked.

    `input_ids` and `labels` have shape (B, L), labels are IGNORED where nothing is predicted; `language_ids` and
    `script_ids` have shape (B,). `num_masked` counts the tokens to predict. `documents` (B, L), where rows hold whole
    documents, is the number of each token's document in its row, 0 for padding. `masked_by_tag` (tags,) counts the
    tokens to predict by the tag whose ids their row bears: what the vectors of that tag get a gradient from. `tags`
    (B,) is the index of the tag whose text each row is.
    """

    input_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    language_ids: NDArray[np.int64]
    script_ids: NDArray[np.int64]
    num_masked: int
    masked_by_tag: NDArray[np.int64]
    tags: NDArray[np.int64]
    documents: NDArray[np.int64] | None = None


class Batches:
    """Masked batches of one data folder, for training and for held-out loss."""

    def __init__(
        self,
        rows: PreparedRows,
        *,
        ids: LanguageIds,
        masking: MaskingConfig,
        seed: int,
        shuffles_ids: bool = False,
        mask_rates: Mapping[int, float | None] | None = None,
        word_starts: NDArray[np.bool_] | None = None,
    ) -> None:
        """Batches of `rows`, with conditioning ids by `ids` and masks by `masking` and `seed`.

        With `shuffles_ids` the rows of a training step exchange their pairs of ids at random: each id is as frequent
        as before, and independent of the row's text. Rows and masks stay the same. `mask_rates` are those from a step
        on, None where it is that of `masking`. `word_starts` (vocabulary,), whether a token begins a word, is needed
        for `masking.unit` word.
        """
        self._mask_rates = sorted((mask_rates or {}).items())
        self._spaced = np.array([tag.script not in WITHOUT_SPACES for tag in rows.tags], dtype=bool)
        self.rows = rows
        self._shuffles_ids = shuffles_ids
        self._masking = masking
        self._key = int(rows.fingerprint, 16)
        self._seed = seed
        self._pairs = np.array([ids.pair(tag) for tag in rows.tags], dtype=np.int64).reshape(-1, 2)
        self._masker = RowMasker(rows, masking, word_starts=word_starts)

    def training_step(
        self, step: int, *, order: RowOrder, rows_per_step: int, rows_per_batch: int, world: World
    ) -> list[MaskedBatch]:
        """This rank's batches of one step, in order; together with the other ranks' they hold the step's rows once."""
        start = step * rows_per_step
        draws, names = order.draws(start, start + rows_per_step), np.arange(rows_per_step)
        if self._shuffles_ids:
            names = self._stream(_IDS, self._seed, step).permutation(rows_per_step)
        mine = world.share(range(rows_per_step))
        batches, rate = [], self._rate(step)
        for first in range(mine.start, mine.stop, rows_per_batch):
            part = range(first, min(first + rows_per_batch, mine.stop))
            tokens = np.stack([self.rows.training(draws.tag[index])[draws.row[index]] for index in part])
            keys = [(_TRAINING, self._seed, start + index) for index in part]
            true_tag, named = draws.tag[part.start : part.stop], draws.tag[names[part.start : part.stop]]
            batches.append(self._masked(tokens, (true_tag, named), keys, rate))
        return batches

    def held_out(self, tag: int, *, rows_per_batch: int) -> Iterator[MaskedBatch]:
        """All held-out rows of the tag with this index, under the same masks whatever the seed or step.

        They keep their own ids also where training shuffles: to a model that was trained so, any id is as good.
        """
        tokens = self.rows.held_out(tag)
        for first in range(0, len(tokens), rows_per_batch):
            part = tokens[first : first + rows_per_batch]
            keys = [(_HELD_OUT, tag, first + offset) for offset in range(len(part))]
            true_tag = np.full(len(part), tag)
            yield self._masked(part, (true_tag, true_tag), keys, self._rate(None))

    def _masked(
        self,
        tokens: NDArray[np.unsignedinteger],
        tags: tuple[NDArray[np.int64], NDArray[np.int64]],
        keys: Sequence[tuple[int, int, int]],
        rate: float,
    ) -> MaskedBatch:
        """`tokens` (B, L) masked at `rate`, row i by the random numbers that `keys[i]` names and nothing else.

        `tags` are, both (B,), those whose text the rows are and those whose ids they get.
        """
        true_tag, named = tags
        inputs = tokens.astype(np.int64)
        labels = np.full_like(inputs, IGNORED)
        for row, (part, major, minor) in enumerate(keys):
            by_word = bool(self._spaced[true_tag[row]])
            self._masker.mask(inputs[row], labels[row], self._stream(part, major, minor), rate, by_word=by_word)
        pairs, masked_B = self._pairs[named], (labels != IGNORED).sum(axis=1)
        return MaskedBatch(
            input_ids=inputs,
            labels=labels,
            language_ids=pairs[:, 0],
            script_ids=pairs[:, 1],
            num_masked=int(masked_B.sum()),
            documents=None if self.rows.frame is None else segments(tokens, self.rows.frame),
            masked_by_tag=np.bincount(named, masked_B, minlength=len(self._pairs)).astype(np.int64),
            tags=true_tag,
        )

    def _stream(self, part: int, major: int, minor: int) -> np.random.Generator:
        """The random numbers of this name; Philox is counter-based, so naming costs nothing and no state is carried."""
        return np.random.Generator(np.random.Philox(key=self._key, counter=[0, part, major, minor]))

    def _rate(self, step: int | None) -> float:
        """The share that is predicted in the step after `step` finished ones; at the end of the run for None."""
        begun = [rate for first, rate in self._mask_rates if step is None or step >= first]
        return self._masking.rate_at(step) if not begun or begun[-1] is None else begun[-1]
