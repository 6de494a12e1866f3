"""Laws of an evaluation: nothing done twice, nothing stale, no language lost through another."""

import gc
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from transformers import AutoModel

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.plan import plan
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.run import evaluate
from langsamp.evaluation.store import ResultStore
from langsamp.scores.cells import scored

TAGS = ["deu_Latn", "kmr_Cyrl", "swh_Latn"]


@pytest.fixture
def encoded(monkeypatch):
    """Sentences given to any encoder while the test runs."""
    seen = []
    original = Encoder.encode

    def encode(self, sentences, **options):
        seen.extend(sentences)
        return original(self, sentences, **options)

    monkeypatch.setattr(Encoder, "encode", encode)
    return seen


@pytest.fixture
def config(tmp_path, write_pair, sentences):
    english = sentences(30, seed=1)
    for number, tag in enumerate(TAGS):
        write_pair(tag, english, sentences(30, seed=10 + number))
    return EvaluationConfig(tasks=("sr-bible",), data=tmp_path / "data")


def test_a_second_run_encodes_nothing_and_gives_the_same_scores(config, save_model, tmp_path, encoded, capsys):
    model, out = save_model(), tmp_path / "out"
    first = evaluate([model], config, out)
    assert len(encoded) == 4 * 30 and (first.cells_run, first.failures) == (1, ())
    assert sorted(first.scores["tag"].unique()) == TAGS and set(first.scores["layer"]) == {2}
    assert "3 languages, 0 done, 3 to run, 0 failed; layer 2 of 3 (two thirds of the depth)" in capsys.readouterr().err
    encoded.clear()
    second = evaluate([model], config, out)
    assert not encoded and second.cells_run == 0
    pd.testing.assert_frame_equal(first.scores, second.scores)
    said = capsys.readouterr().err
    assert "3 done, 0 to run" in said
    assert (
        said.count(f"note: sr-bible, {', '.join(TAGS)}: there are only 30 sentences: by chance 33 % stand among") == 1
    )
    forced = evaluate([model], config, out, force=True)
    assert len(encoded) == 4 * 30
    pd.testing.assert_frame_equal(first.scores, forced.scores)
    (model / "modules.json").write_text("[]")
    for layer, said_of_the_last in ((None, True), (3, False)):
        evaluate([model], config.model_copy(update={"layer": layer}), out)
        assert ("whose own vectors are those of layer 3" in capsys.readouterr().err) is said_of_the_last


def test_a_renamed_model_is_found_again_and_a_changed_one_is_not(config, save_model, tmp_path, encoded):
    model, out = save_model("old", seed=1), tmp_path / "out"
    first = evaluate([model], config, out, names={str(model): "before"})
    shutil.move(model, tmp_path / "new")
    encoded.clear()
    renamed = evaluate([tmp_path / "new"], config, out, names={str(tmp_path / "new"): "after"})
    assert not encoded and set(renamed.scores["model_name"]) == {"after"}
    assert set(first.scores["cell"]) == set(renamed.scores["cell"])
    other = evaluate([save_model("new", seed=2)], config, out)
    assert encoded and set(other.scores["cell"]).isdisjoint(first.scores["cell"])
    assert len(pd.read_parquet(out / "scores.parquet")) == 2 * len(first.scores)


@pytest.mark.parametrize("change", [{"layer": 1}, {"precision": "bf16"}, {"protocol": "paper"}, {"selection": "test"}])
def test_other_settings_are_other_cells(change, config, save_model, tmp_path):
    model, out = save_model(), tmp_path / "out"
    first = evaluate([model], config, out)
    second = evaluate([model], config.model_copy(update=change), out)
    assert second.cells_run == 1 and set(first.scores["cell"]).isdisjoint(second.scores["cell"])
    assert len(second.scores) == len(first.scores)


def test_a_task_that_names_another_number_is_known_by_it(config, save_model, tmp_path, monkeypatch):
    monkeypatch.setattr("langsamp.evaluation.tasks.registry.TASKS", {})
    for path in config.data.iterdir():
        path.rename(path.with_name(path.name.removeprefix("bible.")))
    model, described = save_model(), tmp_path / "task.yaml"
    for line, metric, cells in (("", "top10", 1), ("metric: top1_accuracy\n", "top1", 1), ("", "top10", 0)):
        described.write_text(f"name: own\nkind: retrieval\nmeasures: x\ndata: data\n{line}")
        done = evaluate([model], EvaluationConfig(tasks=(str(described),)), tmp_path / "out")
        assert set(done.scores.metric[done.scores.main]) == {f"{metric}_accuracy"} and done.cells_run == cells


def test_no_model_is_held_for_retrieval_while_another_is_trained(config, save_model, tmp_path):
    fast = {"topic-cldr": {"epochs": 1, "batch_size": 64}}
    both = EvaluationConfig(
        tasks=("sr-bible", "topic-cldr"), data=config.data, languages="deu_Latn", seeds=(0,), fine_tuning=fast
    )
    with ThreadPoolExecutor(1) as worker:
        assert evaluate([save_model()], both, tmp_path / "out", device="cpu", executor=worker).cells_run == 2
        gc.collect()
        assert not any(isinstance(each, Encoder) for each in gc.get_objects())


def test_the_token_budget_changes_no_cell(config, save_model, tmp_path):
    model, out = save_model(), tmp_path / "out"
    evaluate([model], config, out)
    assert evaluate([model], config.model_copy(update={"token_budget": 7}), out).cells_run == 0


def test_only_languages_that_are_missing_or_changed_are_run(
    config, save_model, tmp_path, encoded, write_pair, sentences
):
    model, out = save_model(), tmp_path / "out"
    few = evaluate([model], config.model_copy(update={"languages": "deu_Latn"}), out)
    assert len(encoded) == 60 and set(few.scores["tag"]) == {"deu_Latn"}
    encoded.clear()
    everything = evaluate([model], config, out)
    assert len(encoded) == 90 and sorted(everything.scores["tag"].unique()) == TAGS
    write_pair("kmr_Cyrl", sentences(30, seed=1), [*sentences(29, seed=11), "ba be"])
    encoded.clear()
    changed = evaluate([model], config, out)
    assert len(encoded) == 60 and sorted(changed.scores["tag"].unique()) == TAGS
    assert not changed.scores.duplicated(["tag", "metric"]).any()
    assert set(changed.scores["revision"]) - set(everything.scores["revision"])


def test_a_failing_language_loses_no_other(config, save_model, tmp_path, capsys, encoded):
    (tmp_path / "data" / "bible.kmr_Cyrl-eng_Latn.kmr_Cyrl").write_text("one line\n")
    model, out = save_model(), tmp_path / "out"
    for runs in (1, 0):
        done = evaluate([model], config, out)
        assert done.cells_run == runs and set(done.scores["tag"]) == {"deu_Latn", "swh_Latn"}
        (failure,) = done.failures
        assert (failure.task, failure.tag) == ("sr-bible", "kmr_Cyrl") and "got 30 and 1" in failure.reason
        assert "FAILED" in capsys.readouterr().err


def test_a_failing_model_loses_no_other(config, save_model, tmp_path, capsys):
    good, bad = save_model("good"), save_model("bad", seed=1)
    model = AutoModel.from_pretrained(bad)
    model.embeddings.word_embeddings.weight.data.fill_(float("nan"))
    model.save_pretrained(bad)
    done = evaluate([bad, good], config, tmp_path / "out")
    assert [(failure.model, failure.tag) for failure in done.failures] == [(str(bad), None)]
    assert capsys.readouterr().err.count(f"FAILED {bad}, sr-bible: ") == 1
    assert set(done.scores["model_name"]) == {str(good)} and sorted(done.scores["tag"].unique()) == TAGS


def test_an_interrupted_cell_keeps_the_languages_it_finished(config, save_model, tmp_path, monkeypatch, encoded):
    model, out = save_model(), tmp_path / "out"
    original = Encoder.encode

    def interrupt(self, sentences, **options):
        if len(encoded) >= 90:  # English and two languages
            raise KeyboardInterrupt
        return original(self, sentences, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Encoder, "encode", interrupt)
        with pytest.raises(KeyboardInterrupt):
            evaluate([model], config, out)
    encoded.clear()
    done = evaluate([model], config, out)
    assert len(encoded) == 60 and sorted(done.scores["tag"].unique()) == TAGS
    assert done.scores["cell"].nunique() == 2


def test_the_plan_says_what_would_be_done_and_writes_nothing(config, save_model, tmp_path, encoded):
    model, out = save_model(), tmp_path / "out"
    (cell,) = plan([model], config, out, names={str(model): "tiny"})
    assert cell.row._asdict() == {
        "model": "tiny", "task": "sr-bible", "protocol": "fixed", "source": "eng_Latn", "seed": 0, "layer": 2,
        "state": "missing", "languages": 3, "done": 0, "to_run": 3, "failed": 0, "amount": "120 sentences", "why": None,
    }  # fmt: skip
    assert not out.exists() and not encoded
    evaluate([model], config.model_copy(update={"languages": "swh_Latn"}), out)
    assert plan([model], config, out)[0].row.done == 1
    assert plan([model], config, out, force=True)[0].row.done == 0


def test_mistakes_are_said_before_any_work(config, save_model, tmp_path, encoded):
    model, out = save_model(), tmp_path / "out"
    shutil.copytree(model, tmp_path / "copy")
    with pytest.raises(UserError, match="are the same encoder"):
        evaluate([model, tmp_path / "copy"], config, out)
    with pytest.raises(UserError, match=r"layer 13: tiny has 3 layers \(0 = embeddings, 1-3\)"):
        evaluate([model], config.model_copy(update={"layer": 13}), out, names={str(model): "tiny"})
    with pytest.raises(UserError, match="fra_Latn"):
        evaluate([model], config.model_copy(update={"languages": "fra_Latn"}), out)
    with pytest.raises(DataMissingError, match="sr-tatoeba needs"):
        evaluate([model], config.model_copy(update={"tasks": ("sr-tatoeba",)}), out)
    with pytest.raises(ValueError, match="Did you mean 'sr-bible'"):
        EvaluationConfig(tasks=("sr-bibel",))
    assert not encoded and not out.exists()


def test_an_export_says_itself_what_it_was_chosen_on(config, save_model, tmp_path):
    model = save_model()
    (model / "provenance.json").write_text('{"selection": "dev"}')
    assert set(evaluate([model], config, tmp_path / "out").scores["selection"]) == {"dev"}
    on_test = evaluate([model], config.model_copy(update={"selection": "test"}), tmp_path / "out")
    assert set(on_test.scores["selection"]) == {"test"}


def test_a_cell_that_another_process_is_at_is_left_to_it(config, save_model, tmp_path, encoded):
    model, out = save_model(), tmp_path / "out"
    (cell,) = plan([model], config, out)
    with ResultStore(out).claimed(cell.wanted):
        busy = evaluate([model], config, out)
    assert not encoded and f"another process (pid {os.getpid()}" in busy.failures[0].reason
    assert plan([model], config, out)[0].state == "missing"
    evaluate([model], config, out)
    assert plan([model], config, out)[0].state == "done" and not list((out / "cells").glob(".*"))


def test_what_another_process_has_scored_since_the_plan_is_not_scored_again(config, save_model, tmp_path, encoded):
    model, out = save_model(), tmp_path / "out"
    (stale,) = plan([model], config, out)
    evaluate([model], config.model_copy(update={"languages": "deu_Latn"}), out)
    left = stale.without(scored(stale.wanted, ResultStore(out).records()))
    assert sorted(map(str, left.texts)) == ["kmr_Cyrl", "swh_Latn"] and sorted(map(str, stale.texts)) == TAGS
