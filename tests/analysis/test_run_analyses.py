"""A run's analyses: made once, named by content, and none stops the others."""

import shutil
from pathlib import Path

import pytest

from langsamp.analysis.analysis import PROVENANCE
from langsamp.analysis.run_analyses import AnalysisConfig, analyse_run
from langsamp.analysis.unmade import Unmade, read_unmade
from langsamp.disk.seals import seal
from langsamp.model.conditioning import Conditioning
from tests.tiny_run import TinyRun

TOO_LITTLE = "identification-both-0"
OF_SCORES = {"families"}
NAMES = {"donors-both-0", "neutrality", "vectors-both-0"} | OF_SCORES


@pytest.fixture
def run(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    return tiny_run.copy(tmp_path / "tiny")


def analyse(run: TinyRun, config: AnalysisConfig | None = None) -> list[Unmade]:
    """What could not be made, aside from what tells languages apart: the text is too little for it."""
    recipe = run.recipe()
    unmade = analyse_run(run.out, config or recipe.analysis, recipe.resolved_evaluation)
    return [each for each in unmade if each.name != TOO_LITTLE]


def made(run: TinyRun) -> dict[str, str]:
    """Each analysis with its provenance, which says when it was made."""
    return {path.parent.name: path.read_text(encoding="utf-8") for path in run.out.glob(f"analysis/*/{PROVENANCE}")}


def test_a_run_makes_its_analyses_once(run: TinyRun) -> None:
    before = made(run)
    assert before.keys() == NAMES
    assert analyse(run) == []
    assert made(run) == before


def test_other_vectors_are_analysed_again(run: TinyRun) -> None:
    before, found = made(run), Conditioning.load(run.export)
    found.language[0] += 1
    found.save(run.export, {tag: str(tag) for tag in found.rows_seen})
    seal(run.export)
    assert analyse(run) == []
    assert {name for name, text in made(run).items() if before[name] != text} == NAMES - OF_SCORES


def test_what_cannot_be_made_is_said_and_stops_nothing(run: TinyRun) -> None:
    shutil.rmtree(run.out / "analysis")
    (unmade,) = analyse(run, run.recipe("analysis.candidates=no-such-language").analysis)
    assert unmade.name == "donors-both-0" and "no-such-language" in unmade.reason and unmade.has_failed
    assert unmade in read_unmade(run.out)
    assert made(run).keys() == NAMES - {"donors-both-0"}


def test_a_folder_that_cannot_be_written_fails_every_analysis_and_a_later_run_forgets_it(run: TinyRun) -> None:
    shutil.rmtree(run.out / "analysis")
    (run.out / "analysis").write_text("a file in the way")
    unmade = analyse(run)
    assert {each.name for each in unmade} == NAMES and all(each.has_failed for each in unmade)
    (run.out / "analysis").unlink()
    assert analyse(run) == [] and [each.name for each in read_unmade(run.out)] == [TOO_LITTLE]


def test_what_nobody_asked_for_and_cannot_be_made_is_no_failure(run: TinyRun) -> None:
    shutil.rmtree(run.out / "analysis" / "neutrality")
    config = run.recipe().analysis.model_copy(update={"neutrality": None})  # 100 sentences, the text has 15
    (unmade,) = analyse(run, config)
    assert unmade.name == "neutrality" and not unmade.has_failed
