"""The values in a column of a dataset, each as its file holds it, read as a stream.

`datasets` gives all files of a configuration the types of the first one, so that a number in a later one becomes text,
and reads CSV as pandas does: `NA`, `null` and `None` are nothing there, and what looks like a number is one. Here each
file keeps its types, and a cell of CSV is the text that it is.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from langsamp.errors import UserError

if TYPE_CHECKING:
    from datasets import IterableDataset

_SPLIT = "train"
_BATCH = 1000


def open_files(name: str, configuration: str, *, revision: str | None, column: str) -> "list[IterableDataset]":
    """The files of one configuration's split `train`, of which `column` is to be read; nothing is read yet.

    Raises:
        StopIteration: where the first file has no row.
        Exception: what `datasets` raises for what it cannot open.
    """
    from datasets import load_dataset_builder
    from datasets.packaged_modules.csv.csv import CsvConfig

    builder = load_dataset_builder(name, configuration, revision=revision)
    if isinstance(builder.config, CsvConfig):
        builder.config.converters = {column: str.encode}  # pandas looks for missing values among texts, not in bytes
        builder.config.features = builder.info.features = None  # whose types would win over the converter
    opened = builder.as_streaming_dataset(split=_SPLIT)
    builder.info.features = opened.info.features = None  # every file would be cast to them
    parts = range(opened.num_shards)
    return [opened.shard(num_shards=len(parts), index=part).with_format("arrow") for part in parts]


def column_values(file: "IterableDataset", column: str) -> Iterator[Any]:
    """The values of one column of one file: text or bytes where they are text, None, or anything else.

    Raises:
        UserError: where the file has no such column.
        Exception: what `datasets` raises for what it cannot read.
    """
    batches = file.select_columns([column]).iter(batch_size=_BATCH)
    while True:
        try:
            table = next(batches, None)
        except KeyError:  # of pyarrow, for the name
            first = next(iter(file.iter(batch_size=1)))
            raise UserError(
                f"has no column {column!r}, only {', '.join(first.column_names)}; name the one with the text in "
                "`corpus.text_column`"
            ) from None
        if table is None:
            return
        values = table.column(0)
        is_json = getattr(values.type, "extension_name", None) == "arrow.json"  # of a file that mixes text with others
        yield from (map(_decoded, values.to_pylist()) if is_json else values.to_pylist())


def _decoded(value: str | None) -> Any:
    return None if value is None else json.loads(value)
