"""The tests, which mirror `src/langsamp`.

One thread everywhere, also in the processes that tests start: sums then have one order, so bits can be compared, and
small models are faster.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
