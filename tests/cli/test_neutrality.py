import json
from pathlib import Path

import pytest

from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.read_analyses import read_analysis
from langsamp.cli.analyses import folder_of
from tests.tiny_run import complaint, langsamp, said

pytestmark = pytest.mark.integration

FEW = ("--languages", "eng_Latn,deu_Latn,rus_Cyrl", "--sentences", "12")


def test_a_run_is_measured_printed_and_kept(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    run = tiny_run.copy(tmp_path)
    answer = langsamp("analyze", "neutrality", run.out, *FEW)
    assert answer.code == 0, answer.err
    assert "From none-0 to both-0, layer 1" in answer.out
    tables = answer.out[answer.out.index("Means over pairs") :]
    assert max(map(len, tables.splitlines()[:-1])) <= 100
    kept = read_analysis(run.out / "analysis" / "neutrality")
    assert kept.models == ("none-0", "both-0")
    figures = {path.name for path in (run.out / "analysis" / "neutrality" / "figures").iterdir()}
    assert {"similarity.pdf", "change.svg", "difference.png", "layers.pdf", "probes.pdf"} <= figures


def test_json_has_every_table_and_no_nan(tiny_run, tmp_path):
    found = json.loads(said("analyze", "neutrality", tiny_run.export, *FEW, "--json", "-o", tmp_path / "a"))
    assert len(found["similarity"]) == 3 * 3
    assert found["models"] == ["both-0"]
    assert "NaN" not in json.dumps(found)


def test_it_lies_with_the_run_that_its_models_have_in_common(tiny_run):
    both, none = find_model_refs([str(tiny_run.out)])
    run = tiny_run.out / "analysis"
    assert folder_of([none, both]) == run / "neutrality"
    assert folder_of([both]) == run / "neutrality-both-0"
    assert folder_of([both, both._replace(run=None)]) == Path("analysis/both-0+both-0/neutrality")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--task", "sr-bible"), 4, "no data folder was given"),
        (("--layer", "3"), 1, "choose one of them"),
        (("--languages", "deu_Latn"), 1, "needs two of them"),
        (("--sentences", "5"), 1, "greater than or equal to 10"),
        (("--task", "ner"), 1, "tasks with parallel text"),
    ],
)
def test_what_cannot_be_measured_is_one_message(tiny_run, tmp_path, words, code, message):
    assert message in complaint("analyze", "neutrality", tiny_run.export, *words, "-o", tmp_path / "a", code=code)
    assert not (tmp_path / "a").exists()
