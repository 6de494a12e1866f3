"""Tests of real data, which the project does not hold: all that need any are in this folder.

They look in the folder that LANGSAMP_DATA names, else in `../shared/data` beside the project, for `eval/`, and beside
that folder for `reference/`, numbers and lists read from the paper. Where these are not there, all are skipped and say
so. Every law has a test elsewhere on data that tests make.
"""

import os
from pathlib import Path

DATA = Path(os.environ.get("LANGSAMP_DATA", Path(__file__).parents[3] / "shared" / "data"))
REFERENCE = DATA.parent / "reference"
