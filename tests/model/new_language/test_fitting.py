"""New languages of a trained model: ids appended, all else bit for bit; a vector that makes its texts more probable."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM

from langsamp.disk.seals import CHECKSUMS, check_sealed
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import LANGUAGES, WEIGHTS, Conditioning
from langsamp.model.new_language.fitting import Fitted, add_languages, fit, relatives
from langsamp.model.new_language.frozen import FrozenModel
from langsamp.model.new_language.identifying import identify
from langsamp.provenance import file_sha256
from tests.tiny_run import TinyRun, complaint, documents, langsamp, said, write_lines

NEW = LangScript("sna", "Latn")


@pytest.fixture(scope="module")
def fitted(tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fitted, Path]:
    out = tmp_path_factory.mktemp("fitted") / "export"
    return fit(tiny_run.export, NEW, documents("sna_Latn", 100), out), out


def test_old_ids_vectors_and_weights_stay_bit_for_bit(tiny_run: TinyRun, fitted: tuple[Fitted, Path]) -> None:
    before, after = Conditioning.load(tiny_run.export), Conditioning.load(fitted[1])
    assert after.ids.languages == (*before.ids.languages, "sna")
    assert after.ids.scripts == before.ids.scripts
    assert before.language is not None
    assert after.language is not None
    assert np.array_equal(after.language[:-1], before.language)
    assert np.array_equal(after.script, before.script)
    changed = (WEIGHTS, LANGUAGES, "provenance.json", CHECKSUMS)
    same = [path.name for path in tiny_run.export.iterdir() if path.name not in changed]
    assert "model.safetensors" in same
    assert all(file_sha256(tiny_run.export / name) == file_sha256(fitted[1] / name) for name in same)
    check_sealed(fitted[1], remedy="")
    (new,) = after.rows_seen.keys() - before.rows_seen.keys()
    assert after.is_trained("language", "sna") and after.masked_seen is not None and after.masked_seen[new] > 0


def test_the_fitted_vector_makes_held_out_texts_more_probable(fitted: tuple[Fitted, Path]) -> None:
    report, out = fitted
    assert report.loss["fitted"] < report.loss["start"]
    assert Conditioning.load(out).rows_of_language("sna") > 0
    assert len(report.neighbours) == 3
    assert report.started_from == ("swh",)


def test_fitting_again_gives_the_same_vector(tiny_run: TinyRun, tmp_path: Path, fitted: tuple[Fitted, Path]) -> None:
    fit(tiny_run.export, NEW, documents("sna_Latn", 100), tmp_path / "again")
    assert file_sha256(tmp_path / "again" / WEIGHTS) == file_sha256(fitted[1] / WEIGHTS)


def test_losses_are_those_of_the_trained_model(tiny_run: TinyRun) -> None:
    model = FrozenModel(tiny_run.export)
    text = documents("swh_Latn", 1)
    reading = model.read(text, seed=0)
    mlm = AutoModelForMaskedLM.from_pretrained(tiny_run.export).eval()
    ids = torch.tensor(model.tokenizer(text)["input_ids"])
    generator = np.random.default_rng((0, 0))
    ordinary = np.arange(1, ids.shape[1] - 1)
    places = np.sort(generator.permutation(ordinary)[: len(reading.labels)])
    masked = ids.clone()
    masked[0, places] = model.tokenizer.mask_token_id
    logits = mlm(masked).logits[0, places]
    expected = torch.nn.functional.cross_entropy(logits, ids[0, places], reduction="none")
    assert torch.allclose(model.losses(reading, torch.zeros(32)), expected, atol=1e-5)


def test_a_text_is_named_by_the_vector_it_was_fitted_to(fitted: tuple[Fitted, Path]) -> None:
    model = FrozenModel(fitted[1])
    texts = documents("sna_Latn", 40, seed=5)
    ranked = identify(model, texts)
    assert sum(guesses[0].tag == NEW for guesses in ranked) > 30
    for guesses in ranked:
        assert sum(guess.probability for guess in guesses) == pytest.approx(1, abs=1e-5)
        assert [guess.loss for guess in guesses] == sorted(guess.loss for guess in guesses)


def test_added_languages_start_from_relatives_and_are_untrained(tiny_run: TinyRun, tmp_path: Path) -> None:
    before = Conditioning.load(tiny_run.export)
    tags = [LangScript("sna", "Latn"), LangScript("tur", "Grek")]
    after = add_languages(tiny_run.export, tags, tmp_path / "more")
    assert Conditioning.load(tmp_path / "more").ids == after.ids
    assert before.language is not None
    assert after.language is not None
    assert np.array_equal(after.language[: len(before.language)], before.language)
    assert np.array_equal(
        after.language[after.ids.languages.index("sna")], before.language[before.ids.languages.index("swh")]
    )
    assert relatives(before, tags[1]) == before.ids.languages
    assert after.rows_of_language("sna") == after.rows_of_script("Grek") == 0
    assert not after.is_trained("language", "sna") and not after.is_trained("script", "Grek")
    assert after.script is not None
    assert len(after.script) == len(after.ids.scripts)


def test_mistakes_are_named(tiny_run: TinyRun, tmp_path: Path) -> None:
    texts = documents("sna_Latn", 20)
    with pytest.raises(UserError, match="swh has a vector already, trained on"):
        fit(tiny_run.export, LangScript("swh", "Latn"), texts, tmp_path / "out")
    with pytest.raises(UserError, match="9 lines of text are too few"):
        fit(tiny_run.export, NEW, texts[:9], tmp_path / "out")
    with pytest.raises(UserError, match="is named twice"):
        add_languages(tiny_run.export, [NEW, NEW], tmp_path / "out")
    with pytest.raises(UserError, match=r"swh_Latn is in .* already"):
        add_languages(tiny_run.export, [LangScript("swh", "Latn")], tmp_path / "out")
    baseline = tiny_run.out / "models" / "none-0" / "export"
    with pytest.raises(UserError, match="no language vectors at the output"):
        fit(baseline, NEW, texts, tmp_path / "out")
    with pytest.raises(UserError, match="has no vectors, as it was trained without"):
        add_languages(baseline, [NEW], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_commands_say_what_came(tiny_run: TinyRun, tmp_path: Path) -> None:
    write_lines(tmp_path / "sna_Latn.txt", documents("sna_Latn", 30))
    words = ["--model", tiny_run.export, "--out", tmp_path / "out"]
    answer = said("languages", "fit", "sna_Latn", "--text", tmp_path / "sna_Latn.txt", *words)
    assert "started from the mean of swh" in answer
    assert "sna_Latn" in said("identify", tmp_path / "sna_Latn.txt", "--model", tmp_path / "out", "--top", 1)
    assert "4 languages" in said("languages", "add", "fin_Latn", *words[:2], "--out", tmp_path / "added")
    assert "is not there; expected a file of text" in complaint(
        "identify", tmp_path / "no", "--model", tiny_run.export, code=4
    )
    assert "Swahili" in said("languages", "swahili")


def test_lines_are_named_by_their_number_in_the_file_and_figures_are_numbers(tiny_run: TinyRun, tmp_path: Path) -> None:
    words = documents("sna_Latn", 2)
    (tmp_path / "mixed.txt").write_text(f"{words[0]}\n\n12345 !\n{words[1]}\n", encoding="utf-8")
    # A run's own model is the first of `both`, whatever names it: the run, the training, the export.
    named = (tiny_run.out, tiny_run.out / "models" / "both-0", tiny_run.out / "models" / "both-0" / "export")
    answers = [langsamp("identify", tmp_path / "mixed.txt", "--model", model, "--json") for model in named]
    assert len({answer.out for answer in answers}) == 1 and {answer.code for answer in answers} == {0}
    rows = json.loads(answers[0].out)
    assert [row["line"] for row in rows if row["rank"] == 1] == [1, 3, 4]
    assert all(isinstance(row["loss"], float) and 0 <= row["probability"] <= 1 for row in rows)
    assert "1 lines have no letter" in answers[0].err and answers[0].err.rstrip().endswith("a guess: 3")
