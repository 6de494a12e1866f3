"""What a comparison says and prints."""

import json
from pathlib import Path

import pytest

from langsamp.cli.output import print_document
from langsamp.scores.comparison import compare
from langsamp.scores.systems import open_system
from langsamp.views.comparison_json import as_json
from langsamp.views.comparison_text import comparison_document, finding, limits
from tests.scores.scored import TAGS, labelled, side, spread, write_cells


@pytest.fixture(scope="module")
def paper():
    return compare(open_system("paper:baseline"), open_system("paper:langsamp"), by=("tier", "family"))


@pytest.fixture
def runs(tmp_path: Path):
    for model, right in (("base", 0.5), ("lang", 0.75)):
        predictions = {
            seed: {tag: labelled(items=120, right=right, seed=seed * 50 + place) for place, tag in enumerate(TAGS)}
            for seed in range(3)
        }
        write_cells(tmp_path, model=model, predictions=predictions)
    return compare(open_system(f"{tmp_path}:base"), open_system(f"{tmp_path}:lang"))


def test_the_finding_of_each_task_in_one_sentence(paper):
    found = {task.grid.setting.task: finding(task, paper.a.name, paper.b.name) for task in paper.tasks}
    assert found["sr-bible"].startswith(
        "paper:langsamp is better than paper:baseline on 269 of 369 languages; +2.15 points [+1.4"
    )
    assert found["sr-bible"].endswith("q = 5e-32")
    assert found["ner"].startswith(
        "paper:langsamp and paper:baseline cannot be told apart on 164 languages: +0.41 points"
    )
    assert "better on 100, equal on 4, worse on 60" in found["ner"]
    assert "the interval over families and seeds holds zero" in found["ner"]


def test_a_loss_is_called_one():
    a = spread(50, 5)
    worse = compare(side(a), side({tag: value - 2 for tag, value in a.items()}, "B"))
    assert finding(worse.tasks[0], "A", "B").startswith(
        f"B is worse than A on {len(TAGS)} of {len(TAGS)} languages; −2.00 points"
    )


def test_everything_fits_into_a_terminal_of_80_columns(paper, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    print_document(comparison_document(paper))
    printed = capsys.readouterr().out
    tables = [line for line in printed.splitlines() if line.startswith(" ") and not line.startswith("  ")]
    assert len(tables) > 40
    assert all(len(line) <= 80 for line in tables)
    assert "Atlantic-Congo" in printed
    assert "+2.15" in printed
    assert "269/17/83" in printed
    assert "sr-bible, sr-tatoeba: top10_accuracy; protocol paper; source eng_Latn; layer 8; selection test" in printed
    assert "A 1 seed; B 1 seed" in printed


def test_runs_print_languages_seeds_and_what_seeds_could_see(runs, capsys):
    print_document(comparison_document(runs, verbose=True))
    printed = capsys.readouterr().out
    assert f"{len(TAGS)} better, 0 worse, 0 indistinct of {len(TAGS)} tested" in printed
    assert "3 seeds cannot show a mean difference below" in printed
    assert "deu_Latn" in printed
    assert "German" in printed
    assert "A 3 seeds; B 3 seeds" in printed


def test_left_out_languages_and_aliases_are_said(capsys):
    a, b = {"ara_Arab": 1.0, "deu_Latn": 2.0, "tur_Latn": 2.0}, {"arb_Arab": 4.0, "deu_Latn": 2.0, "jpn_Jpan": 1.0}
    found = compare(side(a), side(b, "B"))
    said = limits(found.tasks[0])
    assert "1 language left out: only A has them" in said
    assert "1 language under another code in B: ara_Arab = arb_Arab" in said
    print_document(comparison_document(found, verbose=True))
    assert "left out (only B has them): jpn_Jpan" in capsys.readouterr().out


def test_json_holds_all_and_is_json(paper, runs):
    for comparison in (paper, runs):
        content = json.loads(json.dumps(as_json(comparison), allow_nan=False))
        assert [task["task"] for task in content["tasks"]] == [task.grid.setting.task for task in comparison.tasks]
        first = content["tasks"][0]
        assert first["difference"] == pytest.approx(comparison.tasks[0].difference.mean)
        assert len(first["languages"]) == comparison.tasks[0].difference.languages
        assert len(first["interval_95"]["by_family"]) == 2
    assert first["languages"][0]["verdict"] == "better"
    assert first["smallest_visible_difference"] > 0
