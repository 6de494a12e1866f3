"""Laws of scores taken while training and of the choice they make: no weight moves, no line is lost or doubled, and the
choice is that of the training that nobody stopped."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch
from accelerate.state import AcceleratorState
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.retrieval.retrieval_monitor import MonitorConfig, RetrievalMonitor
from langsamp.training.checkpoint import Selected, checkpoints, read_record
from langsamp.training.config import TrainingConfig
from langsamp.training.job import TrainingJob
from langsamp.training.selection import Selection, candidates, chosen_until_now
from langsamp.training.trainer import train
from langsamp.world import World
from tests.processes import together
from tests.tiny_parts import WORDS, write_rows
from tests.training.test_trainer import log, losses, task, weights

Tokenizer = PreTrainedTokenizerFast


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Bible verses of three languages in words of the tokenizer: a jumbled English, a similar text, another text."""
    draw = random.Random(0)
    english = [" ".join(draw.choices(WORDS, k=draw.randint(3, 9))) for _ in range(30)]
    targets = {
        "deu_Latn": [" ".join(sorted(text.split())) for text in english],
        "kmr_Latn": [" ".join(text.split()[1:]) for text in english],
        "swh_Latn": [" ".join(draw.choices(WORDS, k=5)) for _ in english],
    }
    folder = tmp_path / "data"
    folder.mkdir()
    for tag, target in targets.items():
        for side, lines in ((tag, target), ("eng_Latn", english)):
            (folder / f"bible.{tag}-eng_Latn.{side}").write_text("".join(f"{line}\n" for line in lines))
    return folder


def monitored(
    rows: PreparedRows, tokenizer: Tokenizer, out: Path, *, data: Path, every: int = 1, **training: Any
) -> TrainingJob:
    """The training of `test_trainer`, six steps of it, with a curve over Bible verses."""
    named = {"steps": 6, "checkpoint_every": 1, **training}
    if not (data / "tokenizer").exists():
        tokenizer.save_pretrained(data / "tokenizer")
    config = MonitorConfig(every=every, tasks=("sr-bible",), data=data)
    own = AutoTokenizer.from_pretrained(data / "tokenizer")
    return replace(task(rows, tokenizer, out, **named), monitor=RetrievalMonitor(config, own, num_layers=2))


def curve(out: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["sr-bible"]) for line in log(out, "evaluation")]


@pytest.mark.parametrize("model_type", ["xlm-roberta", "modernbert"])
def test_scores_on_the_way_move_no_bit(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path, model_type: str
) -> None:
    with_scores = monitored(rows, tokenizer, tmp_path / "with", data=data, model_type=model_type)
    without = task(rows, tokenizer, tmp_path / "without", steps=6, checkpoint_every=1, model_type=model_type)
    one, other = train(with_scores, cpu=True), train(without, cpu=True)
    mine, theirs = weights(one), weights(other)
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert losses(tmp_path / "with") == losses(tmp_path / "without")
    for file in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        assert (one / file).read_bytes() == (other / file).read_bytes()
    assert [step for step, _ in curve(tmp_path / "with")] == [1, 2, 3, 4, 5, 6]
    line = log(tmp_path / "with", "evaluation")[0]
    assert line["tags"]["sr-bible"].keys() == {"deu_Latn", "kmr_Latn", "swh_Latn"}


def test_the_curve_has_its_steps_and_the_last_one(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(monitored(rows, tokenizer, tmp_path / "out", data=data, every=4), cpu=True)
    assert [step for step, _ in curve(tmp_path / "out")] == [4, 6]
    newest = curve(tmp_path / "out")[-1][1]
    assert f"tokens/s, sr-bible {newest:.1f}" in capsys.readouterr().err


@pytest.mark.parametrize("stopped_at", [1, 3, 5])
def test_stopped_and_gone_on_the_curve_and_the_choice_are_the_same(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path, stopped_at: int
) -> None:
    settings = {"data": data, "select": "sr-bible", "learning_rate": 0.05}
    whole = train(monitored(rows, tokenizer, tmp_path / "whole", **settings), cpu=True)
    parts = tmp_path / "parts"
    shutil.copytree(tmp_path / "whole", parts)
    for folder in checkpoints(parts / "checkpoints")[stopped_at:]:  # what a kill leaves: lines after the checkpoint,
        shutil.rmtree(folder)
    with (parts / "log.jsonl").open("a") as file:  # the last one cut short
        file.write('{"kind": "evaluation", "step": ')
    again = train(monitored(rows, tokenizer, parts, **settings), cpu=True)
    assert again.name == whole.name
    assert curve(parts) == curve(tmp_path / "whole")
    assert [line["step"] for line in log(parts, "held_out")] == [
        line["step"] for line in log(whole.parents[1], "held_out")
    ]
    mine, theirs = weights(again), weights(whole)
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def first_best(scores: dict[int, float]) -> int:
    return min(step for step, score in scores.items() if score == max(scores.values()))


@pytest.mark.parametrize("select", ["sr-bible", "held_out_loss"])
def test_the_best_is_given_and_kept_beside_the_newest(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path, select: str
) -> None:
    settings = {"select": select, "keep_checkpoints": 1, "held_out_every": 1, "learning_rate": 0.05, "steps": 12}
    chosen = train(monitored(rows, tokenizer, tmp_path / "out", data=data, **settings), cpu=True)
    scores = dict(curve(tmp_path / "out"))
    if select == "held_out_loss":
        scores = {line["step"]: -line["loss"] for line in log(tmp_path / "out", "held_out")}
    best = first_best(scores)
    assert best < 12, "this training must get worse, or nothing is shown"
    assert chosen.name == f"step-{best:07d}"
    assert [path.name for path in checkpoints(tmp_path / "out" / "checkpoints")] == [chosen.name, "step-0000012"]
    newest = checkpoints(tmp_path / "out" / "checkpoints")[-1]
    on = {"sr-bible": "test", "held_out_loss": "dev"}[select]
    assert read_record(newest).selected == Selected(by=select, on=on, step=best, score=scores[best])
    assert chosen_until_now(newest) == chosen
    AcceleratorState._reset_state(reset_partial_state=True)
    assert train(monitored(rows, tokenizer, tmp_path / "out", data=data, **settings), cpu=True) == chosen
    shutil.rmtree(chosen)
    with pytest.raises(DataMissingError, match=rf"{chosen.name}, the best by {select}, was deleted"):
        chosen_until_now(newest)


def test_another_choice_needs_no_training(rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path) -> None:
    out, settings = tmp_path / "out", {"learning_rate": 0.05, "held_out_every": 2, "steps": 12, "data": data}
    last = train(monitored(rows, tokenizer, out, every=3, **settings), cpu=True)
    assert last.name == "step-0000012"
    before = [path.stat().st_mtime_ns for path in sorted(out.rglob("*.safetensors"))]
    lowest = train(monitored(rows, tokenizer, out, every=3, select="held_out_loss", **settings), cpu=True)
    losses_by_step = {line["step"]: -line["loss"] for line in log(out, "held_out")}
    assert lowest.name == f"step-{first_best(losses_by_step):07d}" != last.name
    best = train(monitored(rows, tokenizer, out, every=3, select="sr-bible", **settings), cpu=True)
    assert best.name == f"step-{first_best(dict(curve(out))):07d}"
    assert [path.stat().st_mtime_ns for path in sorted(out.rglob("*.safetensors"))] == before
    shutil.rmtree(lowest)
    with pytest.raises(UserError, match=rf"{lowest.name} is the best checkpoint, but it was deleted"):
        train(monitored(rows, tokenizer, out, every=3, select="held_out_loss", **settings), cpu=True)


def test_what_was_not_measured_selects_nothing(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path
) -> None:
    train(task(rows, tokenizer, tmp_path / "out", steps=6, checkpoint_every=2), cpu=True)
    with pytest.raises(UserError, match="has no sr-bible of step 2, measured with the settings and texts of now"):
        train(monitored(rows, tokenizer, tmp_path / "out", data=data, select="sr-bible", checkpoint_every=2), cpu=True)
    with pytest.raises(UserError, match="'sr-tatoeba' is measured by nothing"):
        train(monitored(rows, tokenizer, tmp_path / "other", data=data, select="sr-tatoeba"), cpu=True)
    train(monitored(rows, tokenizer, tmp_path / "third", data=data, select="sr-bible"), cpu=True)
    text = data / "bible.swh_Latn-eng_Latn.swh_Latn"
    text.write_text("\n".join(reversed(text.read_text().split("\n")[:-1])) + "\n")
    with pytest.raises(UserError, match="has no sr-bible of step 1, measured with the settings and texts of now"):
        train(monitored(rows, tokenizer, tmp_path / "third", data=data, select="sr-bible"), cpu=True)
    train(monitored(rows, tokenizer, tmp_path / "third", data=data), cpu=True)  # the last one is there


def test_without_held_out_rows_their_loss_cannot_select(tokenizer: Tokenizer, tmp_path: Path) -> None:
    few = write_rows(tmp_path / "few", {"deu_Latn": 9})
    job = task(few, tokenizer, tmp_path / "out", select="held_out_loss")
    with pytest.raises(UserError, match=r"no tag has held-out rows. Set rows.held_out_rows"):
        train(job, cpu=True)


def test_candidates_are_saved_and_measured() -> None:
    def steps(every: int, **config: int) -> list[int]:
        return candidates(TrainingConfig(**config), every)

    assert steps(2, steps=10, checkpoint_every=2) == [2, 4, 6, 8, 10]
    assert steps(2, steps=10, checkpoint_every=3) == [6, 10]
    assert steps(4, steps=10, checkpoint_every=2) == [4, 8, 10]
    assert steps(50, steps=10, checkpoint_every=1) == [10]


def test_of_equals_the_first_is_taken_and_what_is_not_finite_never() -> None:
    selection = Selection(
        TrainingConfig(steps=6, checkpoint_every=1, held_out_every=1, select="held_out_loss"), None, has_held_out=True
    )
    for step, loss in enumerate([float("nan"), 3.0, 2.0, 2.0, float("inf"), 2.5], start=1):
        selection.note({"kind": "held_out", "step": step, "loss": loss})
        selection.note({"kind": "train", "step": step, "loss": 0.0})
    assert selection.best == 3


def _score_together(folder: Path, tokenizer: Tokenizer) -> None:
    rows, rank = PreparedRows(folder / "rows"), World.from_environment().rank
    settings = {"data": folder / "data", "dropout": 0.0, "select": "sr-bible"}
    train(monitored(rows, tokenizer, folder / "two", **settings), cpu=True)
    broken = monitored(rows, tokenizer, folder / "broken", **settings)
    if rank == 1:
        assert isinstance(broken.monitor, RetrievalMonitor)
        broken.monitor.measure = _no_vectors  # type: ignore[method-assign]
    with pytest.raises(UserError) as caught:
        train(broken, cpu=True)
    (folder / f"said-{rank}").write_text(str(caught.value))


def _no_vectors(*_: object) -> NoReturn:
    raise UserError("no vectors")


def test_two_processes_share_the_scores_and_trouble_ends_both(
    rows: PreparedRows, tokenizer: Tokenizer, tmp_path: Path, data: Path
) -> None:
    train(monitored(rows, tokenizer, tmp_path / "one", data=data, dropout=0.0, select="sr-bible"), cpu=True)
    together(_score_together, tmp_path, tokenizer, said=tmp_path / "said")
    mine, theirs = ([line["tags"]["sr-bible"] for line in log(tmp_path / run, "evaluation")] for run in ("one", "two"))
    assert len(mine) == len(theirs) == 6
    for ours, others in zip(mine, theirs, strict=True):
        assert others == pytest.approx(ours, abs=7)  # two of 30 items: sums in another order move ranks
    assert "step-0000006" in {path.name for path in checkpoints(tmp_path / "two" / "checkpoints")}
    assert (tmp_path / "said-1").read_text() == "test, step 1: no vectors"
    assert (tmp_path / "said-0").read_text() == "test, step 1: another process could not score"
    text = (tmp_path / "broken" / "log.jsonl").read_text()
    assert [json.loads(line)["kind"] for line in text.splitlines()] == ["fast_paths", "train"]
