"""The command `langsamp`: each verb checks its words, calls one function of the package, and prints what came.

Results go to stdout, progress to stderr. Exit codes: 0 done, 1 an error the message explains, 2 wrong words, 3 some
languages or tasks failed, 4 data missing, 5 a gate of `compare --fail-if` failed, 6 a damaged file, 7 loss not finite,
75 stopped and saved, 130 interrupted.
"""

import os
import signal
import sys
from typing import NoReturn

import typer

from langsamp import stopping
from langsamp.cli import analyses, donors, exploring, facts, neutrality, runs, scores, side_by_side
from langsamp.cli.console import print_on_any_console
from langsamp.cli.output import complain
from langsamp.errors import StoppedError, UserError

app = typer.Typer(
    name="langsamp", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
for verb in (
    runs.run,
    runs.prepare,
    runs.train,
    runs.export,
    scores.evaluate,
    scores.compare,
    scores.table,
    runs.report,
    exploring.explore,
    donors.donors,
    facts.tasks,
    facts.languages,
    facts.doctor,
    facts.bench,
):
    app.command()(verb)
analyses.app.command()(neutrality.neutrality)
analyses.app.command()(donors.transfer)
analyses.app.command()(side_by_side.ablation)
analyses.app.command()(side_by_side.families)
app.add_typer(analyses.app)


def main() -> None:
    """Run the command line; a user's mistake ends in one message and an exit code, never in a traceback.

    Once a stop was asked for, the exit code says so, whatever a library made of it.
    """
    print_on_any_console()
    # Threads that wait must not spin: beside another busy process, spinning makes a step ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    stopping.forget()
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) != signal.SIG_IGN:  # as a shell starts what runs in the background
            signal.signal(number, stopping.stop)
    try:
        app(prog_name="langsamp")
    except UserError as error:
        complain(f"langsamp: {error}")
        sys.exit(stopping.exit_code() or error.exit_code)
    except StoppedError as stop:
        complain(f"langsamp: {stop}")
        sys.exit(stop.exit_code)
    except KeyboardInterrupt:
        _end_stopped()
    except SystemExit:
        if stopping.exit_code():
            _end_stopped()
        raise
    except Exception:
        if stopping.exit_code():  # most likely what it made of the stop
            _end_stopped()
        raise
    if stopping.exit_code():
        _end_stopped()


def _end_stopped() -> NoReturn:
    word = "interrupted" if stopping.exit_code() in (0, stopping.INTERRUPTED) else "stopped"
    complain(f"\nlangsamp: {word}; run the same command again to go on")
    sys.exit(stopping.exit_code() or stopping.INTERRUPTED)
