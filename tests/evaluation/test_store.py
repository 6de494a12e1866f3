"""Laws of the stored scores: found by content, never half-written, the latest score of a tag counts."""

import shutil

import numpy as np
import pandas as pd
import pytest

from langsamp.disk.seals import seal
from langsamp.errors import DamagedError, UserError
from langsamp.evaluation.store import ResultStore
from langsamp.languages.tags import LangScript
from langsamp.provenance import SCHEMA
from langsamp.scores.cells import COLUMNS, AboutCell, Cell, LanguageResult, scored
from langsamp.scores.reading import read_scores
from tests.scores.scored import means_of

SETTINGS = {"layer": 8, "selection": "none", "precision": "fp32", "version": 1}
CONTROLS = {"chance_top10_accuracy": 2.0}


def cell(**changes):
    key = {"model": "m1", "task": "sr-bible", "protocol": "fixed", "source": "eng_Latn", "seed": 0}
    return Cell(**{**key, "settings": SETTINGS, "revisions": {"deu_Latn": "r1", "swh_Latn": "r2"}, **changes})


def write(store, cell, value=50.0, controls=CONTROLS, **changes):
    results = [
        LanguageResult(
            tag=LangScript.parse(tag), metrics={"top10_accuracy": value, **controls},
            predictions={"rank": np.arange(1, 13)}, num_items=12,
        )
        for tag in cell.revisions
    ]  # fmt: skip
    details = {"model_name": "tiny", "metric": "top10_accuracy", "wall_seconds": 1.0, "facts": {"config": {}}}
    store.write(cell, results, AboutCell(**{**details, **changes}))


def test_every_part_of_the_key_names_the_cell():
    changes = [
        {}, {"model": "m2"}, {"task": "sr-cldr"}, {"protocol": "paper"}, {"source": "deu_Latn"}, {"seed": 1},
        {"settings": {**SETTINGS, "layer": 9}}, {"revisions": {"deu_Latn": "r1", "swh_Latn": "r3"}},
    ]  # fmt: skip
    assert len({cell(**change).id for change in changes}) == len(changes)
    assert cell(revisions={"swh_Latn": "r2", "deu_Latn": "r1"}).id == cell().id


def test_a_written_cell_is_found_and_tidy(tmp_path):
    store = ResultStore(tmp_path / "a")
    assert not store.records() and store.scores().empty
    write(store, cell(), failures={"fra_Latn": "cut short"}, notes={"deu_Latn": "blank"})
    (tmp_path / "a").rename(tmp_path / "b")
    store = ResultStore(tmp_path / "b")
    assert list(store.records()) == [cell().id]
    record = store.records()[cell().id]
    assert (record.status, record.failures, record.key) == ("partial", {"fra_Latn": "cut short"}, cell())
    scores = store.scores()
    pd.testing.assert_frame_equal(scores, pd.read_parquet(tmp_path / "b" / "scores.parquet"))
    assert tuple(scores.columns) == COLUMNS and len(scores) == 4
    row = scores[(scores["tag"] == "swh_Latn") & (scores["metric"] == "top10_accuracy")].iloc[0]
    assert row.drop(["cell", "settings", "training"]).to_dict() == {
        "model": "m1", "model_name": "tiny", "task": "sr-bible", "revision": "r2", "protocol": "fixed",
        "source": "eng_Latn", "seed": 0, "tag": "swh_Latn", "metric": "top10_accuracy", "main": True, "value": 50.0,
        "n": 12, "layer": 8, "selection": "none", "precision": "fp32",
    }  # fmt: skip
    predictions = pd.read_parquet(tmp_path / "b" / "cells" / cell().id / "predictions.parquet")
    assert list(predictions.columns) == ["tag", "item", "rank"] and len(predictions) == 24
    store.name_models({"m1": "renamed"})
    assert set(store.scores()["model_name"]) == {"renamed"}


def test_a_table_that_lacks_cells_beside_it_is_told(tmp_path, capsys):
    stores = [ResultStore(tmp_path / name) for name in ("a", "b")]
    for store, model in zip(stores, ("m1", "m2"), strict=True):
        write(store, cell(model=model))
        write(store, cell(model=model, revisions={"deu_Latn": "r9", "swh_Latn": "r2"}))  # takes over from the first
        store.scores()
        assert len(read_scores(str(store.folder))) == 4 and "lacks" not in capsys.readouterr().err
    shutil.copytree(tmp_path / "b", tmp_path / "a", dirs_exist_ok=True)
    assert set(read_scores(str(tmp_path / "a")).model) == {"m2"}
    assert "lacks the scores of 1 of the cells that lie beside it" in capsys.readouterr().err
    stores[0].scores()
    assert set(read_scores(str(tmp_path / "a")).model) == {"m1", "m2"} and "lacks" not in capsys.readouterr().err
    stores[0].name_models({"m2": "tiny"}, alone=True)  # m1 lost its name
    stores[0].name_models({"m1": "other", "m2": "tiny"})
    stores[0].name_models({"m3": "other"}, alone=True)
    stores[0].scores()
    assert set(read_scores(str(tmp_path / "a")).model) == {"m2"} and "lacks" not in capsys.readouterr().err


def test_a_copy_of_a_cell_that_a_system_made_is_none(tmp_path, capsys):
    store = ResultStore(tmp_path)
    write(store, cell())
    before = store.scores()
    shutil.copytree(tmp_path / "cells" / cell().id, tmp_path / "cells" / f"{cell().id} (1)")
    assert list(store.records()) == [cell().id]
    pd.testing.assert_frame_equal(store.scores(), before)
    assert len(read_scores(str(tmp_path))) == len(before) and "lacks" not in capsys.readouterr().err


def test_a_cell_without_a_readable_record_is_not_there(tmp_path):
    store = ResultStore(tmp_path)
    write(store, cell())
    (tmp_path / "cells" / f".{cell().id}.x").mkdir()
    record = tmp_path / "cells" / cell().id / "cell.json"
    text = record.read_text()
    record.write_text(text[:100])
    assert not store.records() and store.scores().empty
    assert [str(record) in reason for reason in store.damaged()] == [True]
    record.write_text(text)
    (record.parent / "scores.parquet").write_bytes(b"PAR1")
    assert not store.records() and "scores.parquet has 4 bytes" in store.damaged()[0]
    write(store, cell())
    assert store.records() and not store.damaged()
    for changed, message in (("99", "has schema 99, expected"), (f'{SCHEMA}, "other": 1', "other: Extra inputs")):
        record.write_text(text.replace(f'"schema": {SCHEMA}', f'"schema": {changed}'))
        seal(record.parent)
        with pytest.raises(DamagedError, match=message):
            store.records()


def test_a_file_among_the_cells_is_none(tmp_path):
    store = ResultStore(tmp_path)
    write(store, cell())
    (tmp_path / "cells" / "Thumbs.db").write_bytes(b"\0")
    assert store.damaged() == [] and list(store.records()) == [cell().id]


def test_the_latest_score_of_a_tag_counts(tmp_path):
    store = ResultStore(tmp_path)
    old, new = cell(), cell(revisions={"deu_Latn": "r9"})
    write(store, old, 10.0)
    write(store, new, 20.0)
    table = store.scores().query("metric == 'top10_accuracy'").set_index("tag")["value"]
    assert table.to_dict() == {"deu_Latn": 20.0, "swh_Latn": 10.0}
    assert scored(old, store.records()) == {"swh_Latn": old.id}
    assert scored(new, store.records()) == {"deu_Latn": new.id}
    assert scored(cell(settings={**SETTINGS, "version": 2}), store.records()) == {}
    write(store, cell(settings={**SETTINGS, "training": "t2"}), 25.0)
    assert scored(old, store.records()) == {} and set(store.scores().query("main")["value"]) == {25.0}
    write(store, old, 30.0)
    assert scored(old, store.records()) == dict.fromkeys(old.revisions, old.id)
    assert set(store.scores().query("metric == 'top10_accuracy'")["value"]) == {30.0}


def test_no_number_of_an_earlier_text_stands_beside_those_of_a_later_one(tmp_path):
    store, later = ResultStore(tmp_path), cell(revisions={"deu_Latn": "r9"})
    write(store, cell(), 10.0)
    write(store, later, 20.0, controls={})
    table = store.scores()
    german = table[table.tag == "deu_Latn"]
    assert german.cell.tolist() == [later.id] and german.revision.tolist() == ["r9"]
    assert set(table.metric[table.tag == "swh_Latn"]) == {"top10_accuracy", "chance_top10_accuracy"}


def test_group_means_are_over_languages_of_means_over_seeds(tmp_path):
    store = ResultStore(tmp_path)
    for seed, german in ((0, 10.0), (1, 30.0)):
        write(store, cell(seed=seed, revisions={"deu_Latn": "r"}), german)
    write(store, cell(revisions={"rus_Cyrl": "r"}), 50.0)
    write(store, cell(revisions={"kmr_Latn": "r"}), 70.0)
    means = means_of(store.scores().query("main")).set_index("group")
    found = {group: (row["mean"], row["languages"]) for group, row in means.iterrows()}
    assert found == {
        "head": (35.0, 2), "tail": (70.0, 1), "latin": (45.0, 2), "nonlatin": (50.0, 1),
        "all": (pytest.approx(140 / 3), 3),
    }  # fmt: skip
    assert list(means.index) == ["head", "tail", "latin", "nonlatin", "all"] and means["seeds"]["latin"] == 2
    twice = pd.concat([store.scores(), store.scores()])
    with pytest.raises(UserError, match="several scores for one seed"):
        means_of(twice)


def test_other_settings_stand_beside_and_newer_text_takes_over(tmp_path):
    store = ResultStore(tmp_path)
    slow, fast = ({**SETTINGS, "layer": None, "epochs": epochs, "training": "t1"} for epochs in (40, 3))
    assert cell(settings=slow).place != cell(settings=fast).place
    assert cell(settings=slow).place == cell(settings={**slow, "training": "t2"}).place
    write(store, cell(settings=slow), 10.0)
    write(store, cell(settings=fast), 20.0)
    table = store.scores().query("main")
    assert table["settings"].nunique() == 2 and sorted(table["value"]) == [10.0, 10.0, 20.0, 20.0]
    assert table["layer"].isna().all()


def test_a_failure_is_remembered_until_the_cell_gives_something(tmp_path):
    store = ResultStore(tmp_path)
    assert store.failed() == {}
    store.note_failure(cell(), "diverged")
    assert ResultStore(tmp_path).failed() == {cell().place: "diverged"}
    store.note_failure(cell(), None)
    assert store.failed() == {}
    (tmp_path / "failed" / "other.json").write_text("{}")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m1.json").write_text('{"na')
    write(store, cell())
    assert store.failed() == {} and set(store.scores()["model_name"]) == {"tiny"}


def test_the_table_has_the_cells_that_other_processes_write_meanwhile(tmp_path):
    class Overtaken(ResultStore):
        def _table(self, records):
            made = super()._table(records)
            if len(records) == 1:
                write(ResultStore(tmp_path), cell(seed=1))
                ResultStore(tmp_path).scores()
            return made

    write(ResultStore(tmp_path), cell())
    assert set(Overtaken(tmp_path).scores()["seed"]) == {0, 1}
    assert set(pd.read_parquet(tmp_path / "scores.parquet")["seed"]) == {0, 1}


def test_a_name_belongs_to_the_model_that_is_there_now(tmp_path):
    store = ResultStore(tmp_path)
    for model in ("m1", "m2"):
        write(store, cell(model=model))
    store.name_models({"m1": "both-0"})
    store.name_models({"m2": "both-0"}, alone=True)
    assert set(store.scores()["model"]) == {"m2"}
    store.name_models({"m1": "both-0"}, alone=True)  # the first is back, with its scores
    assert set(store.scores()["model"]) == {"m1"} and len(store.records()) == 2
