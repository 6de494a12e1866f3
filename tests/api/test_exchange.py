"""Models in and out by the front door and the command line: one thing said the same in both."""

import json
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

import langsamp as ls
from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.plan import usable_models
from langsamp.explorer.language_profile import language_profile
from langsamp.languages.tags import LangScript
from langsamp.model.new_language.fitting import add_languages
from tests.model.interchange.authors import write_checkpoint, write_ids
from tests.tiny_run import TinyRun, complaint, langsamp, said

IMPORT_FIRST = "Run `langsamp import"


@pytest.fixture
def theirs(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> Path:
    write_ids(tmp_path / "ids.pkl")
    return write_checkpoint(tmp_path / "theirs", tokenizer)


def test_an_imported_model_is_looked_into_as_any_other(theirs: Path) -> None:
    ours, ids = theirs.with_name("ours"), theirs.with_name("ids.pkl")
    answer = langsamp("import", theirs, "--ids", ids, "--out", ours)
    assert (answer.code, answer.out.strip()) == (0, str(ours))
    assert "does not say which pairs were trained" in answer.err
    filled = ls.fill_mask(ours, "ba <mask> di", ["deu_Latn", "rus"])
    assert set(filled["vectors"]) == {"none", "deu_Latn", "rus"} and filled["trained"].all()
    found = ls.donors("Kurmanji", ours, candidates="all")
    assert set(found.data.tables["donors"]["donor"]) >= {"deu_Latn", "rus_Cyrl"}
    assert any("rows stand at 0" in line for line in found.lines)
    profile = language_profile(str(ours), "German")
    assert profile.rows is None and {line.code for line in profile.neighbours} == {"kmr", "rus"}


def test_an_imported_model_takes_new_languages_and_keeps_what_it_had(theirs: Path, tmp_path: Path) -> None:
    ours = ls.import_checkpoint(theirs, write_ids(tmp_path / "ids.json"), tmp_path / "ours")
    longer = add_languages(ours, [LangScript("kab", "Latn")], tmp_path / "longer")
    before, after = ls.Conditioning.load(ours), ls.Conditioning.load(tmp_path / "longer")
    assert (after.language[:3] == before.language).all() and after.ids == longer.ids
    assert after.is_trained("language", "kmr") and not after.is_trained("language", "kab")


def test_vectors_that_nothing_names_are_said_wherever_they_are_not_read(
    theirs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in (
        ("donors", "German", "--model"),
        ("analyze", "vectors"),
        ("languages", "add", "kab_Latn", "-o", "x", "-m"),
    ):
        assert IMPORT_FIRST in langsamp(*verb, theirs).err, verb
    ls.fill_mask(theirs, "ba <mask> di")
    assert IMPORT_FIRST in capsys.readouterr().err
    usable_models([theirs], EvaluationConfig(tasks=("sr-cldr",)))
    assert IMPORT_FIRST in capsys.readouterr().err
    assert any(IMPORT_FIRST in note for note in language_profile(str(theirs), "German").notes)


def test_neutrality_says_so_too(theirs: Path, tiny_run: TinyRun, tokenizer: PreTrainedTokenizerFast) -> None:
    found = ls.neutrality(theirs, "sr-bible", data=tiny_run.root / "eval", sentences=15, resamples=100)
    assert any(IMPORT_FIRST in line for line in found.lines)


def test_a_training_goes_out_and_comes_back(tiny_run: TinyRun, tmp_path: Path) -> None:
    training = tiny_run.out / "models" / "both-0"
    theirs = ls.export(training, tmp_path / "theirs", layout="original")
    again = ls.import_checkpoint(theirs, theirs / "ids.json", tmp_path / "again")
    before, after = (ls.fill_mask(folder, "a <mask> b", ["swh_Latn"], k=3) for folder in (tiny_run.export, again))
    assert before.drop(columns="trained").equals(after.drop(columns="trained"))
    record = json.loads((theirs / "provenance.json").read_text())
    assert record["exported_from"] == "tiny both-0" and record["step"] == 4


def test_the_layer_is_that_of_evaluate_unless_it_is_named(tiny_run: TinyRun, tmp_path: Path) -> None:
    answer = langsamp("export", tiny_run.export, "--out", tmp_path / "st", "--layout", "sentence-transformers")
    assert answer.code == 0 and "layer 1 of 2, mean over all tokens" in answer.err
    assert json.loads((tmp_path / "st" / "config.json").read_text())["num_hidden_layers"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layout", "onyx"), "no layout 'onyx'.* Did you mean 'onnx'"),
        (("--layout", "original", "--layer", "1"), "holds every layer"),
        (("--layout", "sentence-transformers", "--layer", "3"), "has layers 1 to 2"),
        ((), "is an export already"),
    ],
)
def test_a_layout_that_there_is_not_writes_nothing(
    tiny_run: TinyRun, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    import re

    assert re.search(message, complaint("export", tiny_run.export, "--out", tmp_path / "out", *options))
    assert not list(tmp_path.iterdir())


def test_push_says_what_would_go_and_sends_nothing(tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    plan = said("push", tiny_run.export, "me/encoder")
    assert "me/encoder (private)" in plan and "Nothing was sent" in plan
    rows = json.loads(said("push", tiny_run.export, "me/encoder", "--json"))
    sizes = {path.name: f"{path.stat().st_size:,}" for path in tiny_run.export.iterdir()}
    assert {row["file"]: row["bytes"] for row in rows} == sizes
    assert "HF_HUB_OFFLINE is set" in complaint("push", tiny_run.export, "me/encoder", "--yes")
    with pytest.raises(UserError, match="nothing was sent"):
        ls.push(tiny_run.export, "me/encoder", yes=True)
