"""`langsamp analyze vectors`: what it prints, writes and refuses."""

import json

import pytest

from langsamp.analysis.read_analyses import read_analyses
from tests.analysis.kin import kin_model, known_tags
from tests.tiny_run import langsamp, said

pytestmark = pytest.mark.integration


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "mine"
    for name, variant in (("both-0", "both"), ("language-0", "language"), ("none-1", "none")):
        kin_model(folder / "models" / name / "export", known_tags(20), variant=variant)
    (folder / "models/none-0/export").mkdir(parents=True)
    (folder / "recipe.yaml").write_text("name: mine\n")
    return folder


def test_it_prints_and_stores_an_analysis_of_each_model_with_vectors(run):
    out = said("analyze", "vectors", run, "--shuffles", "100", "--no-figures")
    shown = ("What the vectors of both-0 know", "mantel tree distance", "The nearest script vectors")
    assert all(words in out for words in shown)
    found = read_analyses(run / "analysis")
    assert [(each.kind, each.subject) for each in found] == [("vectors", "both-0"), ("vectors", "language-0")]
    assert not (run / "analysis/vectors-both-0/figures").exists()


def test_json_holds_the_tables_and_figures_lie_beside_them(run, tmp_path):
    words = ["--shuffles", "100", "--neighbours", "2", "-o", tmp_path / "there", "--json"]
    (found,) = json.loads(said("analyze", "vectors", f"{run}:language", *words))
    assert found["settings"]["neighbours"] == 2 and len(found["neighbours"]) == 2 * len(found["points"])
    assert found["folder"] == str(tmp_path / "there")
    kinds = {path.suffix for path in (tmp_path / "there/figures").iterdir()}
    assert kinds == {".pdf", ".svg", ".png"}


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--shuffles", "3"], "shuffles"), (["--embedding", "umap"], "tsne"), (["--perplexity", "-1"], "perplexity")],
)
def test_wrong_settings_are_named(run, words, message):
    answer = langsamp("analyze", "vectors", run, *words)
    assert answer.code == 1 and message in answer.err


def test_a_model_without_vectors_is_said_to_have_none(run):
    answer = langsamp("analyze", "vectors", f"{run}:none-0")
    assert answer.code == 4 and "none-0: no language or script vectors" in answer.err
