"""Identification by the vectors: among trained languages with text, beside chance and n-grams, and kept as it was."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM

from langsamp.analysis.identification.analyse import FEWEST, IdentificationConfig, analyse_identification
from langsamp.analysis.identification.filling import SENTENCES, TOKENS, varied
from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.analysis.model_refs import ModelRef, find_model_refs
from langsamp.disk.seals import seal
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.model.new_language.frozen import FrozenModel
from langsamp.views.identification import identification_document
from tests.tiny_run import TinyRun, complaint, said

CONFIG = IdentificationConfig(sentences=FEWEST)


@pytest.fixture(scope="module")
def model(tiny_run: TinyRun) -> ModelRef:
    (model,) = find_model_refs([f"{tiny_run.out}:both-0"])
    return model


@pytest.fixture(scope="module")
def analysis(model: ModelRef) -> IdentificationAnalysis:
    return analyse_identification(model, CONFIG)


def test_the_trained_languages_of_the_text_take_part(analysis: IdentificationAnalysis, model: ModelRef) -> None:
    conditioning = model.conditioning()
    assert conditioning is not None
    tags = [line.tag for line in analysis.languages]
    assert tags == sorted(tags) and set(tags) <= set(map(str, conditioning.trained_tags))
    assert analysis.chance == 1 / len(tags) and {line.sentences for line in analysis.languages} == {FEWEST}
    assert analysis.right == pytest.approx(np.mean([line.right for line in analysis.languages]))
    assert 0 <= analysis.low <= analysis.right <= analysis.high <= 1


def test_ngrams_tell_languages_of_other_letters(analysis: IdentificationAnalysis) -> None:
    assert analysis.ngram > 0.9


def test_it_is_the_same_again_and_as_it_was_kept(
    analysis: IdentificationAnalysis, model: ModelRef, tmp_path: Path
) -> None:
    assert analyse_identification(model, CONFIG) == analysis
    analysis.save(tmp_path / "kept")
    assert IdentificationAnalysis.load(tmp_path / "kept").as_json() == analysis.as_json()


def test_a_vector_that_makes_every_text_improbable_is_never_chosen(tiny_run: TinyRun, tmp_path: Path) -> None:
    """The encoder's states are those of all languages, so what is told lies in the vectors alone."""
    export = tiny_run.copy(tmp_path / "copy").export
    conditioning = Conditioning.load(export)
    assert conditioning.language is not None and conditioning.script is not None
    tags = sorted(conditioning.trained_tags)
    conditioning.language[:], conditioning.script[:] = 0, 0
    worse = next(tag for tag in tags if tag != tags[0])
    conditioning.language[conditioning.ids.pair(worse)[0]] = 1e3
    conditioning.save(export, dict.fromkeys(conditioning.rows_seen, "name"))
    seal(export)
    analysis = analyse_identification(ModelRef("m", export, None), CONFIG)
    assert str(worse) not in {line.instead for line in analysis.languages}


def test_too_little_text_is_told(tiny_run: TinyRun, model: ModelRef) -> None:
    with pytest.raises(UserError, match="to tell languages apart takes two: name another task"):
        analyse_identification(model, IdentificationConfig(task="sr-bible", data=tiny_run.root / "eval"))


def test_the_command_and_a_model_without_vectors(tiny_run: TinyRun, tmp_path: Path) -> None:
    words = ("analyze", "identification", "--sentences", FEWEST, "--out", tmp_path / "out")
    answer = said(*words, f"{tiny_run.out}:both-0")
    assert "The vectors alone tell the language of" in answer and "chance is" in answer
    assert "no language or script vectors" in complaint(*words, f"{tiny_run.out}:none-0", code=4)


def test_the_document_shows_the_worst_told_first(analysis: IdentificationAnalysis) -> None:
    (table, *filled) = identification_document(analysis).tables
    shares = {line.tag: line.right for line in analysis.languages}
    told = [shares[str(LangScript.parse(row[1]))] for row in table.rows]
    assert told == sorted(told)
    assert [each.title.partition(" (hidden")[0] for each in filled] == list(
        dict.fromkeys(line.sentence for line in analysis.filled)
    )


def test_one_token_is_predicted_under_each_vector(analysis: IdentificationAnalysis) -> None:
    sentences = {line.sentence: line for line in analysis.filled}
    assert len(sentences) == min(SENTENCES, len(analysis.languages))
    for sentence, first in sentences.items():
        assert sentence.count("<mask>") == 1 and first.hidden not in ("", "<mask>")
        lines = [line for line in analysis.filled if line.sentence == sentence]
        by_vectors = {line.vectors: [each for each in lines if each.vectors == line.vectors] for line in lines}
        assert {len(each) for each in by_vectors.values()} == {TOKENS} and None in by_vectors
        assert len({each[0].probability for each in by_vectors.values()}) == len(by_vectors)  # vectors move it
        for row in by_vectors.values():
            assert [line.probability for line in row] == sorted((line.probability for line in row), reverse=True)


def test_without_vectors_a_token_is_filled_as_the_stock_masked_lm_does(model: ModelRef) -> None:
    frozen, mlm = FrozenModel(model.folder), AutoModelForMaskedLM.from_pretrained(model.folder).eval()
    ids = frozen.tokenizer("langue", truncation=True, max_length=frozen.max_tokens)["input_ids"]
    ids[1] = frozen.tokenizer.mask_token_id
    with torch.no_grad():
        expected_V = mlm(torch.tensor([ids])).logits[0, 1].softmax(-1)
    zeros_CD = torch.zeros(2, mlm.config.hidden_size)
    torch.testing.assert_close(frozen.fill(ids, 1, zeros_CD), expected_V.expand(2, -1))


def test_languages_shown_differ_by_script_then_family() -> None:
    tags = list(map(LangScript.parse, ("deu_Latn", "eng_Latn", "rus_Cyrl", "tur_Latn", "ukr_Cyrl", "nld_Latn")))
    shown = ["eng_Latn", "rus_Cyrl", "tur_Latn", "deu_Latn", "nld_Latn"]
    assert list(map(str, varied(tags, most=5))) == shown
