"""Tidy tables with numbers that can be checked by hand."""

from collections.abc import Callable, Mapping

import pandas as pd
import pytest

from langsamp.scores.cells import COLUMNS

Scores = Callable[..., pd.DataFrame]


def tidy(values: Mapping[str, float], **changes: object) -> pd.DataFrame:
    """One row a tag; any other column by name."""
    columns = {
        "model": changes.get("model_name", "tiny"), "model_name": "tiny", "task": "ner", "protocol": "fixed",
        "source": "eng_Latn", "seed": 0, "metric": "seqeval_f1", "main": True, "n": 10, "layer": pd.NA,
        "selection": "dev", "precision": "fp32", "settings": "s", "training": None, "cell": "c", **changes,
    }  # fmt: skip
    rows = pd.DataFrame({"tag": list(values), "value": list(values.values())}).assign(**columns)
    rows["revision"] = changes.get("revision", rows["tag"])
    return rows[list(COLUMNS)].astype({"layer": "Int64"})


@pytest.fixture
def scores() -> Scores:
    return tidy
