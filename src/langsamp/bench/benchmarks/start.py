"""How long the command line takes to answer, and that it loads no heavy library for it."""

import json
import subprocess
import sys
from functools import partial

from langsamp.bench.record import Record, Target
from langsamp.bench.timing import alternate, compared

_HEAVY = ("torch", "transformers", "datasets", "pandas", "pyarrow", "matplotlib", "sklearn", "numpy")
_MOST_SECONDS = 0.3
_HELP = [sys.executable, "-m", "langsamp", "--help"]
_WHAT_IS_LOADED = f"""
import contextlib, io, json, sys
sys.argv = ["langsamp", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    from langsamp.cli.command import main
    main()
print(json.dumps([name for name in {_HEAVY!r} if name in sys.modules]))
"""


def measure_start(*, rounds: int = 5) -> Record:
    """Seconds of `langsamp --help` beside those of Python alone, and the heavy libraries that it loads."""
    run = partial(subprocess.run, check=True, capture_output=True)
    empty, ours = "python -c pass", "langsamp --help"
    rows = compared(
        alternate(
            {empty: lambda: run([sys.executable, "-c", "pass"]), ours: lambda: run(_HELP)}, rounds=rounds, title="start"
        )
    )
    loaded = json.loads(run([sys.executable, "-c", _WHAT_IS_LOADED]).stdout)
    assert rows[1].seconds is not None
    return Record(
        name="start",
        measures="The time until the command line has answered, against that of an empty Python program.",
        unit="starts",
        rows=rows,
        targets=(
            Target(name="seconds of langsamp --help", measured=rows[1].seconds, limit=_MOST_SECONDS, at_most=True),
            Target(name="heavy libraries loaded for it", measured=len(loaded), limit=0, at_most=True),
        ),
        settings={"rounds": rounds, "heavy": list(_HEAVY), "loaded": loaded},
    )
