"""A table of scores as it is read from a file: columns, types and values are what every reader of it takes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langsamp.errors import DamagedError, UserError
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import COLUMNS
from langsamp.scores.scores_file import read_parquet_scores

_NEEDED = ("model", "model_name", "task", "protocol", "source", "seed", "tag", "metric", "main", "value")
_TEXTS = ("model", "model_name", "task", "protocol", "source", "tag", "metric")
"""Columns that hold a text in every row."""
_WORDS = ("revision", "selection", "precision", "settings", "training", "cell")
"""Columns that hold a text or nothing."""
_NUMBERS: dict[str, Any] = {"seed": "Int64", "n": "Int64", "layer": "Int64", "main": "boolean", "value": "float64"}
_MEND = "give a scores.parquet as `langsamp evaluate` writes it, or run `langsamp evaluate` again"


def read_score_table(path: Path) -> pd.DataFrame:
    """The tidy table (`cells.COLUMNS`) in a file; columns that an older table lacks are missing values.

    Raises:
        DamagedError: where the file cannot be read, or is no table of scores: the column and what is wrong are named.
    """
    return _checked(read_parquet_scores(path), path)


def _checked(scores: pd.DataFrame, path: Path) -> pd.DataFrame:
    """A table that was read from `path`, with all columns of `cells.COLUMNS` in their types.

    Raises:
        DamagedError: where it is no table of scores: the column and what is wrong are named.
    """
    if missing := [name for name in _NEEDED if name not in scores]:
        raise DamagedError(f"{path} is no table of scores: it lacks {', '.join(missing)}; {_MEND}")
    scores = scores.reindex(columns=list(COLUMNS))
    for name in _TEXTS:
        _check(scores[name].astype(object).map(_is_text), name, path, "a text")
    for name in _WORDS:
        _check(scores[name].isna() | scores[name].astype(object).map(_is_text), name, path, "a text")
    for name, kind in _NUMBERS.items():
        try:
            wrong = str | bytes | list | dict if kind == "boolean" else bool | str | bytes | list | dict
            if scores[name].astype(object).map(lambda value, wrong=wrong: isinstance(value, wrong)).any():
                raise TypeError
            scores[name] = scores[name].astype(kind)
        except (TypeError, ValueError, OverflowError):
            expected = "true or false" if kind == "boolean" else "a number" if name == "value" else "a whole number"
            raise DamagedError(
                f"{path} is no table of scores: {name} is not {expected} in every row; {_MEND}"
            ) from None
    _check(scores["seed"].notna(), "seed", path, "a whole number")
    _check(scores["main"].notna(), "main", path, "true or false")
    _check(np.isfinite(scores["value"]), "value", path, "a finite number")
    for name in ("tag", "source"):
        for tag in scores[name].unique():
            try:
                LangScript.parse(tag)
            except UserError as error:
                raise DamagedError(f"{path} is no table of scores: {name}: {error}; {_MEND}") from None
    return scores.astype(dict.fromkeys((*_TEXTS, *_WORDS), object))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _check(holds: "pd.Series[bool]", name: str, path: Path, expected: str) -> None:
    if not holds.all():
        wrong = int((~holds.astype(bool)).sum())
        raise DamagedError(
            f"{path} is no table of scores: {name} is not {expected} in {wrong:,} of {len(holds):,} rows; {_MEND}"
        )
