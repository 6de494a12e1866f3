"""Documents that say nearly the same are told from those that do not, in bounded memory, and counted."""

import numpy as np
import pytest

from langsamp.data.text.cleaning import DUPLICATE, NEAR_DUPLICATE, CleaningCounts, clean_documents
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.text.near_duplicates import NearTexts
from langsamp.languages.tags import LangScript

pytest.importorskip("datasketch")
GENERATOR = np.random.default_rng(0)


def text(words: int = 60) -> str:
    return " ".join("".join(GENERATOR.choice(list("abdegiklmnorstu"), size=5)) for _ in range(words))


def changed(original: str, *, words: int) -> str:
    """The same with so many of its words replaced."""
    parts = original.split()
    for number in range(words):
        parts[number * len(parts) // max(words, 1)] = text(1)
    return " ".join(parts)


def test_what_is_nearly_the_same_is_found_and_what_is_not_is_kept() -> None:
    texts = [text() for _ in range(200)]
    near = NearTexts(0.8)
    assert all(near.new(texts))
    found = 1 - np.mean(near.new([changed(each, words=1) for each in texts]))
    other = np.mean(near.new([changed(each, words=30) for each in texts]))
    assert found > 0.95 and other > 0.95


def test_batches_and_spilling_to_disk_change_nothing() -> None:
    texts = [text() for _ in range(50)]
    texts += [changed(each, words=2) for each in texts]
    whole, small = NearTexts(0.8), NearTexts(0.8, limit=40)
    parts = [fits for start in range(0, 100, 7) for fits in small.new(texts[start : start + 7])]
    assert whole.new(texts) == parts
    assert small.in_memory < 40 + 7 * 128


def test_exact_and_near_ones_are_counted_apart_and_the_first_stays() -> None:
    first, other = text(), text()
    documents = [first, first, changed(first, words=1), other, first.upper(), "ab", "AB", "a"]
    counts, config = CleaningCounts(), CorpusConfig(near_duplicates=0.8)
    kept = list(clean_documents(documents, tag=LangScript("swh", "Latn"), config=config, counts=counts))
    assert kept == [first, other, "ab", "a"]
    assert (counts.dropped[DUPLICATE], counts.dropped[NEAR_DUPLICATE]) == (1, 3)
