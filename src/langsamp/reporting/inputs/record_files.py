"""The single files of a run as the report reads them: each through the record that was written, or named as damaged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict

from langsamp.config import expanded
from langsamp.disk.files import as_record, read_versioned
from langsamp.disk.seals import check_last_line, check_sealed, is_sealed, read_record
from langsamp.errors import DamagedError
from langsamp.model.conditioning import EXPORT_AGAIN
from langsamp.scores.cells import FailureRecord, ModelRecord
from langsamp.scores.score_table import read_score_table

_RECIPE = "put the run's own recipe back; `langsamp run` with it writes that file again"
_AGAIN = "`langsamp evaluate`, or `langsamp run`, writes it again"


class _Provenance(BaseModel):
    """What is asked of a provenance, of a run or of an export."""

    model_config = ConfigDict(extra="allow", frozen=True)

    versions: Mapping[str, str]


def recipe_text(path: Path) -> str:
    """The recipe of a run as text, with its checksum in the last line.

    Raises:
        DamagedError: where it is no text, or not as it was written.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DamagedError(f"{path} is not readable as text ({error}); {_RECIPE}") from None
    check_last_line(text, path, remedy=f"{_RECIPE}. Where it was changed on purpose, delete its last line")
    return text


def recipe_of(text: str, path: Path) -> Mapping[str, Any]:
    """The recipe that a text from `path` says.

    Raises:
        DamagedError: where it is no mapping in YAML.
        UserError: where somebody put a variable into it that is not set.
    """
    try:
        recipe = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a day that there is not
        raise DamagedError(f"{path} is not readable as YAML ({error}); {_RECIPE}") from None
    if not isinstance(recipe, Mapping):
        raise DamagedError(f"{path} should hold `key: value` lines, got {type(recipe).__name__}; {_RECIPE}")
    return dict(expanded(recipe, where=str(path)))


def run_provenance(path: Path) -> dict[str, Any]:
    """Where a run comes from; empty where there is no such file.

    Raises:
        DamagedError: where it is not as it was written.
    """
    if not path.is_file():
        return {}
    remedy = f"nothing is computed from it: delete {path}"
    return read_record(_Provenance, path, remedy=remedy).model_dump(mode="json")


def export_provenance(export: Path) -> dict[str, Any]:
    """Where an export comes from; empty where there is no such file.

    Raises:
        DamagedError: where it is not as it was written.
    """
    path = export / "provenance.json"
    if not path.is_file():
        return {}
    if is_sealed(export):
        check_sealed(export, remedy=EXPORT_AGAIN, only=[path.name])
    content = read_versioned(path, remedy=EXPORT_AGAIN)
    return as_record(_Provenance, content, path, remedy=EXPORT_AGAIN).model_dump(mode="json")


def scores_of(path: Path) -> pd.DataFrame | None:
    """The table of scores in a file; None where there is none.

    Raises:
        DamagedError: where it is no such table, or not as it was written.
    """
    if not path.is_file():
        return None
    scores = read_score_table(path)
    words: list[str] = list(scores.select_dtypes(include="string").columns)
    return scores.astype(dict.fromkeys(words, object))  # which are read one by one in many places


Record = TypeVar("Record", ModelRecord, FailureRecord)


def records_of(evaluation: Path, names: str, kind: type[Record]) -> dict[str, Record]:
    """The small records of an evaluation by name: `models`, what tables call them, `failed`, cells that gave nothing.

    Raises:
        DamagedError: where a file is not as it was written.
    """
    paths = sorted(evaluation.glob(f"{names}/[!.]*.json"))
    return {path.stem: read_record(kind, path, remedy=f"delete that file: {_AGAIN}") for path in paths}
