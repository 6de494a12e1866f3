import numpy as np
import pytest

from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
from langsamp.analysis.neutrality.parallel_text import draw_parallel
from langsamp.analysis.neutrality.post_hoc import EDITS, remove_language, retrieved, subtract_means
from langsamp.analysis.neutrality.probes import probe
from langsamp.analysis.neutrality.record import EDIT_NAMES
from langsamp.analysis.read_analyses import read_analysis
from langsamp.disk.seals import seal
from langsamp.evaluation.tasks.task import TaskData
from langsamp.views.neutrality import neutrality_document

CONFIG = NeutralityConfig(languages="eng_Latn,deu_Latn,rus_Cyrl", sentences=15, resamples=200, post_hoc=20)


@pytest.fixture(scope="module")
def spoken():
    """Vectors of four languages, content beside language, with unequal variances: measured ones and others."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(8, 8))
    language = 3 * rng.normal(size=(4, 1, 8))
    content = rng.normal(size=(160, 8))
    vectors = (content + language + 0.1 * rng.normal(size=(4, 160, 8))) @ mix
    return vectors[:, :60], vectors[:, 60:]


@pytest.fixture(scope="module")
def analysis(tiny_run):
    return analyse_neutrality(find_model_refs([str(tiny_run.out)]), CONFIG)


def test_what_is_removed_leaves_nothing_that_tells_the_fitted_languages_apart(spoken):
    """LEACE's guarantee: language and vector do not covary, so that no linear reader beats the most frequent label."""
    _, fitted = spoken
    edited = remove_language(fitted)(fitted)
    means = edited.mean(axis=1)
    assert means == pytest.approx(np.repeat(means[:1], 4, axis=0), abs=1e-9)
    assert edited.reshape(-1, 8).mean(axis=0) == pytest.approx(fitted.reshape(-1, 8).mean(axis=0))


def test_no_more_directions_go_than_languages_have(spoken):
    measured, fitted = spoken
    moved = (measured - remove_language(fitted)(measured)).reshape(-1, 8)
    assert np.linalg.matrix_rank(moved - moved.mean(axis=0), tol=1e-6) == 3


def test_it_moves_vectors_less_than_an_orthogonal_projection_does(spoken):
    """Of all edits that leave nothing, LEACE's is the nearest to what was."""
    _, fitted = spoken
    centred = fitted - fitted.mean(axis=(0, 1))
    directions = np.linalg.svd(centred.mean(axis=1), full_matrices=False)[2][:3]
    orthogonal = fitted - centred @ directions.T @ directions
    assert np.square(fitted - remove_language(fitted)(fitted)).sum() < np.square(fitted - orthogonal).sum()


@pytest.mark.parametrize("edit", ["means", "leace"])
def test_on_other_sentences_language_is_hard_to_tell_and_translations_are_found(spoken, edit):
    measured, fitted = spoken
    edited = EDITS[edit](fitted)(measured)
    labels = ["a", "b", "c", "d"]
    assert probe(measured, labels).mean() > 0.95
    assert probe(edited, labels).mean() < 0.5
    assert retrieved(edited).mean() > retrieved(measured).mean() + 0.2


def test_vectors_that_need_no_edit_keep_what_they_are():
    """Languages that say the same with the same vectors differ in nothing that could be taken away."""
    same = np.repeat(np.random.default_rng(1).normal(size=(1, 30, 5)), 3, axis=0)
    assert remove_language(same)(same) == pytest.approx(same)
    assert subtract_means(same)(same) == pytest.approx(same - same.mean(axis=1, keepdims=True))
    assert retrieved(same) == pytest.approx(np.ones(30))


def test_equal_vectors_share_the_first_rank():
    assert retrieved(np.ones((3, 8, 2))) == pytest.approx(np.full(8, 1 / 8))


def test_fewer_vectors_than_dimensions_can_be_fitted():
    fitted = np.random.default_rng(2).normal(size=(3, 4, 50))
    assert np.isfinite(remove_language(fitted)(fitted)).all()


def test_every_model_stands_as_it_is_and_edited(analysis, tiny_run):
    lines = {(line.model, line.edit): line for line in analysis.post_hoc}
    assert set(lines) == {(model, edit) for model in ("none-0", "both-0") for edit in EDITS}
    for model in analysis.models:
        same, means = lines[model, "none"], analysis.means(model)
        for name in ("parallel", "low", "raw", "raw_gap", "raw_gap_high", "language_probe", "script_chance"):
            assert getattr(same, name) == getattr(means, name)
    assert all(line.retrieval_low <= line.retrieval <= line.retrieval_high for line in lines.values())
    without = analyse_neutrality(find_model_refs([str(tiny_run.out)]), CONFIG.model_copy(update={"post_hoc": 0}))
    assert without.curve == analysis.curve  # the further sentences change nothing that is measured
    assert not without.post_hoc


def test_an_analysis_from_before_there_were_edits_is_read(analysis, tmp_path):
    analysis.model_copy(update={"post_hoc": ()}).save(tmp_path / "old")
    (tmp_path / "old" / "post_hoc.parquet").unlink()
    seal(tmp_path / "old")
    old = read_analysis(tmp_path / "old")
    assert old.post_hoc == () and old.curve == analysis.curve


def test_a_reader_sees_them(analysis):
    table = next(table for table in neutrality_document(analysis).tables if table.title == "Without training")
    assert "fitted on 20 other sentences" in table.caption
    assert table.written["Vectors"] == [*EDIT_NAMES.values()] * 2
    assert sum("without any training" in sentence for sentence in analysis.sentences) == 2


def test_further_sentences_stand_behind_the_same_first_ones():
    where = TaskData(seed=3)
    few, many = (draw_parallel("sr-cldr", where, languages="eng_Latn,deu_Latn", number=12, further=n) for n in (0, 10))
    for tag in few.tags:
        assert many.sentences[tag][:12] == few.sentences[tag]
        assert len(set(many.sentences[tag])) == 22
    assert few.number == many.number == 12


def test_too_few_to_fit_on_are_refused():
    with pytest.raises(ValueError, match="at least 10"):
        NeutralityConfig(post_hoc=3)
