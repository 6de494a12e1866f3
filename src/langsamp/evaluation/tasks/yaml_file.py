"""Tasks that users describe in a YAML file, with data of their own.

    name: my-ner
    kind: token-classification        # retrieval, sequence-classification or token-classification
    measures: Names of plants in field notes.
    labels: [O, B-PLANT, I-PLANT]     # not for retrieval
    data: field-notes                 # folder, from the YAML file's own
    licence: CC BY 4.0

The folder holds, for retrieval, pairs of files `<tag>-eng_Latn.<tag>` and `<tag>-eng_Latn.eng_Latn`; for sequence
classification `<tag>/{train,dev,test}.tsv` with a header `label text`; for token classification the same files with
lines `word TAB label` and a blank line between sentences.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field

from langsamp.config import Config
from langsamp.errors import DataMissingError, UserError, checked
from langsamp.evaluation.tasks.readers.formats.layouts import find_files, tag_folders
from langsamp.evaluation.tasks.readers.formats.parallel import PairFiles
from langsamp.evaluation.tasks.readers.formats.sequences import Table
from langsamp.evaluation.tasks.readers.formats.tagged import TaggedColumns
from langsamp.evaluation.tasks.registry import register_task
from langsamp.evaluation.tasks.task import METRICS, Kind, Task, TaskData

_LAYOUTS = {
    "retrieval": "pairs of files <tag>-eng_Latn.<tag> and <tag>-eng_Latn.eng_Latn, line by line translations",
    "sequence-classification": "<tag>/{train,dev,test}.tsv with a header `label text`, columns separated by tabs",
    "token-classification": "<tag>/{train,dev,test}.tsv with lines `word TAB label`, a blank line between sentences",
}


class TaskFile(Config):
    """What the YAML file of a task holds."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # labels may be numbers: stars, classes

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """What tables call it."""
    kind: Kind
    measures: str
    """What a high score means, in one sentence."""
    labels: tuple[str, ...] = ()
    """The classes, in the order of their numbers; none for retrieval."""
    data: Path
    """Folder of the data, from the folder of the YAML file."""
    metric: str | None = None
    """The main number, one of `METRICS`; None for the usual one of its kind."""
    licence: str = "not said"


def load_task(path: Path) -> Task:
    """The task that a YAML file describes, registered under its name.

    Raises:
        DataMissingError: where there is no such file.
        UserError: where it is no YAML mapping, a key or value is wrong, or the name is taken.
    """
    if not path.is_file():
        raise DataMissingError(f"no task file at {path}: expected a YAML file that describes a task")
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as YAML: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of a task's keys, got {type(content).__name__}")
    described = checked(TaskFile, content, source=str(path))
    return register_task(_task(described, path.resolve().parent / described.data), again=True)


def _task(described: TaskFile, folder: Path) -> Task:
    layout = f"Lay them out as {_LAYOUTS[described.kind]} in {folder}"
    return Task(
        name=described.name,
        measures=described.measures,
        kind=described.kind,
        metric=described.metric or METRICS[described.kind][0],
        open=lambda where: _reader(described, folder, where, layout=layout),
        languages="every tag with a test set",
        licence=described.licence,
        origin=layout,
        labels=described.labels,
    )


def _reader(described: TaskFile, folder: Path, where: TaskData, *, layout: str) -> Any:
    if not folder.is_dir():
        raise DataMissingError(f"{described.name}: there is no folder {folder}. {layout}")
    if described.kind == "retrieval":
        pairs = PairFiles.in_folders([folder], lambda path, prefix: prefix is None)
        if not pairs.tags:
            raise DataMissingError(f"{described.name}: no pair of files was found in {folder}. {layout}")
        return pairs
    if described.kind == "sequence-classification":
        table = Table(
            columns=("label", "text"), label="label", text="text", has_header=True, labels=described.labels,
            protocol=where.protocol,
        )  # fmt: skip
        return find_files(described.name, folder, [tag_folders(table.read)], missing=layout)
    columns = TaggedColumns(labels=described.labels, without_label=None)
    return find_files(described.name, folder, [tag_folders(columns.read)], missing=layout)
