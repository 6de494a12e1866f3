"""Rows to masked batches: what the model reads and must predict, seeded by (data fingerprint, seed, draw).

Masking as in BERT and XLM-R: 15 % of the ordinary tokens; of these 80 % become `<mask>`, 10 % a random ordinary token,
10 % stay (Devlin et al. 2019). Special tokens, `<unk>` among them, are never chosen, and random tokens are never
special; the original draws random tokens from the whole vocabulary. The share may change over the steps (Yang et al.
2023, "Learning better masking for better language model pre-training"). Whole words may be chosen instead of tokens
(whole-word masking of the BERT authors' code, 2019; Cui et al. 2021).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from langsamp.config import Config
from langsamp.data.packing import segments
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import RowOrder
from langsamp.languages.ids import LanguageIds
from langsamp.languages.scripts import WITHOUT_SPACES
from langsamp.world import World

IGNORED = -100
"""Label of a position that is not predicted."""

_TRAINING, _HELD_OUT, _IDS = 0, 1, 2
"""What a stream of random numbers is for."""


class MaskingConfig(Config):
    """Which tokens are hidden."""

    rate: float = Field(default=0.15, gt=0, le=1)
    """Share of ordinary tokens to predict. Special tokens are not ordinary, `<unk>` among them: it stands for whatever
    the vocabulary lacks, so it is neither hidden nor predicted, nor put in as a random token."""
    final_rate: float | None = Field(default=None, gt=0, le=1)
    """What `rate` becomes, step by step, over the first `rate_steps` steps; null for one rate throughout. Held-out rows
    are masked at this rate from the start, so that their losses can be compared."""
    rate_steps: int | None = Field(default=None, ge=1)
    """Steps over which `rate` becomes `final_rate`; then it stays."""
    count: Literal["bernoulli", "fixed"] = "bernoulli"
    """`bernoulli` draws for each token alone. `fixed` draws equally many of each row, the rate's share of the ordinary
    tokens that a row of this data has on average, so that shapes stay the same from step to step."""
    unit: Literal["token", "word"] = "token"
    """`word` chooses whole words, all tokens of one or none, so that no token is told by the rest of its word; each of
    them then becomes `<mask>`, a random token or stays. Words are what the tokenizer tells of them; in scripts that
    write no spaces each token is one. Needs `count: bernoulli`, as words differ in length."""
    mask_share: float = Field(default=0.8, ge=0, le=1)
    """Of these, the share replaced by `<mask>`."""
    random_share: float = Field(default=0.1, ge=0, le=1)
    """Of these, the share replaced by a random ordinary token; the rest stays as it is. The authors' code draws from
    the whole vocabulary, special tokens included."""

    @model_validator(mode="after")
    def _schedule_is_whole(self) -> Self:
        if (self.final_rate is None) != (self.rate_steps is None):
            raise ValueError("final_rate and rate_steps go together: give both, or neither for one rate throughout")
        return self

    @model_validator(mode="after")
    def _words_are_drawn(self) -> Self:
        if self.unit == "word" and self.count == "fixed":
            raise ValueError("unit word needs count bernoulli: whole words do not add up to a fixed count of tokens")
        return self

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.mask_share + self.random_share > 1:
            raise ValueError(
                f"mask_share + random_share must be at most 1, got {self.mask_share + self.random_share:g}"
            )
        return self

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings in JSON's terms, as they decide what a model reads; `unit` where it is not tokens."""
        return self.model_dump(mode="json", exclude={"unit"} if self.unit == "token" else None)

    def rate_at(self, step: int | None) -> float:
        """The share that is predicted in the step after `step` finished ones; at the end of its way for None."""
        if self.final_rate is None or self.rate_steps is None:
            return self.rate
        progress = 1.0 if step is None else min(step / self.rate_steps, 1.0)
        return self.rate + progress * (self.final_rate - self.rate)


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
        assert masking.unit == "token" or word_starts is not None, "words need to be told apart"
        self._mask_rates = sorted((mask_rates or {}).items())
        self._word_starts = word_starts if masking.unit == "word" else None
        self._spaced = np.array([tag.script not in WITHOUT_SPACES for tag in rows.tags], dtype=bool)
        self.rows = rows
        self._shuffles_ids = shuffles_ids
        self._masking = masking
        self._key = int(rows.fingerprint, 16)
        self._seed = seed
        self._pairs = np.array([ids.pair(tag) for tag in rows.tags], dtype=np.int64).reshape(-1, 2)
        self._ordinary = np.asarray(rows.ordinary_ids, dtype=np.int64)
        self._is_ordinary = np.zeros(rows.vocabulary_size, dtype=bool)
        self._is_ordinary[self._ordinary] = True
        entries = rows.manifest.tags.values()
        tokens = sum(entry.tokens + entry.padding_tokens for entry in entries)
        self._ordinary_per_row = rows.row_tokens * sum(entry.ordinary_tokens for entry in entries) / max(tokens, 1)

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
            self._mask_row(inputs[row], labels[row], self._stream(part, major, minor), rate, by_word=by_word)
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

    def _mask_row(
        self,
        inputs: NDArray[np.int64],
        labels: NDArray[np.int64],
        stream: np.random.Generator,
        rate: float,
        *,
        by_word: bool,
    ) -> None:
        """Mask one row (L,) in place; at least one token or word is chosen, where there is an ordinary one."""
        ordinary = self._is_ordinary[inputs]
        lot = np.where(ordinary, stream.random(len(inputs)), np.inf)
        if self._word_starts is not None and by_word:
            lot = lot[_first_of_word(ordinary, self._word_starts[inputs])]  # a word has the lot of its first token
        if self._masking.count == "fixed":
            number = min(max(round(rate * self._ordinary_per_row), 1), int(ordinary.sum()))
            chosen = np.sort(np.argsort(lot, kind="stable")[:number])
        else:
            chosen = np.flatnonzero(lot < max(rate, lot.min() + 1e-12))
        labels[chosen] = inputs[chosen]
        fate = stream.random(len(chosen))
        replacement = self._ordinary[stream.integers(len(self._ordinary), size=len(chosen))]
        kept = np.where(fate < self._masking.mask_share + self._masking.random_share, replacement, inputs[chosen])
        inputs[chosen] = np.where(fate < self._masking.mask_share, self.rows.mask_id, kept)


def _first_of_word(ordinary: NDArray[np.bool_], starts: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where the word of each token of a row begins, (L,); what is not ordinary stands alone and ends a word."""
    begins = starts | ~ordinary
    begins[1:] |= ~ordinary[:-1]
    begins[:1] = True
    return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
