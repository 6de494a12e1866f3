"""The tidy table of scores as one parquet file that carries a checksum of itself.

The table is written anew whenever a cell is added, by whichever process was last, so its checksum stands inside it: 64
digits in the file's metadata, of the file as it is with zeros in their place. Tables that others wrote have none.
"""

import hashlib
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from langsamp.disk.files import write_bytes
from langsamp.errors import DamagedError

_KEY, _ZEROS = b"langsamp.sha256", b"0" * 64
_BETWEEN = 2
"""Bytes between key and value in the footer: the field's type, and that it is 64 long (Thrift's compact protocol)."""


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


def read_parquet_scores(path: Path) -> pd.DataFrame:
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
