"""Stopped or killed at any moment, a command goes on where it was and gives the same in the end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.checkpoint import checkpoints
from tests.killed import content
from tests.tiny_run import TinyRun, complaint, langsamp, said

_HOLD = """
import os, signal, sys, time

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it

def hold(event, arguments):
    path = str(arguments[0]) if event in ("open", "os.mkdir") else ""
    if {part!r} in os.path.basename(path) and os.listdir(os.path.dirname(path)):
        open({reached!r}, "w").close()
        time.sleep(600)

sys.addaudithook(hold)
"""
"""Every Python process that starts with this waits where it is about to make a file with `part` in its name beside
others, and says that it does: there it can be stopped on any machine, however fast."""


def _stopped_at(part: str, folder: Path, number: signal.Signals, *words: object) -> tuple[int, str]:
    """Run a command until it makes such a file, send the signal to it and its workers; its exit code, what it said."""
    folder.mkdir()
    reached = folder / "reached"
    (folder / "sitecustomize.py").write_text(_HOLD.format(part=part, reached=str(reached)))
    command = [sys.executable, "-m", "langsamp", *map(str, words)]
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}
    said = folder / "stderr"
    with said.open("w") as err:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, start_new_session=True, env=environment)
    while not reached.exists():
        assert process.poll() is None, said.read_text()
        time.sleep(0.01)
    os.kill(process.pid, number) if number == signal.SIGKILL else os.killpg(process.pid, number)
    process.communicate(timeout=60)  # until its workers ended too: they hold the pipe
    return process.returncode, said.read_text()


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
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
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

    def test_training_goes_on_after_a_kill(self, run: TinyRun, tmp_path: Path) -> None:
        shutil.rmtree(run.out / "models")
        words = ["train", run.recipe_file, "--variant", "both", "--set", "training.steps=30"]
        words += ["--set", "training.checkpoint_every=10", "--set", "training.keep_checkpoints=1"]
        code, _ = _stopped_at("step-0000020", tmp_path / "held", signal.SIGKILL, *words)
        assert code == -signal.SIGKILL
        assert [each.name for each in checkpoints(run.export.parent / "checkpoints")] == ["step-0000010"]
        said(*words)
        gone_on = content(run.export)
        shutil.rmtree(run.out / "models")
        said(*words)
        assert content(run.export) == gone_on

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
    def test_preparing_again_gives_the_same_rows(
        self, fresh: TinyRun, tmp_path: Path, number: signal.Signals, code: int
    ) -> None:
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
