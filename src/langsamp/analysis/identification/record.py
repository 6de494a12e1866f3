"""What an analysis of identification holds."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from langsamp.analysis.analysis import Analysis


class LanguageIdentified(NamedTuple):
    """How often the sentences of one language were given its tag. Shares are of 1."""

    tag: str
    sentences: int
    right: float
    """By the vectors."""
    ngram: float
    """Control: by character n-grams of other sentences of the same text."""
    instead: str | None
    """The wrong tag that was given most often; missing where none was."""


class Filled(NamedTuple):
    """One of the likeliest tokens at a hidden one, under the vectors of one language."""

    sentence: str
    """With `<mask>` where the token was."""
    hidden: str
    """The token, as it reads."""
    vectors: str | None
    """The tag whose vectors are added; missing for none."""
    rank: int
    """1 is the likeliest."""
    token: str
    probability: float
    """Over the whole vocabulary."""


class IdentificationAnalysis(Analysis):
    """Whether a model's vectors tell the language of a text, among all languages of the text that it was trained on."""

    kind: ClassVar[str] = "identification"

    text: str
    """The task whose test sentences are identified."""
    right: float
    """Mean of `languages`."""
    low: float
    """`low` and `high` are a 95 % bootstrap interval over languages."""
    high: float
    ngram: float
    chance: float
    """One language in as many as there are."""
    missing: Mapping[str, str]
    """Reason by tag that has text and is left out."""
    languages: tuple[LanguageIdentified, ...]
    filled: tuple[Filled, ...]
    """What vectors do to a prediction, in a few sentences."""
