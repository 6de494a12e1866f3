"""Which tokens of a row are hidden, and what the model reads in their place.

As in BERT and XLM-R: 15 % of the ordinary tokens; of these 80 % become `<mask>`, 10 % a random ordinary token, 10 %
stay (Devlin et al. 2019). Special tokens, `<unk>` among them, are never chosen, and random tokens are never special;
the original draws random tokens from the whole vocabulary. The share may change over the steps (Yang et al. 2023,
"Learning better masking for better language model pre-training"). Whole words may be chosen instead of tokens
(whole-word masking of the BERT authors' code, 2019; Cui et al. 2021).
"""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from langsamp.config import Config
from langsamp.data.rows import PreparedRows

IGNORED = -100
"""Label of a position that is not predicted."""


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


class RowMasker:
    """Masks rows of one data folder; what is drawn is its caller's, so that a row's masks can be named."""

    def __init__(
        self, rows: PreparedRows, masking: MaskingConfig, *, word_starts: NDArray[np.bool_] | None = None
    ) -> None:
        """Masks by `masking`; `word_starts` (vocabulary,), whether a token begins a word, is needed for unit word."""
        assert masking.unit == "token" or word_starts is not None, "words need to be told apart"
        self._masking, self._mask_id = masking, rows.mask_id
        self._word_starts = word_starts if masking.unit == "word" else None
        self._ordinary = np.asarray(rows.ordinary_ids, dtype=np.int64)
        self._is_ordinary = np.zeros(rows.vocabulary_size, dtype=bool)
        self._is_ordinary[self._ordinary] = True
        entries = rows.manifest.tags.values()
        tokens = sum(entry.tokens + entry.padding_tokens for entry in entries)
        self._ordinary_per_row = rows.row_tokens * sum(entry.ordinary_tokens for entry in entries) / max(tokens, 1)

    def mask(
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
        inputs[chosen] = np.where(fate < self._masking.mask_share, self._mask_id, kept)


def _first_of_word(ordinary: NDArray[np.bool_], starts: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where the word of each token of a row begins, (L,); what is not ordinary stands alone and ends a word."""
    begins = starts | ~ordinary
    begins[1:] |= ~ordinary[:-1]
    begins[:1] = True
    return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
