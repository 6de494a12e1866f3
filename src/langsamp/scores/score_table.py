"""The tidy table of scores as one parquet file: written with a checksum of itself, read whole and checked.

The table is written anew whenever a cell is added, by whichever process was last, so its checksum stands inside it: 64
digits in the file's metadata, of the file as it is with zeros in their place. Tables that others wrote have none.
"""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from langsamp.disk.files import write_bytes
from langsamp.errors import DamagedError, UserError
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import COLUMNS

_NEEDED = ("model", "model_name", "task", "protocol", "source", "seed", "tag", "metric", "main", "value")
_TEXTS = ("model", "model_name", "task", "protocol", "source", "tag", "metric")
"""Columns that hold a text in every row."""
_WORDS = ("revision", "selection", "precision", "settings", "training", "cell")
"""Columns that hold a text or nothing."""
_NUMBERS: dict[str, Any] = {"seed": "Int64", "n": "Int64", "layer": "Int64", "main": "boolean", "value": "float64"}
_MEND = "give a scores.parquet as `langsamp evaluate` writes it, or run `langsamp evaluate` again"
_KEY, _ZEROS = b"langsamp.sha256", b"0" * 64
_BETWEEN = 2
"""Bytes between key and value in the footer: the field's type, and that it is 64 long (Thrift's compact protocol)."""


def main_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of the metrics that tasks are known by."""
    return scores[scores.main.eq(True)]


def read_score_table(path: Path) -> pd.DataFrame:
    """The tidy table (`cells.COLUMNS`) in a file; columns that an older table lacks are missing values.

    Raises:
        DamagedError: where the file cannot be read, or is no table of scores: the column and what is wrong are named.
    """
    return _checked(_read_parquet(path), path)


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
    _check(scores.seed.notna(), "seed", path, "a whole number")
    _check(scores.main.notna(), "main", path, "true or false")
    _check(np.isfinite(scores.value), "value", path, "a finite number")
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


def write_scores(path: Path, table: pd.DataFrame) -> None:
    """Write the table, whole or not at all.

    Raises:
        UserError: where it cannot be written.
    """
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _KEY: _ZEROS})
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer)
    content = buffer.getvalue()
    start = _digits_at(content)
    assert content[start : start + len(_ZEROS)] == _ZEROS
    write_bytes(path, content[:start] + _digest(content, start) + content[start + len(_ZEROS) :])


def _read_parquet(path: Path) -> pd.DataFrame:
    """The table in a file, which need not be ours.

    Raises:
        DamagedError: where it is no parquet, or not as it was written.
    """
    remedy = "`langsamp evaluate`, with what made it, makes it anew from its cells"
    content = path.read_bytes()
    start = _digits_at(content)
    if _KEY in content and content[start : start + len(_ZEROS)] != _digest(content, start):
        raise DamagedError(f"{path} does not match its own checksum; {remedy}")
    try:
        return pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DamagedError(f"{path} cannot be read as parquet ({reason}); {remedy}") from None


def _digits_at(content: bytes) -> int:
    return content.rfind(_KEY) + len(_KEY) + _BETWEEN


def _digest(content: bytes, start: int) -> bytes:
    blank = content[:start] + _ZEROS + content[start + len(_ZEROS) :]
    return hashlib.sha256(blank).hexdigest().encode()
