"""Stopped or killed at any moment, a command goes on where it was and gives the same in the end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from langsamp.evaluation.encoder import Encoder
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.checkpoint import checkpoints
from tests.killed import content
from tests.tiny_run import TinyRun, complaint, documents, langsamp, said, write_lines


def _start(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "langsamp", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment)


def _stop(process: "subprocess.Popen[str]", when: Callable[[], object], number: signal.Signals) -> str:
    """Send a signal to the process and its workers, as Ctrl-C would; what it said until all of them ended."""
    while not when():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.002)
    os.kill(process.pid, number) if number == signal.SIGKILL else os.killpg(process.pid, number)
    return process.communicate(timeout=60)[1]


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

    def test_training_goes_on_after_a_kill(self, run: TinyRun) -> None:
        shutil.rmtree(run.out / "models")
        words = ["train", run.recipe_file, "--variant", "both", "--set", "training.steps=90"]
        words += ["--set", "training.checkpoint_every=10", "--set", "training.keep_checkpoints=1"]
        folder = run.export.parent / "checkpoints"
        process = _start(*words)
        _stop(process, lambda: checkpoints(folder), signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        said(*words)
        gone_on = content(run.export)
        shutil.rmtree(run.out / "models")
        said(*words)
        assert content(run.export) == gone_on

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
    def test_preparing_goes_on(self, fresh: TinyRun, tmp_path: Path, number: signal.Signals, code: int) -> None:
        write_lines(fresh.root / "text" / "swh_Latn.txt", documents("swh_Latn", 25_000))  # cleaning takes a while
        words = ["prepare", fresh.recipe_file, "--set", "tokenizer.sample_documents=500"]
        process = _start(*words)
        err = _stop(process, lambda: list(fresh.out.glob(".rows.*/*.part")), number)
        assert process.returncode == code, err
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
