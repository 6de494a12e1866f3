from pathlib import Path

import pytest

from langsamp.analysis.model_refs import ModelRef, find_model_refs
from langsamp.errors import DataMissingError, UserError
from tests.analysis.kin import kin_model, known_tags


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "mine"
    for name in ("both-0", "both-1", "none-0"):
        (folder / "models" / name / "export").mkdir(parents=True)
    (folder / "models" / "script-0").mkdir()  # still in training
    (folder / "recipe.yaml").write_text("name: mine\n")
    return folder


@pytest.mark.parametrize(
    ("word", "names"),
    [("{run}", ["both-0", "both-1", "none-0"]), ("{run}:both", ["both-0", "both-1"]), ("{run}:none-0", ["none-0"])],
)
def test_a_run_a_variant_and_a_training_are_named(run, word, names):
    found = find_model_refs([word.format(run=run)])
    assert [subject.name for subject in found] == names
    assert all(subject.run == run and subject.folder.is_dir() for subject in found)


def test_an_export_belongs_to_its_run_and_counts_once(run):
    export = run / "models" / "both-0" / "export"
    assert find_model_refs([str(export), f"{run}:both-0"]) == find_model_refs([f"{run}:both-0"])


def test_an_unknown_model_of_a_run_is_refused_with_a_suggestion(run):
    with pytest.raises(UserError, match=r"no model 'bth-0'\. Did you mean 'both-0'"):
        find_model_refs([f"{run}:bth-0"])


def test_a_run_without_exports_says_what_makes_them(tmp_path):
    (tmp_path / "recipe.yaml").write_text("name: mine\n")
    with pytest.raises(DataMissingError, match="langsamp run"):
        find_model_refs([str(tmp_path)])


def test_only_a_model_with_a_table_has_vectors(run, tmp_path):
    tags = known_tags(3)
    for variant in ("none", "language", "script", "both"):
        assert kin_model(tmp_path / variant, tags, variant=variant).has_vectors == (variant != "none")
    assert not find_model_refs([f"{run}:both-0"])[0].has_vectors


def test_an_analysis_lies_in_the_run_or_here(run):
    assert find_model_refs([f"{run}:both-0"])[0].analysis_folder("vectors") == run / "analysis" / "vectors-both-0"
    elsewhere = ModelRef("owner/model", run, None)
    assert elsewhere.analysis_folder("vectors") == Path("analysis/owner--model/vectors")
