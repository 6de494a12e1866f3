import math

import pandas as pd
import pytest

from langsamp.analysis.analysis import PROVENANCE, RECORD
from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.read_analyses import read_analyses, read_analysis
from langsamp.analysis.variant_analyses import FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean
from langsamp.disk.files import read_json, write_json
from langsamp.disk.seals import seal
from langsamp.errors import DamagedError, UserError

UNKNOWN = math.nan
MADE = FamiliesAnalysis(
    subject="runs/kölsch",
    settings={"seed": 0},
    notes=("one",),
    models=("a",),
    families=(
        FamilyMean("ner", "a", "indo1319", "Indo-European", 50.5, UNKNOWN, 1, 3, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        FamilyMean("ner", "a", "other", "other", 0.1, 0.25, 2, 1, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ),
)


def test_what_is_saved_is_read_back_with_where_it_came_from(tmp_path):
    MADE.save(tmp_path / "analysis" / "families")
    (again,) = read_analyses(tmp_path / "analysis")
    assert type(again) is FamiliesAnalysis and again.as_json() == MADE.as_json()
    pd.testing.assert_frame_equal(again.tables["families"], MADE.tables["families"])
    assert again.provenance["versions"]["langsamp"]
    assert MADE.as_json()["families"][0]["deviation"] is None  # no NaN, which JSON lacks


def test_a_run_without_analyses_has_none(tmp_path):
    assert read_analyses(tmp_path / "analysis") == ()


@pytest.mark.parametrize("damaged", [RECORD, PROVENANCE, "families.parquet"])
def test_a_damaged_file_is_named(tmp_path, damaged):
    MADE.save(tmp_path / "one")
    (tmp_path / "one" / damaged).write_bytes(b"{")
    with pytest.raises(DamagedError, match=damaged.replace(".", r"\.")):
        read_analysis(tmp_path / "one")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "palmistry"}, "kind 'palmistry'"),
        ({"models": "a"}, "models: Input should be a valid tuple"),
        ({"more": 1}, "more: Extra inputs"),
    ],
)
def test_what_is_of_another_form_is_no_analysis(tmp_path, change, complaint):
    MADE.save(tmp_path / "one")
    write_json(tmp_path / "one" / RECORD, read_json(tmp_path / "one" / RECORD) | change)
    seal(tmp_path / "one")
    with pytest.raises(DamagedError, match=f"{complaint}.*make it again"):
        read_analysis(tmp_path / "one")


def test_an_analysis_of_another_kind_is_not_taken_for_one(tmp_path):
    MADE.save(tmp_path / "one")
    with pytest.raises(DamagedError, match="of the kind 'families', expected 'donors'"):
        DonorsAnalysis.load(tmp_path / "one")


def test_columns_are_checked_and_those_that_are_absent_are_unknown(tmp_path):
    MADE.save(tmp_path / "one")

    def read_with(changed):
        changed.to_parquet(tmp_path / "one" / "families.parquet")
        seal(tmp_path / "one")
        return FamiliesAnalysis.load(tmp_path / "one").families

    table = MADE.tables["families"]
    assert math.isnan(read_with(table.drop(columns="p"))[0].p)
    for wrong in (table.assign(languages=0.5), table.assign(family=None), table.drop(columns="seeds")):
        with pytest.raises(DamagedError, match="make it again"):
            read_with(wrong)


def test_a_folder_with_other_things_is_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    MADE.save(tmp_path / "mine")
    MADE.save(tmp_path / "mine")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="theirs holds other things than an analysis"):
        MADE.save(tmp_path / "theirs")
    assert (tmp_path / "theirs" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(UserError, match=r"thesis\.txt holds other things"):
        MADE.save(tmp_path / "theirs" / "thesis.txt")
