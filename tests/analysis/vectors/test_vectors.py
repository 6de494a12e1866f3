"""The analysis of vectors: what it finds where vectors know the tree, and that it finds nothing in noise."""

import numpy as np
import pandas as pd
import pytest
from scipy.cluster import hierarchy

from langsamp.analysis.read_analyses import read_analysis
from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.analysis.vectors.neighbours import nearest
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.errors import DataMissingError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from tests.analysis.kin import kin_model, known_tags

FAST = VectorsConfig(shuffles=200)
TAGS = known_tags(60)
UNTRAINED = str(TAGS[7])


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return kin_model(tmp_path_factory.mktemp("kin"), TAGS, untrained=(UNTRAINED,))


@pytest.fixture(scope="module")
def analysis(subject):
    return analyse_vectors(subject, FAST)


def statistics(analysis: VectorsAnalysis) -> pd.DataFrame:
    table = analysis.tables["statistics"]
    return table[table["table"] == "language"].set_index("statistic")


def test_vectors_that_know_the_tree_beat_every_null(analysis):
    found = statistics(analysis)
    assert list(found.index) == [name for name in STATISTICS if name in found.index]
    for name in ("purity family", "purity family within scripts", "mantel tree distance"):
        assert found.loc[name, "observed"] > found.loc[name, "null_high"]
        assert found.loc[name, "p_value"] == pytest.approx(1 / 201)
    assert found.loc["mantel tree distance within families", "p_value"] < 0.05
    assert abs(found.loc["mantel rows seen", "observed"]) < 0.2
    assert (found["null_low"] <= found["null_mean"]).all() and (found["null_mean"] <= found["null_high"]).all()


def test_noise_beats_no_null(tmp_path):
    found = statistics(analyse_vectors(kin_model(tmp_path / "noise", TAGS, knows=False), FAST))
    assert (found["p_value"] > 0.01).all()


def test_points_name_every_vector_and_an_untrained_one_lies_nowhere(analysis):
    points = analysis.tables["points"]
    languages = points[points["table"] == "language"].set_index("code")
    assert set(languages.index) == {tag.language for tag in TAGS}
    left_out = languages.loc[UNTRAINED[:3]]
    assert not left_out["trained"] and left_out["rows_seen"] == 0 and np.isnan(left_out["pc1"])
    assert analysis.untrained["language"] == (UNTRAINED[:3],)
    assert languages.loc[languages["trained"], ["pc1", "pc2"]].notna().all(axis=None)
    assert languages[["x", "y"]].isna().all(axis=None)
    near = analysis.tables["neighbours"]
    assert UNTRAINED[:3] not in {*near["code"], *near["neighbour"]}


def test_neighbours_are_those_of_the_vectors(subject, analysis):
    near = analysis.tables["neighbours"]
    for table in ("language", "script"):
        expected = nearest(Conditioning.load(subject.folder), table, k=5)
        mine = near[near["table"] == table]
        for code, others in expected.items():
            lines = mine[mine["code"] == code].sort_values("rank")
            assert list(lines["neighbour"]) == [other for other, _ in others]
            assert lines["cosine"].to_numpy() == pytest.approx([cosine for _, cosine in others])


def test_the_tree_joins_all_trained_vectors(analysis):
    tree, points = analysis.tables["tree"], analysis.tables["points"]
    for table in ("language", "script"):
        joins = tree[tree["table"] == table]
        trained = ((points["table"] == table) & points["trained"]).sum()
        assert list(joins["step"]) == list(range(trained - 1)) and joins["size"].iloc[-1] == trained
        assert hierarchy.is_valid_linkage(joins[["left", "right", "height", "size"]].to_numpy(dtype=float))


def test_an_analysis_is_repeated_by_its_seed_and_survives_the_disk(subject, tmp_path):
    config = VectorsConfig(shuffles=100, seed=3, embedding="tsne")
    first, second = analyse_vectors(subject, config), analyse_vectors(subject, config)
    first.save(tmp_path / "stored")
    assert read_analysis(tmp_path / "stored").as_json() == second.as_json()
    trained = first.tables["points"][first.tables["points"]["trained"]]
    assert trained[["x", "y"]].notna().all(axis=None)
    assert set(first.embedding) == {"language", "script"}
    assert first.settings["seed"] == 3 and len(first.settings["vectors"]) == 16


def test_a_model_with_one_table_is_analysed_and_the_other_named(tmp_path):
    found = analyse_vectors(kin_model(tmp_path / "one", TAGS[:20], variant="language"), FAST)
    assert set(found.tables["points"]["table"]) == {"language"}
    assert any("no script vectors" in note for note in found.notes)


def test_what_cannot_be_computed_is_said(tmp_path):
    few = [LangScript.parse(tag) for tag in ("deu_Latn", "nld_Latn", "epo_Latn")]
    found = analyse_vectors(kin_model(tmp_path / "few", few, variant="language"), FAST)
    assert found.tables["statistics"].empty
    assert len(found.notes) == 1 + len(STATISTICS)
    with pytest.raises(DataMissingError, match="2 language vectors were trained"):
        analyse_vectors(kin_model(tmp_path / "two", few[:2], variant="language"), FAST)
