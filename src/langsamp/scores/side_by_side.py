"""Rows of a table of an analysis, their columns as attributes."""

from typing import Any

import pandas as pd


def lines(table: pd.DataFrame) -> list[Any]:
    """The rows of a table, their columns as attributes."""
    return list(table.itertuples())
