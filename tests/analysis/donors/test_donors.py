"""Donors by vectors: who stands first, what is said in doubt, and what names mean."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from langsamp.analysis.donors import analyse
from langsamp.analysis.donors.analyse import analyse_donors, chance_cosine
from langsamp.analysis.donors.candidates import (
    find_candidates,
    find_model_ref,
    find_targets,
    sources_of,
    training_items,
)
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.read_analyses import read_analysis
from langsamp.analysis.vectors.analyse import analyse_vectors
from langsamp.analysis.vectors.neighbours import nearest
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.task import TaskData
from langsamp.explorer.maps import language_map
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning

WIDTH = 16
ROWS = {
    "arb_Arab": 90, "deu_Latn": 100, "eng_Latn": 120, "hin_Deva": 80, "kmr_Arab": 40, "kmr_Latn": 60, "nld_Latn": 100,
    "oci_Latn": 0, "rus_Cyrl": 100, "swh_Latn": 110, "urd_Arab": 5, "zho_Hans": 50, "zho_Hant": 70,
}  # fmt: skip


def tag(word):
    return LangScript.parse(word)


def rank_donors(*given, **options):
    """The ranking as a table."""
    return pd.DataFrame(analyse.rank_donors(*given, **options))


def tags(words):
    return [tag(word) for word in words.split()]


@pytest.fixture
def conditioning():
    """Random vectors, but Dutch has that of German, twice as long."""
    found = [tag(word) for word in ROWS]
    ids = LanguageIds.of(found)
    vectors = np.random.default_rng(3).normal(size=(len(ids.languages), WIDTH)).astype(np.float32)
    place = ids.languages.index
    vectors[place("nld")] = 2 * vectors[place("deu")]
    rows = {tag(word): rows for word, rows in ROWS.items()}
    return Conditioning(variant="language", ids=ids, rows_seen=rows, language=vectors, script=None)


@pytest.fixture
def subject(conditioning, tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    conditioning.save(folder, {each: describe(each).name for each in conditioning.rows_seen})
    return ModelRef("mine", folder, None)


def test_a_control_with_shuffled_ids_says_that_its_vectors_mean_nothing(conditioning, tmp_path):
    control = replace(
        conditioning, variant="both@shuffled", script=np.zeros((len(conditioning.ids.scripts), WIDTH), "f4")
    )
    for name, each in {"both@shuffled-0": control, "language-0": conditioning}.items():
        folder = tmp_path / "models" / name / "export"
        folder.mkdir(parents=True)
        each.save(folder, {tag: describe(tag).name for tag in each.rows_seen})
    (tmp_path / "recipe.yaml").touch()
    assert find_model_ref(str(tmp_path)).name == "language-0"
    found = analyse_donors(find_model_ref(f"{tmp_path}:both@shuffled"))
    assert found.notes[0] == control.warning
    ranked = found.tables["donors"].query("basis == 'vectors'")
    assert ranked["warnings"].str.contains("its vectors mean nothing").all()
    assert (
        not analyse_donors(find_model_ref(f"{tmp_path}:language"))
        .tables["donors"]["warnings"]
        .str.contains("control")
        .any()
    )
    assert control.warning in language_map(control).summary
    assert control.warning in analyse_vectors(find_model_ref(f"{tmp_path}:both@shuffled")).notes


def test_a_language_with_rows_but_no_predicted_token_is_nobodys_donor(conditioning, tmp_path):
    masked = {each: 0 if each.language == "nld" else 7 * rows for each, rows in conditioning.rows_seen.items()}
    folder = tmp_path / "counted"
    folder.mkdir()
    replace(conditioning, masked_seen=masked).save(folder, {each: str(each) for each in masked})
    counted = ModelRef("counted", folder, None)
    found = analyse_donors(counted, candidates="all")
    assert "nld_Latn" in found.untrained_targets
    assert "nld_Latn" not in found.candidates and "nld_Latn" not in set(found.tables["donors"]["donor"])
    assert all("nld_Latn" not in dict(nearest) for nearest in found.nearest.values())
    assert "has no trained vector" in found.tables["donors"].query("target == 'nld_Latn'")["warnings"].iloc[0]
    assert "nld" in analyse_vectors(counted).untrained["language"]
    assert "nld" not in nearest(Conditioning.load(folder))


def test_the_twin_of_a_target_stands_first_and_the_target_itself_nowhere(conditioning):
    everyone = find_candidates("all", conditioning).tags
    table = rank_donors(conditioning, tag("deu_Latn"), candidates=everyone)
    assert table["donor"].iloc[0] == "nld_Latn"
    assert table["cosine"].iloc[0] == pytest.approx(1.0)
    assert "deu_Latn" not in set(table["donor"])
    assert list(table["rank"]) == list(range(1, len(everyone)))
    assert table["cosine"].is_monotonic_decreasing
    cosines = dict(zip(table["donor"], table["cosine"], strict=True))
    back = rank_donors(conditioning, tag("rus_Cyrl"), candidates=everyone).set_index("donor")["cosine"]
    assert back["deu_Latn"] == pytest.approx(cosines["rus_Cyrl"])
    english = table.set_index("donor").loc["eng_Latn"]
    assert set(table["english_rank"]) == {english["rank"]}
    assert set(table["english_cosine"]) == {english["cosine"]}


def test_reasons_are_those_of_the_languages(conditioning):
    table = rank_donors(conditioning, tag("nld_Latn"), candidates=tags("deu_Latn arb_Arab urd_Arab")).set_index("donor")
    assert table["same_family"].to_dict() == {"deu_Latn": True, "arb_Arab": False, "urd_Arab": True}
    assert table["same_script"].to_dict() == {"deu_Latn": True, "arb_Arab": False, "urd_Arab": False}
    assert table.loc["deu_Latn", "tree_distance"] < table.loc["urd_Arab", "tree_distance"]
    assert table["tree_distance"].isna().to_dict()["arb_Arab"]
    assert table.loc["deu_Latn", "kilometres"] < 1000 < table.loc["arb_Arab", "kilometres"]
    assert table["donor_rows"].to_dict() == {"deu_Latn": 100, "arb_Arab": 90, "urd_Arab": 5}
    assert set(table["target_rows"]) == {100}
    assert "little text (5 rows)" in table.loc["urd_Arab", "warnings"]
    assert table.loc["deu_Latn", "warnings"] == ""


def test_a_cosine_that_random_vectors_reach_is_doubted(conditioning):
    limit = chance_cosine(2, WIDTH)
    assert limit == pytest.approx(1.959964 / math.sqrt(WIDTH))  # the 97.5 % point of the normal distribution
    table = rank_donors(conditioning, tag("nld_Latn"), candidates=tags("deu_Latn rus_Cyrl"))
    doubted = table["warnings"].str.contains("random vectors")
    assert list(doubted) == list(table["cosine"] < limit) == [False, True]


def test_random_vectors_pass_the_limit_as_rarely_as_it_says():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4000, 11, WIDTH))
    units = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    closest = (units[:, 1:] @ units[:, 0, :, None])[:, :, 0].max(axis=1)
    assert (closest > chance_cosine(10, WIDTH)).mean() < 0.06


def test_a_target_without_a_vector_gets_its_kin_and_says_so(conditioning):
    everyone = find_candidates("all", conditioning).tags
    for word in ("oci_Latn", "pcd_Latn"):  # one seen in no row, one that the model does not have
        table = rank_donors(conditioning, tag(word), candidates=everyone)
        assert table["cosine"].isna().all()
        assert set(table["basis"]) == {"kinship"}
        family = list(table["same_family"])
        assert family == sorted(family, reverse=True)
        assert table["warnings"].str.startswith(f"{word} has no trained vector (10 languages have one)").all()
        assert table["warnings"].str.contains("nearest covered by family: ").all()
    alone = rank_donors(conditioning, tag("eus_Latn"), candidates=everyone)
    assert alone["warnings"].str.contains("nor has any of its family").all()
    assert alone["kilometres"].dropna().is_monotonic_increasing


def test_an_untrained_language_is_no_candidate(conditioning):
    assert tag("oci_Latn") not in find_candidates("all", conditioning).tags
    with pytest.raises(UserError, match="oci_Latn"):
        find_candidates("oci_Latn", conditioning)


def test_codes_and_scripts_of_one_language_are_told(conditioning):
    table = rank_donors(conditioning, tag("kmr_Latn"), candidates=tags("kmr_Arab rus_Cyrl")).set_index("donor")
    assert table.loc["kmr_Arab", "cosine"] == pytest.approx(1.0)
    assert "one vector, so its cosine says nothing" in table.loc["kmr_Arab", "warnings"]
    borrowed = rank_donors(conditioning, tag("swa_Latn"), candidates=tags("swh_Latn eng_Latn"))
    assert borrowed["warnings"].str.contains("swa_Latn has no vector of its own; that of swh_Latn stands for it").all()
    assert "swa and swh are two codes of one language" in borrowed.set_index("donor").loc["swh_Latn", "warnings"]


def test_a_model_of_one_language_has_no_donors(conditioning, tmp_path):
    rows = {each: number if each.language == "kmr" else 0 for each, number in conditioning.rows_seen.items()}
    replace(conditioning, rows_seen=rows).save(tmp_path, {each: describe(each).name for each in rows})
    with pytest.raises(UserError, match="vector of kmr alone, so there is no donor to choose"):
        analyse_donors(ModelRef("mine", tmp_path, None), ["German"])


def test_the_papers_candidates_are_found_under_the_models_codes(conditioning):
    found = find_candidates("paper", conditioning)
    assert list(map(str, found.tags)) == ["eng_Latn", "rus_Cyrl", "zho_Hant", "arb_Arab", "hin_Deva", "swh_Latn"]
    assert "zho_Hani is taken as zho_Hant" in found.notes  # the form with more rows
    assert "swa_Latn is taken as swh_Latn" in found.notes
    assert any("no trained vector of jpn_Jpan, tur_Latn, spa_Latn, ind_Latn" in note for note in found.notes)


def test_names_mean_the_models_languages_first(conditioning):
    found = find_targets(["German", "kmr", "Lingala", "pcd_Latn", "script:Arab", "swa_Latn"], conditioning)
    expected = "deu_Latn kmr_Arab kmr_Latn lin_Latn pcd_Latn arb_Arab urd_Arab swh_Latn"
    assert list(map(str, found.tags)) == expected.split()
    assert found.notes == ("swa_Latn is taken as swh_Latn",)
    for name in ("Swahili", "Arabic"):  # of a macrolanguage and of one in it, of which the model has the second alone
        assert len(find_targets([name], conditioning).tags) == 1, name
    with pytest.raises(UserError, match="unknown term 'Lingla'"):
        find_targets(["Lingla"], conditioning)
    with pytest.raises(UserError, match="no language code"):
        find_targets(["xqq_Latn"], conditioning)


def test_training_data_are_counted_where_there_are_some(conditioning):
    candidates = find_candidates("paper", conditioning).tags
    items, notes = training_items(["topic-cldr"], TaskData(), candidates)
    assert notes == ()
    assert set(items["topic-cldr"]) <= set(candidates)
    assert min(items["topic-cldr"].values()) > 0
    table = rank_donors(
        conditioning, tag("urd_Arab"), candidates=candidates, items={"ner": {tag("eng_Latn"): 7}}
    ).set_index("donor")
    assert list(table.index[table["warnings"].str.contains("no training data for ner")]) == [
        donor for donor in table.index if donor != "eng_Latn"
    ]
    with pytest.raises(UserError, match="sr-cldr is not fine-tuned"):
        training_items(["sr-cldr"], TaskData(), candidates)


def test_a_source_is_the_donor_its_alias_or_its_other_script():
    found = sources_of(tags("arb_Arab zho_Hant deu_Latn eng_Latn"), tags("ara_Arab zho_Hans eng_Latn nld_Latn"))
    assert {str(donor): str(source) for donor, source in found.items()} == {
        "arb_Arab": "ara_Arab", "zho_Hant": "zho_Hans", "eng_Latn": "eng_Latn",
    }  # fmt: skip
    both = sources_of(tags("zho_Hant zho_Hans"), tags("zho_Hans"))
    assert both == {tag("zho_Hans"): tag("zho_Hans")}


def test_the_analysis_has_every_target_and_comes_back_from_disk(subject, tmp_path):
    found = analyse_donors(subject, candidates="all", k=2)
    table = found.tables["donors"]
    assert sorted(set(table["target"])) == sorted(ROWS)
    assert (table.groupby("target").size() == 2).all()
    assert found.closest["deu_Latn"] == "nld_Latn"
    assert found.untrained_targets == ("oci_Latn",)
    assert found.nearest["deu_Latn"][0] == ("nld_Latn", pytest.approx(1.0))
    named = [[tag.split("_")[0] for tag, _ in closest] for closest in found.nearest.values()]
    assert all(len(set(languages)) == len(languages) for languages in named)
    assert any("zho" in languages for languages in named)
    found.save(tmp_path / "donors")
    assert read_analysis(tmp_path / "donors").as_json() == found.as_json()


def test_a_model_without_language_vectors_is_refused(conditioning, subject):
    subject.folder.joinpath("languages.json").unlink()
    with pytest.raises(DataMissingError, match=r"languages\.json"):
        analyse_donors(subject)
    without = Conditioning(
        variant="none", ids=conditioning.ids, rows_seen=conditioning.rows_seen, language=None, script=None
    )
    with pytest.raises(DataMissingError, match="its variant is 'none'"):
        rank_donors(without, tag("deu_Latn"), candidates=tags("eng_Latn"))


def test_the_model_with_vectors_of_a_run_is_taken(tiny_run, tmp_path):
    assert find_model_ref(str(tiny_run.out)).name == "both-0"
    assert find_model_ref(None, runs=tiny_run.root).folder == tiny_run.export
    with pytest.raises(DataMissingError, match="no model with language vectors"):
        find_model_ref(f"{tiny_run.out}:none-0")
    with pytest.raises(DataMissingError, match="no model with language vectors"):
        find_model_ref(None, runs=tmp_path)
