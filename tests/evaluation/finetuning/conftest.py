"""Tiny material for the tests of fine-tuning: texts whose labels a model of width 32 learns in a second."""

import numpy as np
import pytest
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from langsamp.evaluation.finetuning.classifier import FineTuningJob
from langsamp.evaluation.finetuning.predicting import Network
from langsamp.evaluation.finetuning.tokenising import TokenCache, Tokeniser
from langsamp.evaluation.loading import load_model, num_positions
from langsamp.evaluation.protocols import FINE_TUNING
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.languages.tags import LangScript
from tests.tiny_parts import WORDS

ARCHITECTURES = (
    "bert", "camembert", "deberta-v2", "distilbert", "modernbert", "roberta", "xlm-roberta", "xlm-roberta-xl",
)  # fmt: skip
TEXTS, WORDS_KIND = "sequence-classification", "token-classification"
LABELS = {TEXTS: ("animals", "law", "sea"), WORDS_KIND: ("NOUN", "O", "VERB")}
METRICS = {TEXTS: "macro_f1", WORDS_KIND: "accuracy"}
VOWELS = ("a", "e", "i")
KNOWN = tuple(word for word in WORDS if word[0] in "bdgk" and word[1] in VOWELS)


def label_of(word, kind):
    """Words that end alike belong together: the classes can be told apart without knowing their order."""
    return LABELS[kind][VOWELS.index(word[1])]


@pytest.fixture
def sentences_of():
    """A line of so many words that the tokenizer of the root conftest knows."""

    def draw(number, *, seed=0):
        return " ".join(np.random.default_rng([number, seed]).choice(WORDS, size=number))

    return draw


@pytest.fixture
def examples_of():
    """So many examples of a kind, of 1 to `longest` words; `random` labels say nothing about the words."""

    def draw(kind, number, *, tag="eng_Latn", seed=0, random=False, longest=8):
        generator, tag = np.random.default_rng([number, seed]), LangScript.parse(tag)
        sizes = generator.integers(1, longest + 1, size=number)
        if kind == TEXTS:
            vowels = generator.choice(VOWELS, size=number)
            words = [
                generator.choice([word for word in KNOWN if word[1] == vowel], size=size).tolist()
                for size, vowel in zip(sizes, vowels, strict=True)
            ]
            labels = [label_of(each[0], kind) for each in words]
            if random:
                labels = generator.choice(LABELS[kind], size=number).tolist()
            return LabelledTexts(tag=tag, texts=tuple(map(" ".join, words)), labels=tuple(labels))
        words = [tuple(generator.choice(KNOWN, size=size).tolist()) for size in sizes]
        labels = [
            tuple(generator.choice(LABELS[kind], size=len(each)).tolist())
            if random
            else tuple(label_of(word, kind) for word in each)
            for each in words
        ]
        return TaggedSentences(tag=tag, words=tuple(words), labels=tuple(labels))

    return draw


@pytest.fixture
def job_of(examples_of):
    """A job that learns in a few epochs; `changes` go into its settings."""

    def make(folder, kind, *, protocol="fixed", seed=1, training=None, labels=None, precision="fp32", **changes):
        settings = FINE_TUNING[kind, protocol].model_copy(update={"epochs": 3, "learning_rate": 5e-3, **changes})
        if training is None:
            training = TrainAndDev(train=examples_of(kind, 80), dev=examples_of(kind, 20, seed=1))
        return FineTuningJob(
            folder=folder, training=training, labels=labels or LABELS[kind], kind=kind, metric=METRICS[kind],
            settings=settings, seed=seed, device="cpu", precision=precision,
        )  # fmt: skip

    return make


@pytest.fixture
def network_of():
    """A network with a random head on the model of a folder, and the tokeniser for it."""

    def make(folder, kind, *, token_budget=None, window=512, method=None):
        auto = AutoModelForSequenceClassification if kind == TEXTS else AutoModelForTokenClassification
        model, tokenizer = load_model(auto, folder, device="cpu", num_labels=3)
        tokeniser = Tokeniser(
            tokenizer,
            folder,
            window=min(window, num_positions(model)),
            method=method or ("text" if kind == TEXTS else "words"),
            vocabulary_size=60,
            cache=TokenCache(),
        )
        return Network(model=model.eval(), filler=tokenizer.pad_token_id, token_budget=token_budget), tokeniser

    return make
