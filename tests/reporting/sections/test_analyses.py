"""What the sections about analyses say, from analyses on disk and from vectors alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.read_analyses import read_analyses
from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.languages.table import is_head, tags
from langsamp.reporting.inputs.run_folder import read_run
from langsamp.reporting.inputs.stored import Stored
from langsamp.reporting.page import write_report
from langsamp.reporting.pictures.heatmaps import MOST_LANGUAGES, change_pairs, neutrality_data
from langsamp.reporting.pictures.vector_data import GRID, as_script, on_grid, vector_data
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.donors import donors
from langsamp.reporting.sections.analyses.neighbours import neighbours
from langsamp.reporting.sections.analyses.neutrality import neutrality, neutrality_views
from langsamp.reporting.sections.analyses.unmade import unmade
from langsamp.reporting.sections.analyses.vectors import told_statistics, vectors
from langsamp.views.donors import closest_table, split_warnings
from langsamp.views.transfer import means_table, targets_table
from langsamp.views.variants_text import ablation_tables, family_tables
from langsamp.views.vectors import neighbours_table
from tests.reporting import made_analyses as made
from tests.reporting.conftest import TAGS, UNTRAINED
from tests.reporting.test_page import Page


@pytest.fixture(scope="module")
def stored(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = build(tmp_path_factory.mktemp("sections") / "tiny", score=None)
    return made.store_all(run, tags=TAGS)


@pytest.fixture(scope="module")
def report(stored: Path) -> Report:
    return Report.read([stored])


def view(run: Path, name: str = "both-0") -> Stored[VectorsAnalysis]:
    folder = run / "models" / name / "export"
    return Stored(analyse_vectors(ModelRef(name, folder, run), VectorsConfig(shuffles=100)), {}, read_run(run))


def test_german_comes_first_and_kin_is_marked(run_folder):
    table = neighbours_table(view(run_folder).analysis, "language", "both-0")
    assert [row[1] for row in table.rows] == ["deu", "nld", "fra", "kmr", "rus", "arb", "gsw"]  # then by name
    name, _, family, _, near = table.rows[0]
    assert name == "German" and family == "Indo-European" and len(near) == 5
    assert [each.is_kin for each in near] == [each.name != "Standard Arabic" for each in near]
    assert not any(each.is_kin for row in table.rows if row[1] == "arb" for each in row[-1])


def test_an_untrained_language_is_in_no_table_and_no_picture(stored):
    page = write_report(stored).read_text(encoding="utf-8")
    vectors = page[page.index('<section id="vectors">') : page.index('<section id="neutrality">')]
    assert "Occitan" not in vectors and UNTRAINED not in vectors


def test_statistics_are_said_beside_chance(build, tmp_path):
    several = (*TAGS, "swh_Latn", "zul_Latn", "lin_Latn", "tur_Latn", "uzn_Latn", "kaz_Cyrl", "ind_Latn", "jav_Latn")
    analysis = view(build(tmp_path / "run", tags=several, score=None)).analysis
    said = next(sentence for sentence in told_statistics(analysis) if "same family" in sentence)
    assert re.search(r"\d+ % of the nearest neighbours of \d+ languages are of the same family; shuffled labels", said)
    assert re.search(r"give \d+ % \(\d+ to \d+ %\), p = \d\.\d+: (no )?more than chance", said)


def test_what_is_not_stored_is_computed_to_the_same(report, build, tmp_path):
    bare = Report.read([build(tmp_path / "run", score=None)])
    assert neighbours(bare) == neighbours(report) and vectors(bare).label == "LangSAMP, seed 0"
    assert neutrality(bare) is None and donors(bare) is None
    assert unmade(bare).commands[0][1].startswith("langsamp analyze neutrality ")
    assert unmade(report) is None


def test_a_run_without_vectors_has_no_section_of_them(build, tmp_path):
    plain = Report.read([build(tmp_path / "run", variants=("none",), score=None)])
    assert vectors(plain) is None and neighbours(plain) is None


def test_the_data_of_the_picture_point_at_one_another(report):
    data = json.loads(str(vectors(report).data))
    table = data["tables"]["language"]
    codes = [fact[0] for fact in table["facts"]]
    assert [model["label"] for model in data["models"]] == ["LangSAMP, seed 0", "LangSAMP, seed 1"]
    first = table["of"][0]
    assert len(first["at"]) == len(first["rows"]) == len(first["near"]) == 7
    assert len(first["pc"]) == len(first["xy"]) == 14 and set(first["pc"]) <= set(range(GRID + 1))
    called = {fact[0]: fact[1] for fact in table["facts"]}
    names = {row[1]: [near.name for near in row[-1]] for row in neighbours(report).tables[0].rows}
    for at, near in zip(first["at"], first["near"], strict=True):
        assert [called[codes[other]] for other in near[::2]] == names[codes[at]]
    assert first["donors"].keys() == {str(at) for at in first["at"]}


def test_json_cannot_end_its_element():
    assert as_script({"a": "</script><b>"}) == '{"a":"\\u003c/script>\\u003cb>"}'


def test_coordinates_fill_the_grid():
    assert on_grid([-2.0, 0.0, 2.0]) == [0, GRID // 2, GRID]
    assert on_grid([3.0, 3.0]) == [GRID // 2] * 2


def test_models_measured_on_the_same_sentences_stand_side_by_side():
    labels = {"none-0": "Baseline", "both-0": "LangSAMP"}
    one, other = made.neutrality(["none-0"]), made.neutrality(["both-0"])
    apart = made.neutrality(["both-0"], made.TEN[:5])
    together, alone = neutrality_views([Stored(each, labels, None) for each in (one, apart, other)])
    assert together.analysis.models == ("none-0", "both-0") and alone.analysis.models == ("both-0",)
    assert len(together.analysis.curve) == 2 * made.LAYERS and not together.analysis.change


def test_the_heatmap_of_the_default_layer_is_what_was_measured(report):
    part = neutrality(report).parts[0]
    rows = dict(part.heatmaps[0].rows)
    german_english = rows["German"][2]
    assert german_english.text == "0.55" and german_english.title.startswith("German and English: 0.549, 95 %: 0.509")
    assert german_english.pair == rows["English"][1].pair and rows["German"][1].pair is None
    assert part.changes[0].label == "Baseline, seed 0 to LangSAMP, seed 0"
    data = json.loads(str(part.data))
    layer = data["layers"].index(made.LAYER)
    assert data["measures"][0]["values"][0][layer][german_english.pair] == 549
    assert data["change"]["values"][0][0][0] == 500  # from 0.10 to 0.15, in tenths of a per cent


def test_a_heatmap_has_room_for_some_languages_only():
    many = [str(tag) for tag in tags() if is_head(tag)][: MOST_LANGUAGES + 3]
    (found,) = neutrality_views([Stored(made.neutrality(["none-0"], many), {}, None)])
    assert len(found.analysis.tags) == MOST_LANGUAGES and found.hidden == 3 and change_pairs(found) == []
    assert len(neutrality_data(found)["measures"][0]["values"][0][0]) == MOST_LANGUAGES * (MOST_LANGUAGES - 1) // 2


def test_donors_have_reasons_alternatives_and_stand_by_name(report):
    table = donors(report).closest
    wide = table.fitting("wide")
    lines = [dict(zip((column.name for column in wide.columns), row, strict=True)) for row in wide.rows]
    german = next(line for line in lines if line["Tag"] == "deu_Latn")
    assert german["Its tag"] != "deu_Latn" and german["Why, and how far"].endswith(" rows")
    assert " km, " in german["Why, and how far"] and german["Alternatives"].count(", ") == 2
    assert [line["Target"] for line in lines] == sorted(line["Target"] for line in lines)
    assert {"Doubt", "Family"} <= table.written.keys() and "Warnings" not in table.written


def test_warnings_are_split_outside_brackets():
    assert split_warnings("a (b; c); d") == ["a (b; c)", "d"] and split_warnings("") == []


def test_donors_of_models_that_agree_say_nothing_twice(stored):
    analysis = next(each for each in read_analyses(stored / "analysis") if isinstance(each, DonorsAnalysis))
    assert all(row[3].below == "" for row in closest_table(analysis, "one", {"again": analysis}).rows)


def test_transfer_marks_the_best_way_without_hindsight():
    analysis = made.transfer(["deu_Latn", "fra_Latn"])
    table = means_table(analysis, "pos", "both-0", {"both-0": "LangSAMP"})
    best = {row[0]: [cell.is_best for cell in row[1:4]] for row in table.rows}
    assert best["same family"] == [True] * 3 and not any(best["best in hindsight"])
    assert table.rows[0][1].below == "regret 15.0" and table.title == "pos, LangSAMP"
    german = targets_table(analysis, "pos", "both-0", {}).rows[1]
    assert german[:2] == ("German", "deu_Latn") and german[-2].beside == "mean of 5"


def test_ablation_and_families_mark_the_best():
    first, second = ablation_tables(made.ablation())
    assert (first.title, second.title) == ("sr-cldr: variants side by side", "pos: variants side by side")
    of_all = {row[0]: row[6] for row in first.rows}
    assert [name for name, cell in of_all.items() if cell.is_best] == ["LangSAMP"]
    assert (of_all["Baseline"].below, of_all["LangSAMP"].below) == ("", "+3.0 [+2.2, +3.8]")
    assert first.written["Difference"] == ["", "+1.0", "+2.0", "+3.0"]
    (table,) = family_tables(made.families(), {"none-0": "Baseline", "both-0": "LangSAMP"})
    assert [row[0] for row in table.rows] == ["Indo-European", "Atlantic-Congo", "other"]
    assert table.written["LangSAMP"] == ["51.0* ± 0.4"] * 3 and table.written["Baseline"] == ["50.0 ± 0.4"] * 3


def test_the_whole_page_is_well_formed_and_loads_nothing(stored):
    html = write_report(stored).read_text(encoding="utf-8")
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    assert not re.search(r"@import|url\((?!#)|src=", html)
    for words in ("Language neutrality", "What transfer gave", "What each part brings", "By language family"):
        assert words in page.text


@pytest.mark.slow
def test_five_models_of_many_languages_fit_into_the_page(build, tmp_path):
    many = [str(tag) for tag in tags() if not is_head(tag) or tag.script == "Latn"][:610]
    run = build(tmp_path / "run", tags=many, variants=("both",), seeds=range(5), score=None, steps=20, hidden=32)
    made.store_all(run, tags=many, models=[f"both-{seed}" for seed in range(5)])
    assert len(json.loads(str(vectors(Report.read([run])).data))["models"]) == 5
    assert write_report(run).stat().st_size < 3_000_000


def test_vectors_of_two_models_share_their_facts(run_folder):
    views = [view(run_folder, "both-0"), view(run_folder, "both-1")]
    data = vector_data(views, {})
    assert len(data["tables"]["language"]["facts"]) == 7 and len(data["tables"]["language"]["of"]) == 2
    assert "xy" not in data["tables"]["language"]["of"][0]
