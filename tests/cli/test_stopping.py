"""Stopped or killed at any moment, a command goes on where it was and gives the same in the end."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from langsamp.bench.faults.artefacts import content
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.checkpoint import checkpoints
from tests.docs.blocks import ROOT
from tests.held import hold
from tests.processes import command_line, start
from tests.tiny_run import TinyRun, complaint, langsamp, said

pytestmark = pytest.mark.integration


def _held(part: str, reached: str, *words: object) -> None:
    hold(part, reached)
    command_line(*words)


def _stopped_at(part: str, folder: Path, number: signal.Signals, *words: object) -> tuple[int | None, str]:
    """Run a command until it makes such a file, send the signal to it and its workers; its exit code, what it said."""
    folder.mkdir()
    reached = folder / "reached"
    start_of_workers = f"from tests.held import hold\n\nhold({part!r}, {str(reached)!r})\n"
    (folder / "sitecustomize.py").write_text(start_of_workers)
    return _stopped_when(reached.exists, folder, number, _held, part, str(reached), *words)


def _stopped_when(
    is_there: Callable[[], bool], folder: Path, number: signal.Signals, function: Callable[..., None], *words: object
) -> tuple[int | None, str]:
    """Call a function in a process until something is there, send the signal; its exit code, what it said."""
    folder.mkdir(exist_ok=True)
    os.mkfifo(folder / "out")
    environment = {"HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    process = start(function, *words, said=folder, environment=environment)
    with (folder / "out").open() as out:
        while not is_there():
            assert process.exitcode is None, (folder / "err").read_text()
            time.sleep(0.01)
        assert process.pid is not None
        os.kill(process.pid, number) if number == signal.SIGKILL else os.killpg(process.pid, number)
        out.read()  # until its workers ended too: they hold the pipe
    process.join(60)
    return process.exitcode, (folder / "err").read_text()


def _signal_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, *, call: int, number: signal.Signals) -> None:
    """Send this process a signal at one of the calls of a method."""
    calls, original = [], getattr(owner, method)

    def counted(*arguments, **named):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), number)
        return original(*arguments, **named)

    monkeypatch.setattr(owner, method, counted)


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    def test_training_saves_first(
        self, run: TinyRun, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
    ) -> None:
        shutil.rmtree(run.out / "models")
        words = ["run", run.recipe_file, "--set", "variants=[both]"]
        _signal_at(monkeypatch, LangSampForMaskedLM, "forward", call=2 * 3, number=number)  # in the third of four steps
        assert "stopped after step 2 of 4, checkpoint saved; run the same command again" in complaint(*words, code=75)
        assert checkpoints(run.export.parent / "checkpoints")[-1].name == "step-0000002"
        said(*words)
        assert content(run.export) == content(tiny_run.export)

    def test_of_trainings_side_by_side_those_under_way_save_and_no_other_begins(
        self, run: TinyRun, tmp_path: Path
    ) -> None:
        models = run.out / "models"
        shutil.rmtree(models)
        settings = ("variants=[none]", "seeds=[0,1,2]", "trainings_at_once=2", "training.steps=1000000")
        words = ["run", run.recipe_file, *(word for each in settings for word in ("--set", each))]

        def both_train() -> bool:
            return len([log for log in models.glob("*/log.jsonl") if '"train"' in log.read_text()]) == 2

        code, err = _stopped_when(both_train, tmp_path / "said", signal.SIGTERM, command_line, *words)
        assert code == 75 and "stopped; run the same command again to go on" in err, err
        assert {path.name: len(checkpoints(path / "checkpoints")) > 0 for path in models.iterdir()} == {
            "none-0": True,
            "none-1": True,
        }

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
    def test_preparing_again_gives_the_same_rows(
        self, fresh: TinyRun, tmp_path: Path, number: signal.Signals, code: int
    ) -> None:
        text = fresh.root / "text" / "swh_Latn.txt"
        text.write_bytes(text.read_bytes() * 200)  # worth a process of its own; copies are dropped
        words = ["prepare", fresh.recipe_file]
        ended, err = _stopped_at(".clean.zst.", tmp_path / "held", number, *words)
        assert ended == code, err
        assert "Traceback" not in err
        assert "interrupted; run the same command again to go on" in err or number == signal.SIGKILL
        assert not list(fresh.out.glob("[!.]*"))
        said(*words)
        said(*words, "--set", f"out={tmp_path / 'whole'}")
        assert content(fresh.out / "rows") == content(tmp_path / "whole" / "rows")

    def test_evaluating_keeps_the_languages_that_are_done(
        self, run: TinyRun, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(run.out / "evaluation")
        with monkeypatch.context() as patch:
            _signal_at(patch, Encoder, "encode", call=3, number=signal.SIGTERM)  # English, one language, the next
            assert "stopped; run the same command again to go on" in complaint("run", run.recipe_file, code=75)
        assert "3 languages, 1 done, 2 to run" in langsamp("run", run.recipe_file).err
        scores = [pd.read_parquet(each.out / "evaluation" / "scores.parquet") for each in (run, tiny_run)]
        scores = [
            table.drop(columns="cell").sort_values(["model", "tag", "metric"]).to_dict("list") for table in scores
        ]
        assert scores[0] == scores[1]
