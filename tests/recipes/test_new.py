"""A new recipe is a template, with what the user has in it, and can be run as it stands."""

import re
import shutil
from pathlib import Path

import pytest
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer

from langsamp.data.phases import MANY_EPOCHS
from langsamp.errors import DataMissingError, UserError
from langsamp.machine import bf16_instructions
from langsamp.model.build import _mlm
from langsamp.model.pretrained.model_config import load_config
from langsamp.model.shapes import positions
from langsamp.recipe import load_recipe
from langsamp.recipe_reference import keys
from langsamp.recipes.new import TEMPLATES, Given, new_recipe
from tests.tiny_run import TinyRun, complaint, documents, said, write_lines


@pytest.fixture(scope="module")
def headless(tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny run's encoder as sentence encoders are published."""
    folder = tmp_path_factory.mktemp("headless")
    AutoModel.from_pretrained(tiny_run.export, add_pooling_layer=False).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_run.export).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_new_recipe_is_named_after_its_file_and_is_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANGSAMP_DATA", "data")
    monkeypatch.setenv("LANGSAMP_ENCODER", "encoder")
    path = tmp_path / "my run.yaml"
    new_recipe(path, name)
    assert load_recipe(path).name == "my-run"
    before = path.read_bytes()
    with pytest.raises(UserError, match="is there already"):
        new_recipe(path, name)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_key_that_a_template_speaks_of_is_one(name: str, tmp_path: Path):
    new_recipe(tmp_path / "a.yaml", name)
    comments = [line.partition("#")[2] for line in (tmp_path / "a.yaml").read_text(encoding="utf-8").splitlines()]
    sections = {key.path.partition(".")[0] for key in keys() if "." in key.path}
    spoken = [word for line in comments for word in re.findall(rf"\b(?:{'|'.join(sections)})\.[a-z_]+", line)]
    assert {*spoken} <= {key.path for key in keys()}


def test_a_new_recipe_needs_a_template_and_the_right_ending(tmp_path: Path):
    with pytest.raises(UserError, match="Did you mean 'quickstart'"):
        new_recipe(tmp_path / "a.yaml", "quickstar")
    with pytest.raises(UserError, match=r"ending \.yaml"):
        new_recipe(tmp_path / "a.txt", "text")


def test_what_the_user_has_is_filled_in_and_can_be_planned(tiny_run: TinyRun, headless: str, tmp_path: Path):
    path, text, data = tmp_path / "mine.yaml", tiny_run.root / "text", tiny_run.root / "eval"
    sentences = said("new", path, "--from", "continue", "--encoder", headless, "--text", text, "--data", data)
    assert "2 head languages and 1 tail" in sentences and "no LM head" in sentences and "sr-bible (3 of" in sentences
    recipe = load_recipe(path)
    assert (recipe.name, recipe.model.init, recipe.model.new_head) == ("mine", headless, True)
    assert recipe.corpus.languages == recipe.evaluation.languages == "hin_Deva,swh_Latn,kmr_Cyrl"
    assert recipe.evaluation.tasks == ("sr-bible",) and recipe.evaluation.data == data
    assert recipe.training.anchor is not None and recipe.training.anchor.layer == (1, 2)
    assert recipe.sampler.replay is not None
    assert recipe.training.precision == ("bf16" if bf16_instructions() else "fp32"), "as this processor computes"
    assert ("bf16" in sentences) == bool(bf16_instructions())
    assert "kmr_Cyrl" in said("run", path, "--plan", "--set", "rows.row_tokens=32")


def test_little_text_is_not_read_more_often_than_teaches(tiny_run: TinyRun, tmp_path: Path) -> None:
    sentences = " ".join(new_recipe(tmp_path / "mine.yaml", "text", Given(text=tiny_run.root / "text")))
    recipe = load_recipe(tmp_path / "mine.yaml")
    size = sum(file.stat().st_size for file in (tiny_run.root / "text").glob("*.txt"))
    tokens = recipe.training.steps * recipe.sampler.rows_per_step * recipe.rows.row_tokens
    assert tokens / (size / 4) == pytest.approx(MANY_EPOCHS, abs=recipe.sampler.rows_per_step * 128 / (size / 4))
    assert f"training.steps {recipe.training.steps:,}" in sentences and recipe.tokenizer.vocab_size == 4_000
    assert recipe.training.warmup_steps < recipe.training.steps
    large = tmp_path / "large" / "swh_Latn.txt"
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(1 << 30)  # a hole: as much text as is read once
    new_recipe(tmp_path / "large.yaml", "text", Given(text=large.parent))
    new_recipe(tmp_path / "as-it-is.yaml", "text")
    assert load_recipe(tmp_path / "large.yaml").training == load_recipe(tmp_path / "as-it-is.yaml").training


def test_an_encoder_with_its_head_needs_no_new_one(tiny_run: TinyRun, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    new_recipe(path, "continue", Given(encoder=str(tiny_run.export), text=tiny_run.root / "text"))
    recipe = load_recipe(path)
    assert not recipe.model.new_head and recipe.training.head_warmup_steps == 0
    assert recipe.evaluation.tasks == ("sr-cldr",) and recipe.evaluation.data is None
    assert "${" not in path.read_text(encoding="utf-8")


def test_a_head_that_was_saved_but_never_trained_is_none(tiny_run: TinyRun, headless: str, tmp_path: Path):
    folder = tmp_path / "drawn"
    shutil.copytree(headless, folder)
    AutoModelForMaskedLM.from_pretrained(headless).save_pretrained(folder)
    sentences = new_recipe(tmp_path / "mine.yaml", "continue", Given(encoder=str(folder)))
    assert any("an untrained LM head" in each for each in sentences)
    assert load_recipe(tmp_path / "mine.yaml", ("corpus.source=a", "evaluation.data=b")).model.new_head
    settings = (f"model.init={folder}", "model.model_type=null", "model.settings={}", "tokenizer={}")
    recipe = tiny_run.recipe(*settings)
    _, start = _mlm(recipe.model, AutoTokenizer.from_pretrained(folder), row_tokens=32, seed=0)
    assert any("was never trained" in each for each in start)


def test_rows_are_no_longer_than_the_encoder_reads(tiny_run: TinyRun, tmp_path: Path) -> None:
    new_recipe(tmp_path / "mine.yaml", "continue", Given(encoder=str(tiny_run.export), text=tiny_run.root / "text"))
    assert load_recipe(tmp_path / "mine.yaml").rows.row_tokens == positions(load_config(tiny_run.export)) < 128


@pytest.mark.parametrize("model_type", ["electra", "albert", "t5", "vit"])
def test_what_training_would_refuse_is_refused_before_a_recipe_is_written(
    tiny_run: TinyRun, model_type: str, tmp_path: Path
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_run.export, folder, ignore=shutil.ignore_patterns("checksums.json"))
    AutoConfig.for_model(model_type).save_pretrained(folder)
    with pytest.raises(UserError, match=r"no LM head known.*Other encoders can be scored") as caught:
        new_recipe(tmp_path / "mine.yaml", "continue", Given(encoder=str(folder)))
    assert "Did you mean" not in str(caught.value) and not (tmp_path / "mine.yaml").exists()


def test_tokens_that_the_encoder_has_no_rows_for_are_told_before_a_recipe_is_written(
    tiny_run: TinyRun, tmp_path: Path
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_run.export, folder, ignore=shutil.ignore_patterns("checksums.json"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"new{number}" for number in range(2000)])
    tokenizer.save_pretrained(folder)
    with pytest.raises(UserError, match=r"resize_token_embeddings"):
        new_recipe(tmp_path / "mine.yaml", "continue", Given(encoder=str(folder)))


def test_languages_without_any_test_set_are_said_and_others_tell_of_forgetting(tmp_path: Path):
    (tmp_path / "text").mkdir()
    write_lines(tmp_path / "text" / "ava_Cyrl.txt", ["а б в"])
    write_lines(tmp_path / "text" / "aar_Latn.txt", ["a b c"])
    sentences = new_recipe(tmp_path / "mine.yaml", "continue", Given(text=tmp_path / "text"))
    recipe = load_recipe(tmp_path / "mine.yaml")
    assert any("no head language" in each for each in sentences) and recipe.sampler.replay is None
    assert any("--data" in each for each in sentences)
    assert recipe.evaluation.languages == recipe.monitor.languages != recipe.corpus.languages


def test_text_of_ones_own_goes_into_the_other_template(tiny_run: TinyRun, tmp_path: Path):
    assert "3 languages" in new_recipe(tmp_path / "a.yaml", "text", Given(text=tiny_run.root / "text"))[0]
    assert load_recipe(tmp_path / "a.yaml").corpus.source == str(tiny_run.root / "text")


def test_what_cannot_be_used_is_refused_and_nothing_written(tiny_run: TinyRun, tmp_path: Path):
    path, text = tmp_path / "mine.yaml", tiny_run.root / "text"
    assert "--encoder is for --from continue" in complaint("new", path, "--encoder", "x/y")
    assert "--text is for --from text or continue" in complaint("new", path, "--from", "paper", "--text", text)
    assert "give that too" in complaint("new", path, "--from", "continue", "--data", tmp_path)
    (tmp_path / "empty").mkdir()
    for given, error in (
        (Given(text=tmp_path / "nothing"), DataMissingError),
        (Given(text=tmp_path / "empty"), DataMissingError),
        (Given(encoder=str(tmp_path / "empty")), UserError),
        (Given(text=text, data=tmp_path / "empty"), UserError),
    ):
        with pytest.raises(error):
            new_recipe(path, "continue", given)
    assert not path.exists()


def test_text_of_one_language_gives_a_recipe_that_can_be_planned(tiny_run: TinyRun, tmp_path: Path):
    (tmp_path / "text").mkdir()
    shutil.copy(tiny_run.root / "text" / "swh_Latn.txt", tmp_path / "text")
    path = tmp_path / "mine.yaml"
    said("new", path, "--from", "continue", "--encoder", tiny_run.export, "--text", tmp_path / "text")
    assert "no other tag has a row" in said("run", path, "--plan", "--set", "rows.row_tokens=32")


def test_of_ones_languages_those_are_scored_that_have_a_test_set(tiny_run: TinyRun, tmp_path: Path):
    text, data = tmp_path / "text", tiny_run.root / "eval"
    shutil.copytree(tiny_run.root / "text", text)
    for tag in ("eng_Latn", "aar_Latn"):
        write_lines(text / f"{tag}.txt", documents("swh_Latn", 200, seed=2))
    for path, given in ((tmp_path / "mine.yaml", ()), (tmp_path / "ours.yaml", ("--data", data))):
        told = said("new", path, "--from", "continue", "--encoder", tiny_run.export, "--text", text, *given)
        assert "no test set of aar_Latn" in told
        wanted = load_recipe(path).evaluation.languages
        assert "swh_Latn" in wanted and "aar_Latn" not in wanted
        said("run", path, "--plan", "--set", "rows.row_tokens=32")
    (text / "aar_Latn.txt").unlink()
    given = ("--encoder", tiny_run.export, "--text", text, "--data", data)
    said("new", tmp_path / "all.yaml", "--from", "continue", *given)
    assert "eng_Latn" in load_recipe(tmp_path / "all.yaml").evaluation.languages  # retrieval starts from it
    said("run", tmp_path / "all.yaml", "--plan", "--set", "rows.row_tokens=32")
