"""What a model puts where a word is hidden, under one language's vectors after another: their work, to be looked at."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from langsamp.analysis.identification.record import Filled
from langsamp.data.tokens.readable import readable
from langsamp.data.tokens.tokenizer import special_ids
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.new_language.frozen import FrozenModel

SENTENCES = 3
"""Sentences shown, each in another language."""
MOST_VECTORS = 8
"""Languages whose vectors are tried on each sentence."""
TOKENS = 5
_SHORTEST = 3
"""Letters that a hidden token has at least, where the sentence has such: a mark or an ending shows little."""


class _Hidden(NamedTuple):
    """A sentence of which one token is hidden."""

    ids: list[int]
    position: int
    written: str
    """The sentence with `<mask>` in it."""
    token: str


def fill_sentences(model: FrozenModel, texts: Mapping[LangScript, Sequence[str]], *, seed: int) -> tuple[Filled, ...]:
    """The likeliest tokens in the first of the sentences of some languages, without vectors and under those of each.

    Languages are those of `texts` that differ most by script and family, English first if it is there.
    """
    tags = varied(list(texts))
    return tuple(
        line for tag in tags[:SENTENCES] for line in _fill(model, _hide(model, texts[tag][0], seed=seed), tags)
    )


def varied(tags: Sequence[LangScript], most: int = MOST_VECTORS) -> list[LangScript]:
    """At most so many of the tags, new scripts first, then new families, then any; English before all."""
    ordered = sorted(tags, key=lambda tag: (tag.language != "eng", str(tag)))
    chosen: list[LangScript] = []
    for facts in (lambda tag: tag.script, lambda tag: describe(tag).family, lambda tag: tag):
        for tag in ordered:
            if facts(tag) not in {facts(each) for each in chosen}:
                chosen.append(tag)
    return chosen[:most]


def _hide(model: FrozenModel, sentence: str, *, seed: int) -> _Hidden:
    tokenizer = model.tokenizer
    ids = tokenizer(sentence, truncation=True, max_length=model.max_tokens)["input_ids"]
    texts = [str(tokenizer.decode([number])).strip() for number in ids]
    ordinary = np.flatnonzero(~np.isin(ids, list(special_ids(tokenizer))))
    words = [at for at in ordinary if len(texts[at]) >= _SHORTEST and texts[at].isalpha()] or list(ordinary)
    position = int(np.random.default_rng(seed).choice(words))
    masked = [*ids[:position], tokenizer.mask_token_id, *ids[position + 1 :]]
    written = str(tokenizer.decode(np.take(masked, ordinary))).replace(str(tokenizer.mask_token), "<mask>").strip()
    return _Hidden(masked, position, written, texts[position])


def _fill(model: FrozenModel, hidden: _Hidden, tags: Sequence[LangScript]) -> Iterator[Filled]:
    vectors = [torch.zeros_like(model.vector(tags[0])), *map(model.vector, tags)]
    shares_CV = model.fill(hidden.ids, hidden.position, torch.stack(vectors))
    for tag, shares_V in zip((None, *tags), shares_CV, strict=True):
        best = shares_V.topk(min(TOKENS, len(shares_V)))
        for rank, (share, number) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True), start=1):
            token = readable(model.tokenizer, number)
            yield Filled(hidden.written, hidden.token, None if tag is None else str(tag), rank, token, share)
