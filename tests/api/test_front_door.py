"""`import langsamp as ls`: what it has, what it costs, and that each call takes what a user has."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

import langsamp as ls
from langsamp.errors import DataMissingError, UserError
from tests.tiny_run import TinyRun


def test_every_public_name_is_there_and_none_besides():
    assert set(ls.__all__) == set(ls._HOME)
    for name in ls.__all__:
        assert callable(getattr(ls, name))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        ls.trian  # noqa: B018


def test_the_import_costs_no_torch_and_completion_works():
    code = "import sys, langsamp; assert 'compare' in dir(langsamp); print('torch' in sys.modules, len(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("False")


@pytest.fixture(scope="module")
def run(tiny_run: TinyRun) -> ls.Run:
    return ls.Run(tiny_run.out)


def test_a_run_opens_compares_and_shows_itself(run: ls.Run):
    assert {"none-0", "both-0"} <= run.models.keys()
    comparison = run.compare()
    assert comparison.data.b.name.endswith(":both")
    assert "B - A" in comparison._repr_html_() and "B - A" in str(comparison)
    assert "report.html" in str(run) and "<table" in run._repr_html_()
    with pytest.raises(DataMissingError, match="is no run"):
        ls.Run(run.folder / "rows")


def test_a_model_in_memory_gets_the_scores_of_its_folder(run: ls.Run, tmp_path: Path):
    folder = run.models["both-0"]
    tasks, tags = ["sr-cldr"], "deu_Latn"
    stored = ls.evaluate(folder, tasks, languages=tags, out=tmp_path / "folder").data
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    memory = ls.evaluate(model, tasks, languages=tags, out=tmp_path / "memory", tokenizer=tokenizer).data
    pd.testing.assert_series_equal(stored["value"], memory["value"])
    with pytest.raises(UserError, match="needs its tokenizer"):
        ls.evaluate(model, tasks, out=tmp_path / "memory")


def test_models_are_looked_into(run: ls.Run):
    both = run.models["both-0"]
    assert ls.vectors(both, shuffles=100).data.kind == "vectors"
    assert ls.donors("all", both, candidates="all").data.kind == "donors"
    assert len(ls.language("Swahili").data) >= 1
    assert ls.language("German", run.folder).title.startswith("German")
    filled = ls.fill_mask(both, "a <mask> b", k=2)
    assert {"vectors", "rank", "text"} <= set(filled.columns)
    assert ls.fill_mask(run.folder, "a <mask> b", k=2).equals(filled)


def test_scores_are_laid_out_and_published_ones_compared(run: ls.Run):
    assert ls.table(1, "paper:baseline", "paper:langsamp").title.startswith("Table 1.")
    assert "all" in str(ls.compare("paper:baseline", "paper:langsamp").data.tasks[0].groups["paper"].keys())
    assert "Baseline" in str(ls.ablation(run.folder))
    assert ls.transfer("paper:donors").data.kind == "transfer"


def test_one_word_stands_for_a_list_of_one(run: ls.Run, tmp_path: Path):
    assert str(ls.compare("paper:baseline", "paper:langsamp", by="script")) == str(
        ls.compare("paper:baseline", "paper:langsamp", by=["script"])
    )
    with pytest.raises(UserError, match="no task 'sr-bibel'"):
        ls.evaluate(run.models["both-0"], "sr-bibel", out=tmp_path / "scores")
    with pytest.raises(UserError, match="deu_Latn: the model has no vector"):
        ls.fill_mask(run.models["both-0"], "a <mask>", "deu_Latn")
    with pytest.raises(UserError, match="not script"):
        ls.train(run.folder.parent / "recipe.yaml", "name=other", variants="script")
    with pytest.raises(UserError, match="no score of task 'sr-bibel'"):
        ls.table(1, "paper:baseline", tasks="sr-bibel")


def test_languages_are_selected():
    assert [str(tag) for tag in ls.select_languages("swh_Latn,deu_Latn")] == ["deu_Latn", "swh_Latn"]


def test_markup_in_an_answer_is_escaped(run: ls.Run):
    shown = ls.language("Swahili")
    assert (
        "<b>"
        not in type(shown)(title="<b>", tables={"<b>": pd.DataFrame({"<b>": ["<b>"]})}, lines=("<b>",))._repr_html_()
    )


def test_a_run_is_taken_wherever_its_path_is(run: ls.Run, tmp_path: Path):
    assert Path(ls.report(run, out=tmp_path / "page.html")).is_file()
    assert str(ls.ablation(run)) == str(ls.ablation(run.folder))
    assert ls.fill_mask(run, "a <mask> b", k=2).equals(ls.fill_mask(run.folder, "a <mask> b", k=2))
    assert str(ls.donors("all", run, candidates="all")) == str(ls.donors("all", run.folder, candidates="all"))


def test_models_and_languages_are_given_in_any_collection(run: ls.Run, tmp_path: Path):
    for models in (run.models, run.models.values(), iter(run.models.values())):
        scores = ls.evaluate(models, "sr-cldr", languages=["German"], out=tmp_path / "scores").data
        assert scores["model"].nunique() == len(run.models) and {*scores["tag"]} == {"deu_Latn"}
    assert ls.select_languages(["Kabyle+tail", "deu_Latn"]) == ls.select_languages("Kabyle+tail,deu_Latn")


def test_a_run_under_way_says_how_far_it_is(run: ls.Run, tmp_path: Path):
    shutil.copytree(run.folder, tmp_path / "run", ignore=shutil.ignore_patterns("evaluation"))
    shutil.rmtree(tmp_path / "run" / "models" / "both-0" / "export")
    opened = ls.Run(tmp_path / "run")
    assert "both-0: in training, with a checkpoint of step 4" in str(opened) and "none-0: trained" in str(opened)
    assert "Nothing is scored yet" in opened._repr_html_() and list(opened.models) == ["none-0"]


class _Sentences(torch.nn.Sequential):
    """Saved, called and iterated over as a SentenceTransformer is."""

    save_pretrained = None


def test_what_is_no_name_and_no_path_is_told(run: ls.Run, tmp_path: Path):
    for call in (
        lambda: ls.compare(run.scores, "paper:langsamp"),
        lambda: ls.evaluate([None], out=tmp_path / "scores"),
        lambda: ls.evaluate(_Sentences(torch.nn.Linear(2, 2)), out=tmp_path / "scores"),
        lambda: ls.run({"name": "mine"}),
        lambda: ls.vectors(run.scores),
        lambda: ls.report(3),
    ):
        with pytest.raises(UserError, match="expected a name or a path, got an object of type"):
            call()
    with pytest.raises(UserError, match=r"is the folder of trainings; give its model, .*export"):
        ls.evaluate(run, out=tmp_path / "scores")
    with pytest.raises(UserError, match=r":both is how scores are named; give the model itself, [^,]*both-0/export$"):
        ls.evaluate(f"{run.folder}:both", out=tmp_path / "scores")
