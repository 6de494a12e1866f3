"""Asked to stop, a process says so in its exit code, whatever a library made of it; asked twice, it ends at once."""

import os
import signal
import subprocess
import sys

import pytest

from langsamp import stopping
from langsamp.errors import StoppedError

_COMMAND = """
import os, signal, sys
from langsamp.cli import command

number = signal.Signals[sys.argv.pop(1)]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it

@command.app.command()
def swallow(times: int) -> None:
    for _ in range(times):
        try:
            os.kill(os.getpid(), number)
        except BaseException:
            pass
    print("went on")

@command.app.command()
def wrong() -> None:
    try:
        os.kill(os.getpid(), number)
    except BaseException:
        raise ValueError("a worker is gone") from None

command.main()
"""


def _run(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", _COMMAND, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 75), ("SIGINT", 130)])
def test_a_stop_that_was_swallowed_is_no_success_and_the_second_ends_at_once(name: str, code: int) -> None:
    once = _run(name, "swallow", "1")
    assert (once.returncode, once.stdout) == (code, "went on\n")
    assert "run the same command again to go on" in once.stderr
    twice = _run(name, "swallow", "2")
    assert (twice.returncode, twice.stdout) == (code, "")
    other = _run(name, "wrong")
    assert other.returncode == code and "Traceback" not in other.stderr


def test_what_goes_on_after_any_exception_does_not_go_on_after_a_stop() -> None:
    before = signal.signal(signal.SIGTERM, stopping.stop)
    stopping.forget()
    try:
        with pytest.raises(StoppedError):
            _careless()
        assert stopping.exit_code() == StoppedError.exit_code
    finally:
        signal.signal(signal.SIGTERM, before)
        stopping.forget()
    assert stopping.exit_code() == 0


def _careless() -> None:
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except Exception as error:
        raise AssertionError("a library would have gone on") from error
