"""Progress of long work: a bar on a terminal, few lines elsewhere, by a clock that the test sets."""

import io
import os
import re
import threading
from pathlib import Path

import pytest

from langsamp.progress import EVERY_SECONDS, Bar
from tests.tiny_run import TinyRun, said

SOURCE = Path(__file__).parent.parent / "src"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_a_log_gets_a_line_at_the_start_now_and_then_and_at_the_end() -> None:
    log, clock = io.StringIO(), Clock()
    with Bar("mine both-0", total=1000, unit="steps", done=100, stream=log, clock=clock) as bar:
        for step in range(100, 1000):
            clock.seconds += 0.125
            bar.update()
            if step == 500:
                bar.note("loss 3.141")
    assert told(log) == [
        "mine both-0: 100/1,000 steps",
        "mine both-0: 340/1,000 steps, 0:30",
        "mine both-0: 580/1,000 steps, 1:00, loss 3.141",
        "mine both-0: 820/1,000 steps, 1:30, loss 3.141",
        "mine both-0: 1,000/1,000 steps, 1:52, loss 3.141",
    ]


def test_work_that_cannot_say_how_far_it_is_has_its_lines_while_nothing_calls() -> None:
    log, clock, written = io.StringIO(), Clock(), threading.Event()
    log.flush = written.set  # type: ignore[method-assign]  # wakes this test, which would ask again and again
    with Bar("training a tokenizer", total=None, stream=log, clock=clock):
        written.clear()
        clock.seconds = EVERY_SECONDS
        assert written.wait(60)
        clock.seconds += 3
    assert told(log) == ["training a tokenizer", "training a tokenizer: 0:30", "training a tokenizer: 0:33"]


@pytest.mark.parametrize("units", [10, 10_000, 1_000_000])
def test_how_many_lines_depends_on_time_alone(units: int) -> None:
    log, clock = io.StringIO(), Clock()
    with Bar("rows", total=units, unit="rows", stream=log, clock=clock) as bar:
        for _ in range(10):
            clock.seconds += EVERY_SECONDS
            bar.update(units // 10)
    assert len(told(log)) == 11
    assert told(log)[-1] == f"rows: {units:,}/{units:,} rows, 5:00"


def test_a_log_holds_no_redraws_and_the_last_line_says_how_far_it_came() -> None:
    log, clock = io.StringIO(), Clock()
    with pytest.raises(KeyError), Bar("text", total=5, unit="tags", stream=log, clock=clock) as bar:
        bar.update()
        clock.seconds = 3700
        raise KeyError
    assert told(log) == ["text: 0/5 tags", "text: 1/5 tags, 1:01:40"]
    assert "\r" not in log.getvalue()


def test_work_that_cannot_say_how_far_it_is_has_a_start_and_an_end() -> None:
    log, clock = io.StringIO(), Clock()
    with Bar("training a tokenizer", total=None, stream=log, clock=clock):
        clock.seconds = 12
    assert told(log) == ["training a tokenizer", "training a tokenizer: 0:12"]


def test_what_is_over_soon_is_not_told_of_where_there_is_patience() -> None:
    for seconds, lines in ((1, 0), (3, 2)):
        log, clock = io.StringIO(), Clock()
        with Bar("tests", total=1, unit="tests", patience=2, stream=log, clock=clock) as bar:
            clock.seconds = seconds
            bar.update()
        assert len(told(log)) == lines


def test_a_terminal_gets_a_bar_and_no_lines() -> None:
    screen = Terminal()
    with Bar("text", total=2, unit="tags", stream=screen, clock=Clock()) as bar:
        bar.update(2)
    assert "\r" in screen.getvalue() and "2/2" in screen.getvalue()
    assert "text: 2/2 tags, " not in screen.getvalue()


def test_another_process_than_the_first_shows_nothing() -> None:
    for stream in (io.StringIO(), Terminal()):
        with Bar("text", total=2, unit="tags", is_shown=False, stream=stream, clock=Clock()) as bar:
            bar.update(2)
        assert stream.getvalue() == ""


def test_tqdm_is_used_in_one_place() -> None:
    users = [
        path for path in SOURCE.rglob("*.py") if re.search(r"^\s*(from|import) tqdm", path.read_text("utf-8"), re.M)
    ]
    assert [path.name for path in users] == ["progress.py"]


def test_a_run_writes_a_log_that_can_be_read(tiny_run: TinyRun) -> None:
    log = tiny_run.said.read_text(encoding="utf-8")
    assert "\r" not in log
    assert 5 < len(log.splitlines()) < 50, log


def test_where_no_terminal_is_the_bars_of_transformers_and_the_hub_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "")
    monkeypatch.delenv("HF_HUB_DISABLE_PROGRESS_BARS")
    said("languages", "swahili")
    assert os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] == "1"
