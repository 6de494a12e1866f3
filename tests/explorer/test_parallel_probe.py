"""Laws of the probe on real encoders and on sentences given by hand."""

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from langsamp.errors import UserError
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.explorer.parallel_probe import MOST_LANGUAGES, parallel_probe, read_translations
from tests.tiny_parts import tiny_mlm


@pytest.fixture
def encoder(tokenizer: PreTrainedTokenizerFast) -> Encoder:
    return Encoder(tiny_mlm("xlm-roberta").base_model, tokenizer)


def test_the_measure_is_the_mean_cosine_after_each_languages_mean_is_taken_away(encoder: Encoder) -> None:
    given = {"deu_Latn": ["ba de", "so mi la", "gu"], "fra_Latn": ["ru ba", "ne ne to", "pi ka"]}
    probe = parallel_probe(encoder, given)
    assert sorted(probe.matrices) == [0, 1, 2]
    vectors = [encoder.encode(own, layers=[1])[1].astype(float) for own in given.values()]
    first, second = (own - own.mean(axis=0) for own in vectors)
    cosines = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    assert probe.centred
    assert probe.matrix(1)[0, 1] == pytest.approx(cosines.mean())
    assert probe.matrix(1) == pytest.approx(probe.matrix(1).T)
    assert np.diag(probe.matrix(1)) == pytest.approx([1, 1])
    assert probe.mean(1) == pytest.approx(cosines.mean())
    assert "3 sentences" in probe.note


def test_one_sentence_each_gives_the_raw_cosine_and_says_so(encoder: Encoder) -> None:
    probe = parallel_probe(encoder, "deu_Latn\tba de\nfra_Latn\tba de\nso mi")
    assert not probe.centred
    assert list(probe.translations) == ["deu_Latn", "fra_Latn", "line 3"]
    assert probe.matrix(2)[0, 1] == pytest.approx(1)
    assert probe.matrix(2)[0, 2] < 1
    assert "as they are" in probe.note
    assert probe.low <= min(matrix.min() for matrix in probe.matrices.values())


def test_sentences_that_are_too_long_are_named(encoder: Encoder) -> None:
    long = "ba " * 60
    assert parallel_probe(encoder, {"deu_Latn": [long], "fra_Latn": ["so"]}).cut == (long,)


def test_lines_are_read_with_tab_space_or_colon() -> None:
    text = "deu_Latn\tGuten Morgen\n\n fra_Latn Bonjour \nspa_Latn: Buenos\tdias\nplain words"
    assert read_translations(text) == {
        "deu_Latn": ["Guten Morgen"], "fra_Latn": ["Bonjour"], "spa_Latn": ["Buenos\tdias"],
        "line 4": ["plain words"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one sentence and its translation"),
        ("deu_Latn ba\ndeu_Latn de", "one sentence and its translation"),
        ("deu_Latn ba\ndeu_Latn de\nfra_Latn so", "deu_Latn 2, fra_Latn 1"),
        ("deu_Latn ba\ndeu_Latn ba\nfra_Latn so\nfra_Latn mi", "all the same"),
        ("German\tba\nfra_Latn so", r"It may be deu_Latn \(German\)"),
        ("de_Latn ba\nfra_Latn so", "Did you mean 'deu_Latn'"),
        ("\n".join(f"ba {number}" for number in range(MOST_LANGUAGES + 1)), "too many"),
    ],
)
def test_what_cannot_be_compared_is_said(encoder: Encoder, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parallel_probe(encoder, text)


def test_a_layer_that_is_not_there_is_said(encoder: Encoder) -> None:
    with pytest.raises(UserError, match="layer 3: the encoder has 2"):
        parallel_probe(encoder, "ba\nde").matrix(3)
