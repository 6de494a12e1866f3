import json

import numpy as np
import pytest

from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
from langsamp.analysis.neutrality.neutrality_tables import Measured, change_tables
from langsamp.analysis.neutrality.parallel_text import draw_parallel
from langsamp.analysis.read_analyses import read_analysis
from langsamp.errors import UserError
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.tags import LangScript

LANGUAGES = "eng_Latn,deu_Latn,rus_Cyrl"


@pytest.fixture(scope="module")
def config():
    return NeutralityConfig(languages=LANGUAGES, sentences=15, resamples=200)


@pytest.fixture(scope="module")
def analysis(tiny_run, config):
    return analyse_neutrality(find_model_refs([str(tiny_run.out)]), config)


def test_every_model_layer_and_pair_has_its_row(analysis):
    assert analysis.models == ("none-0", "both-0")  # the baseline first
    assert len(analysis.tables["similarity"]) == 2 * 3 * 3
    assert len(analysis.tables["curve"]) == 2 * 3
    assert len(analysis.tables["change"]) == 3 * 3
    assert set(analysis.tables["change"]["base"]) == {"none-0"}
    assert analysis.layer == 1
    assert analysis.number == 15


def test_the_tables_agree(analysis):
    similarity, curve = analysis.tables["similarity"], analysis.tables["curve"]
    means = similarity.groupby(["model", "layer"], sort=False).mean(numeric_only=True).reset_index()
    for name in ("parallel", "non_parallel", "gap", "raw", "raw_non_parallel", "raw_gap"):
        assert curve[name].to_numpy() == pytest.approx(means[name].to_numpy())
    change = analysis.tables["change"]
    sides = similarity.set_index(["model", "layer", "first", "second"])["parallel"]
    for side, model in (("before", "none-0"), ("after", "both-0")):
        keys = [(model, *key) for key in change[["layer", "first", "second"]].itertuples(index=False)]
        assert change[side].to_numpy() == pytest.approx(sides.loc[keys].to_numpy())
    overall = analysis.tables["overall"].set_index(["layer", "measure"])
    assert overall.loc[(1, "parallel"), "difference"] == pytest.approx(
        change[change["layer"] == 1]["difference"].mean()
    )


def test_intervals_hold_the_estimate_and_chances_stand_beside_the_probes(analysis):
    curve = analysis.tables["curve"]
    for value, low, high in (
        ("parallel", "low", "high"),
        ("raw_gap", "raw_gap_low", "raw_gap_high"),
        ("language_probe", "language_probe_low", "language_probe_high"),
    ):
        assert ((curve[low] <= curve[value]) & (curve[value] <= curve[high])).all()
    assert set(curve["language_chance"].round(6)) == {0.333333}
    assert set(curve["script_chance"].round(6)) == {0.666667}


def test_equal_seeds_give_equal_numbers_and_another_seed_other_sentences(tiny_run, config, analysis):
    subjects = find_model_refs([str(tiny_run.out)])
    again = analyse_neutrality(subjects, config)
    assert again.as_json() == analysis.as_json()
    other = analyse_neutrality(subjects[:1], config.model_copy(update={"seed": 1}))
    assert other.settings["text_revision"] != analysis.settings["text_revision"]
    assert not other.change and not other.overall


def test_a_model_beside_itself_does_not_change(tiny_run, config, tmp_path):
    copy = tiny_run.copy(tmp_path / "copy").export
    found = analyse_neutrality(find_model_refs([str(tiny_run.export), str(copy)]), config)
    assert len(set(found.models)) == 2  # told apart though both are called both-0
    change = found.tables["change"]
    assert change[["difference", "low", "high"]].abs().to_numpy().max() == pytest.approx(0, abs=1e-12)


def test_it_is_the_same_after_a_round_to_disk(analysis, tmp_path):
    analysis.save(tmp_path / "kept")
    assert read_analysis(tmp_path / "kept").as_json() == analysis.as_json()


def test_no_sentence_of_the_text_is_kept(analysis, config, tmp_path):
    """Texts may not be redistributable; their revision and the seed name them."""
    where = TaskData(data=config.data, seed=config.seed)
    text = draw_parallel(config.task, where, languages=config.languages, number=config.sentences)
    sentences = {sentence for drawn in text.sentences.values() for sentence in drawn}
    assert len(sentences) > config.sentences
    analysis.save(tmp_path / "kept")
    record = json.dumps(read_analysis(tmp_path / "kept").as_json(), ensure_ascii=False)
    assert not [sentence for sentence in sentences if sentence in record]


def test_languages_of_one_script_have_no_script_to_tell(tiny_run, config):
    one_script = config.model_copy(update={"languages": "eng_Latn,deu_Latn"})
    found = analyse_neutrality(find_model_refs([str(tiny_run.export)]), one_script)
    assert found.tables["curve"][["script_probe", "script_probe_low", "script_chance"]].isna().all(axis=None)
    assert "the script" not in " ".join(found.sentences)


def test_a_layer_that_a_model_lacks_is_refused(tiny_run, config):
    with pytest.raises(UserError, match=r"layer 3: .* has 2 layers"):
        analyse_neutrality(find_model_refs([str(tiny_run.export)]), config.model_copy(update={"layer": 3}))


def test_models_of_unequal_depth_are_compared_at_the_layers_told_of_first():
    tags, rng = [LangScript("deu", "Latn"), LangScript("rus", "Cyrl")], np.random.default_rng(0)
    measured = {
        name: Measured.of([rng.normal(size=(2, 12, 4)) for _ in range(depth)], tags, seed=0)
        for name, depth in (("shallow", 3), ("deep", 5))
    }
    drawn = np.ones((10, 12))
    change = change_tables(measured, {"shallow": 1, "deep": 3}, tags, drawn)["change"]
    assert change[["layer", "model_layer"]].to_numpy().tolist() == [[1, 3]]


def test_a_model_that_is_language_plus_content_is_said_to_be_neutral():
    tags = [LangScript("deu", "Latn"), LangScript("rus", "Cyrl"), LangScript("jpn", "Jpan")]
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(20, 8)) + 9 * rng.normal(size=(3, 1, 8))
    own = Measured.of([vectors], tags, seed=0)
    assert own.by_sentence(0)["parallel"] == pytest.approx(np.ones(20))
    assert own.by_sentence(0)["language_probe"] == pytest.approx(np.ones(20))  # what it is in is written all over it
