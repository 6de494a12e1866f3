"""Reading a run folder: what is cut, done twice, damaged or absent."""

import pytest

from langsamp.errors import DamagedError, DataMissingError
from langsamp.reporting.inputs.run_folder import read_run


def test_models_come_baseline_first_with_their_logs(run_folder):
    run = read_run(run_folder)
    assert [model.name for model in run.models] == ["none-0", "none-1", "both-0", "both-1"]
    assert len(run.models[0].log.train) == 200 and len(run.models[0].log.held_out) == 8
    assert run.models[0].conditioning is not None and run.models[0].conditioning.language is None
    assert run.is_demonstration


def test_a_cut_last_line_is_left_out_and_a_step_done_again_counts_once(run_folder):
    log = run_folder / "models/none-0/log.jsonl"
    again = '{"kind": "train", "step": 200, "loss": 1.5}\n{"kind": "train", "st'
    log.write_text(log.read_text() + again)
    train = read_run(run_folder).models[0].log.train
    assert len(train) == 200 and train[-1].loss == 1.5


def test_a_damaged_line_inside_the_log_is_named(run_folder):
    log = run_folder / "models/none-0/log.jsonl"
    log.write_text("{broken\n" + log.read_text())
    with pytest.raises(DamagedError, match=r"log\.jsonl, line 1"):
        read_run(run_folder)


def test_damaged_scores_are_named(run_folder):
    (run_folder / "evaluation/scores.parquet").write_bytes(b"PAR1")
    with pytest.raises(DamagedError, match=r"scores\.parquet"):
        read_run(run_folder)


def test_another_folder_is_no_run(tmp_path):
    with pytest.raises(DataMissingError, match=r"recipe\.yaml"):
        read_run(tmp_path)


def test_a_copy_without_weights_is_still_a_run(run_folder):
    for weights in run_folder.rglob("*.safetensors"):
        weights.unlink()
    run = read_run(run_folder)
    assert all(model.lacks_weights and model.conditioning is None for model in run.models)
    assert run.scores is not None and len(run.scores) > 0
