"""Laws of the profile: it says what the run's own files say, and says what it cannot tell."""

import math
from pathlib import Path

import pytest

from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.vectors.neighbours import nearest
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import UserError
from langsamp.explorer.language_profile import language_profile
from langsamp.model.conditioning import Conditioning
from langsamp.scores.reading import read_scores
from tests.tiny_run import TinyRun


def test_scores_and_baseline_are_those_of_the_run(tiny_run: TinyRun) -> None:
    found = language_profile(f"{tiny_run.out}:both-0", "Hindi")
    assert str(found.info.tag) == "hin_Deva"
    scores = read_scores(str(tiny_run.out))
    own = scores[(scores["tag"] == "hin_Deva") & scores["main"].astype(bool)].set_index("model_name")["value"]
    line_of = {line.task: line for line in found.tasks}
    line = line_of["sr-bible"]
    assert line.score == pytest.approx(own["both-0"])
    assert line.baseline == pytest.approx(own["none-0"])
    assert line.difference == pytest.approx(own["both-0"] - own["none-0"])
    assert "run" in line.text
    assert line_of["pos"].text == ("paper",)


def test_rows_and_neighbours_are_those_of_the_vectors(tiny_run: TinyRun) -> None:
    conditioning = Conditioning.load(tiny_run.export)
    found = language_profile(f"{tiny_run.out}:both-0", "swh", k=2)
    assert found.rows == conditioning.rows_seen[found.info.tag]
    assert found.language_rows == conditioning.rows_of_language("swh")
    expected = nearest(conditioning, k=2)["swh"]
    assert [(line.code, line.cosine) for line in found.neighbours] == expected
    assert [donor.donor[:3] for donor in found.donors] == [code for code, _ in expected]


@pytest.mark.parametrize(("words", "tag"), [("Swahili", "swh_Latn"), ("kmr", "kmr_Cyrl"), ("hin_Deva", "hin_Deva")])
def test_of_equal_matches_the_one_that_was_seen_comes_first(tiny_run: TinyRun, words: str, tag: str) -> None:
    found = language_profile(str(tiny_run.out), words)
    assert str(found.info.tag) == tag
    assert tag not in {str(info.tag) for info in found.others}


def test_a_language_that_was_not_seen_has_donors_by_kinship(tiny_run: TinyRun) -> None:
    found = language_profile(str(tiny_run.out), "German")
    assert found.rows == 0
    assert not found.neighbours
    assert {donor.basis for donor in found.donors} == {"kinship"}
    assert any("has no trained vector" in note for note in found.notes)


def test_a_model_without_vectors_or_run_says_so(tiny_run: TinyRun, tmp_path: Path) -> None:
    baseline = language_profile(f"{tiny_run.out}:none-0", "Hindi")
    assert all(math.isnan(line.difference) for line in baseline.tasks)
    assert not all(math.isnan(line.score) for line in baseline.tasks)
    assert any("without language vectors" in note for note in baseline.notes)
    copy = tmp_path / "encoder"
    copy.mkdir()
    for path in tiny_run.export.iterdir():
        if path.name not in ("languages.json", "conditioning.safetensors", CHECKSUMS):
            (copy / path.name).write_bytes(path.read_bytes())
    alone = language_profile(find_model_refs([str(copy)])[0], "Hindi")
    assert alone.rows is None
    assert any("models of a run" in note for note in alone.notes)


@pytest.mark.parametrize(("words", "message"), [("xqzw", "no language matches 'xqzw'"), (" ", "type the name")])
def test_words_that_name_nothing_are_said(tiny_run: TinyRun, words: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        language_profile(str(tiny_run.out), words)
