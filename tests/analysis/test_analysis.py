import pandas as pd
import pytest

from langsamp.analysis.analysis import PROVENANCE, RECORD, Analysis, read_analyses
from langsamp.errors import DamagedError, UserError

FOUND = Analysis(
    kind="vectors", subject="both-0", settings={"seed": 0}, values={"purity": 0.5, "names": ["kölsch"]},
    tables={"points": pd.DataFrame({"code": ["deu", "xho"], "x": [0.5, -1.25], "rows": [3, 0]})},
)  # fmt: skip


def test_what_is_saved_is_read_back_with_where_it_came_from(tmp_path):
    FOUND.save(tmp_path / "analysis" / "vectors-both-0")
    (again,) = read_analyses(tmp_path / "analysis")
    assert (again.kind, again.subject, again.settings, again.values) == (
        FOUND.kind, FOUND.subject, FOUND.settings, FOUND.values,
    )  # fmt: skip
    pd.testing.assert_frame_equal(again.tables["points"], FOUND.tables["points"])
    assert again.provenance["versions"]["langsamp"]


def test_a_run_without_analyses_has_none(tmp_path):
    assert read_analyses(tmp_path / "analysis") == ()


@pytest.mark.parametrize("damaged", [RECORD, PROVENANCE, "points.parquet"])
def test_a_damaged_file_is_named(tmp_path, damaged):
    FOUND.save(tmp_path / "one")
    (tmp_path / "one" / damaged).write_bytes(b"{")
    with pytest.raises(DamagedError, match=damaged.replace(".", r"\.")):
        Analysis.load(tmp_path / "one")


def test_a_folder_with_other_things_is_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    FOUND.save(tmp_path / "mine")
    FOUND.save(tmp_path / "mine")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="theirs holds other things than an analysis"):
        FOUND.save(tmp_path / "theirs")
    assert (tmp_path / "theirs" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(UserError, match=r"thesis\.txt holds other things"):
        FOUND.save(tmp_path / "theirs" / "thesis.txt")
