"""Controls of tasks that fine-tune: what letters carry is found without an encoder, and what they do not is not."""

import gc
import weakref
from dataclasses import replace

import pytest

from langsamp.evaluation.finetuning.controls import controls
from tests.evaluation.finetuning.conftest import LABELS, METRICS, TEXTS, WORDS_KIND

KINDS = (TEXTS, WORDS_KIND)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_that_letters_tell_are_found(kind, examples_of):
    scores = controls(examples_of(kind, 120, seed=1), examples_of(kind, 60, seed=2, tag="deu_Latn"))
    assert scores[f"ngram_{METRICS[kind]}"] > 95


@pytest.mark.parametrize("kind", KINDS)
def test_labels_that_letters_do_not_tell_are_guessed(kind, examples_of):
    scores = controls(examples_of(kind, 300, seed=1, random=True), examples_of(kind, 300, seed=2, random=True))
    assert 20 < scores[f"ngram_{METRICS[kind]}"] < 47
    if kind == TEXTS:
        assert scores["chance_accuracy"] == pytest.approx(100 / len(LABELS[kind]), abs=3)


def test_a_language_of_other_letters_shares_nothing(examples_of):
    train, test = (examples_of(TEXTS, 200, seed=seed) for seed in (1, 2))
    shifted = tuple("".join(chr(ord(letter) + 0x900) for letter in text.replace(" ", "")) for text in test.texts)
    scores = controls(train, replace(test, texts=shifted))
    assert scores["ngram_accuracy"] < 60 < controls(train, test)["ngram_accuracy"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_label_teaches_nothing(kind, examples_of):
    test = examples_of(kind, 20, seed=2)
    one = test.labels[0] if kind == TEXTS else test.labels[0][0]
    labels = (one,) * 20 if kind == TEXTS else tuple((one,) * len(words) for words in test.words)
    assert controls(replace(test, labels=labels), test) == {}


@pytest.mark.parametrize("kind", [TEXTS, WORDS_KIND])
def test_a_text_is_scored_once_and_not_held(kind, examples_of):
    train, test = examples_of(kind, 30), examples_of(kind, 10, seed=1)
    first, read_again, held = controls(train, test), replace(test, notes=("another note",)), weakref.ref(test)
    assert controls(train, read_again) is first
    del test
    gc.collect()
    assert held() is None
