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

from langsamp.cli import analyses, donors, exploring, facts, neutrality, recipes, runs, scores, side_by_side
from langsamp.cli.output import complain

_INTERRUPTED = 130

app = typer.Typer(
    name="langsamp", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
for verb in (
    recipes.new,
    recipes.recipe,
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


def _stop(*_: object) -> NoReturn:
    """End as after Ctrl-C: what is half-written goes, what is finished stays."""
    from langsamp.errors import StoppedError

    raise StoppedError("stopped; run the same command again to go on")


def main() -> None:
    """Run the command line; a user's mistake ends in one message and an exit code, never in a traceback."""
    from langsamp.errors import StoppedError, UserError

    # Threads that wait must not spin: beside another busy process, spinning makes a step ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, _stop)
    try:
        app(prog_name="langsamp")
    except UserError as error:
        complain(f"langsamp: {error}")
        sys.exit(error.exit_code)
    except StoppedError as stop:
        complain(f"langsamp: {stop}")
        sys.exit(stop.exit_code)
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # what typer makes of Ctrl-C
            complain("\nlangsamp: interrupted; run the same command again to go on")
        raise
