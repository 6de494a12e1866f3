"""`langsamp donors` as a person would type it."""

import json

import pandas as pd
import pytest

from langsamp.analysis.read_analyses import read_analysis
from langsamp.views.charts.donor_charts import figures
from langsamp.views.paper_tables.donor_pairs import read_donors
from tests.tiny_run import complaint, said

WIDE = 100


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDE))


def test_names_give_a_table_that_fits_and_says_why(tiny_run):
    shown = said("donors", "Hindi", "swh_Latn", "Lingala", "--model", tiny_run.out, "--candidates", "all", "-k", 2)
    assert max(len(line.rstrip()) for line in shown.splitlines() if not line.startswith("  ")) <= WIDE
    assert "Donors for Hindi (hin_Deva), by the language vectors of both-0" in shown
    assert "Donors for Lingala (lin_Latn), by kinship, not by the vectors, of both-0" in shown
    assert "lin_Latn has no trained vector (3 languages have one)" in shown
    explained = said("donors", "Hindi", "--model", tiny_run.export, "--candidates", "all", "--explain")
    assert "same family" in explained and "rows of text seen (the target: " in explained


def test_training_data_of_a_task_stand_beside_the_donors(tiny_run):
    shown = json.loads(
        said("donors", "kmr_Cyrl", "-m", tiny_run.out, "--candidates", "all", "-t", "topic-cldr", "--json")
    )
    items = shown["items"]["topic-cldr"]
    assert set(items) == {row["donor"] for row in shown["donors"]} == {"hin_Deva", "swh_Latn"} and items["swh_Latn"] > 0
    assert all(row["cosine"] is not None for row in shown["donors"])


def test_every_language_is_stored_with_pictures_and_what_tables_read(tiny_run, tmp_path):
    shown = said("donors", "--all", "-m", f"{tiny_run.out}:both", "--candidates", "all", "-o", tmp_path / "donors")
    assert f"Analysis: {tmp_path / 'donors'}" in shown
    found = read_analysis(tmp_path / "donors")
    assert list(found.tables["donors"].groupby("target").size()) == [2, 2, 2]
    assert read_donors(tmp_path / "donors" / "donors.json") == found.closest
    names = {path.name for path in (tmp_path / "donors" / "figures").iterdir()}
    assert names == {f"{name}.{kind}" for name in ("chosen", "matrix") for kind in ("pdf", "svg", "png")}


def test_a_ranking_by_kinship_alone_has_no_picture(tiny_run, tmp_path):
    said("donors", "Lingala", "-m", tiny_run.out, "--candidates", "all", "-o", tmp_path)
    found = read_analysis(tmp_path)
    assert figures(found) == {} and found.closest == {}
    assert pd.isna(found.tables["donors"]["cosine"]).all()


def test_mistakes_are_explained(tiny_run, tmp_path, monkeypatch):
    assert "name the target languages" in complaint("donors")
    assert "unknown term 'Lingla'" in complaint("donors", "Lingla", "-m", tiny_run.out, "--candidates", "all")
    assert "has learned none of the paper's candidates" not in said("donors", "Hindi", "-m", tiny_run.out)
    assert "has no model with language vectors" in complaint("donors", "Hindi", "-m", f"{tiny_run.out}:none", code=4)
    alone = complaint("donors", "Hindi", "-m", tiny_run.out, "--candidates", "hin_Deva")
    assert "hin_Deva is the only candidate itself" in alone
    others = said("donors", "Hindi", "swh_Latn", "-m", tiny_run.out, "--candidates", "hin_Deva")
    assert "Donors for Hindi" not in others and "Donors for Swahili" in others
    monkeypatch.chdir(tmp_path)
    assert "no model with language vectors" in complaint("donors", "Hindi", code=4)
    assert "no task 'nr'" in complaint("donors", "Hindi", "-m", tiny_run.out, "-t", "nr")
