import numpy as np
import pytest

from langsamp.analysis.neutrality.probes import FOLDS, chance, probe

LABELS = ["Latn", "Latn", "Cyrl", "Arab"]


def made(*, offset, content=0.0, sentences=60, width=8, seed=5):
    """Noise, what the sentence says, and what the language is."""
    rng = np.random.default_rng(seed)
    said = content * rng.normal(size=(sentences, width))
    return said + rng.normal(size=(4, sentences, width)) + offset * rng.normal(size=(4, 1, width))


def test_on_noise_a_probe_is_at_chance():
    right = probe(made(offset=0.0, sentences=400), ["a", "b", "c", "d"])
    assert right.shape == (4, 400)
    assert right.mean() == pytest.approx(0.25, abs=0.05)


def test_a_language_that_stands_apart_is_always_told():
    assert probe(made(offset=10.0), ["a", "b", "c", "d"]).all()
    assert probe(made(offset=10.0), LABELS).all()


def test_what_sentences_say_is_no_help():
    """Vectors that are the same in all languages: whoever has seen the translations knows nothing of the language."""
    same = np.repeat(np.random.default_rng(0).normal(size=(1, 60, 80)), 4, axis=0)
    assert probe(same, ["a", "b", "c", "d"]).mean() == pytest.approx(0.25)


def test_translations_of_a_sentence_stand_on_one_side():
    """A mark that only one sentence has in two languages is never seen in fitting, so it cannot be told."""
    vectors = np.zeros((2, FOLDS, FOLDS))
    vectors[0] = np.eye(FOLDS)
    vectors[1] = 1 - np.eye(FOLDS)
    assert probe(vectors, ["a", "b"]).shape == (2, FOLDS)
    one_sided = np.repeat(np.arange(10.0)[None, :, None], 2, axis=0)
    one_sided[1] *= -1
    one_sided[:, 0] = 0
    assert probe(one_sided, ["a", "b"])[:, 1:].all()
    assert probe(one_sided, ["a", "b"])[:, 0].sum() == 1  # the same vector twice, so just one of the two is right


def test_equal_seeds_give_equal_answers():
    vectors = made(offset=0.3)
    assert (probe(vectors, LABELS, seed=1) == probe(vectors, LABELS, seed=1)).all()


def test_chance_is_the_most_frequent_label():
    assert chance(LABELS) == 0.5
    assert chance(["a", "b", "c", "d"]) == 0.25
