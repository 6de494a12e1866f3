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
from langsamp.cli import command, verbs

number = signal.Signals[sys.argv.pop(1)]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it

@verbs.app.command()
def swallow(times: int) -> None:
    for _ in range(times):
        try:
            os.kill(os.getpid(), number)
        except BaseException:
            pass
    print("went on")

@verbs.app.command()
def wrong() -> None:
    try:
        os.kill(os.getpid(), number)
    except BaseException:
        raise ValueError("a worker is gone") from None

command.main()
"""


_AT_START = """
import os, signal, sys
from langsamp.cli import command

signal.signal(signal.SIGINT, signal.default_int_handler)

class Stopper:
    def find_spec(self, name, path, target=None):
        if name == "langsamp.cli.verbs":
            os.kill(os.getpid(), signal.Signals[sys.argv.pop(1)])

sys.meta_path.insert(0, Stopper())
command.main()
"""


def _run(*words: str, script: str = _COMMAND) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", script, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 75), ("SIGHUP", 75), ("SIGINT", 130)])
def test_a_stop_while_the_command_is_still_being_imported_is_one_line(name: str, code: int) -> None:
    stopped = _run(name, "tasks", script=_AT_START)
    assert (stopped.returncode, stopped.stdout) == (code, "")
    assert stopped.stderr.strip().startswith("langsamp: ") and stopped.stderr.strip().count("\n") == 0


def test_signals_that_are_ignored_stay_ignored() -> None:
    before = {number: signal.getsignal(number) for number in stopping.SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as by nohup
    try:
        heard = stopping.listen(stopping.note)
        assert set(heard) == {*stopping.SIGNALS} - {signal.SIGHUP}
        os.kill(os.getpid(), signal.SIGHUP)
        assert stopping.exit_code() == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 75), ("SIGHUP", 75), ("SIGINT", 130)])
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
