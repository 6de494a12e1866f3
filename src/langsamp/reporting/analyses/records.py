"""The lines of a table one by one, as the sections of the page read them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd


def records(frame: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    """Each line as a mapping, with None for whatever is absent."""
    for line in frame.to_dict("records"):
        yield {str(key): None if bool(pd.isna(value)) else value for key, value in line.items()}
