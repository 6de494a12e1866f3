"""The lines of `log.jsonl` as they are read back: JSON objects, each with a checksum of itself."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from langsamp.disk.files import as_record
from langsamp.disk.seals import is_signed
from langsamp.errors import DamagedError

_REMEDY = "put the file back from a copy, or delete that line"


class _Line(BaseModel):
    """What every line of the log holds."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str
    step: Annotated[int, Field(ge=0)]


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a training's log, without their checksums; none where there is no file.

    A last line that a kill cut short is left out. Lines that were written by hand have no checksum, then none has.

    Raises:
        DamagedError: where a line is not as it was written; its number is named.
    """
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    if _is_cut(lines[-1]):
        lines.pop()
    where = [f"{path}, line {number}" for number in range(1, len(lines) + 1)]
    contents = [_parsed(line, place) for line, place in zip(lines, where, strict=True)]
    is_written_by_us = any("checksum" in content for content in contents)
    for content, place in zip(contents, where, strict=True):
        if is_written_by_us and not is_signed(content):
            raise DamagedError(f"{place} does not match its own checksum; {_REMEDY}")
    return [{key: value for key, value in content.items() if key != "checksum"} for content in contents]


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise DamagedError(f"{where} is not readable as JSON ({error}); {_REMEDY}") from None
    as_record(_Line, content, Path(where), remedy=_REMEDY)
    return dict(content)


def _is_cut(line: bytes) -> bool:
    """Whether a last line is empty or ends inside its object; one with an end, and more behind it, is damaged."""
    try:
        json.JSONDecoder().raw_decode(line.decode())
    except ValueError:
        return True
    return False
