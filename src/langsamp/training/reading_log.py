"""The lines of `log.jsonl` as they are read back: JSON objects, each with a checksum of itself; and by their kind."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from langsamp.disk.files import as_record
from langsamp.disk.seals import is_signed
from langsamp.errors import DamagedError

_REMEDY = "put the file back from a copy, or delete that line"


class Line(BaseModel):
    """What every line of the log holds."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str
    step: Annotated[int, Field(ge=0)]


class TrainLine(Line):
    """A step, or several that were logged together."""

    loss: float
    tokens_per_second: float | None = None
    data_wait: float | None = None
    """Share of the time."""
    seconds: float | None = None
    """Since the start."""


class TagLoss(BaseModel):
    """One tag on held-out rows."""

    model_config = ConfigDict(extra="allow", frozen=True)

    loss: float
    bits_per_byte: float | None = None


class HeldOutLine(Line):
    """Means over languages on held-out rows; None where there were none."""

    loss: float | None = None
    accuracy: float | None = None
    bits_per_byte: float | None = None
    tags: Mapping[str, TagLoss] = {}


class ScoresLine(Line):
    """Scores that were taken while it trained: beside these fields the mean over languages of each task in `tags`."""

    tags: Mapping[str, Any]
    """By task."""
    settings: Any = None
    """How they were taken."""

    def score(self, task: str) -> float:
        """The mean over languages, per cent."""
        return float((self.model_extra or {}).get(task, "nan"))


class TrainingLines(NamedTuple):
    """The lines of a log by kind and step; of a step done twice (resumed from an earlier checkpoint) the later one."""

    train: tuple[TrainLine, ...] = ()
    held_out: tuple[HeldOutLine, ...] = ()
    monitored: tuple[ScoresLine, ...] = ()


Kind = TypeVar("Kind", bound=Line)


_MARGIN = 1.05
"""A loss that is higher by less than this may be so by the rows of its last steps."""


def learned_nothing(log: TrainingLines, *, vocabulary_size: int) -> str:
    """Why a training's last loss tells that it learned nothing, a clause; empty where it does not.

    That is a loss above that of a guess among all tokens, or above what the encoder had that was continued.
    """
    measured = [(line.step, line.loss) for line in log.held_out if line.loss is not None]
    if not measured and not log.train:
        return ""
    kind = "held-out loss" if measured else "loss"
    last, guess = measured[-1][1] if measured else log.train[-1].loss, math.log(vocabulary_size)
    if last > _MARGIN * guess:
        said = f"the {kind} ended at {last:.2f}, a guess among all {vocabulary_size:,} tokens has {guess:.2f}"
    elif len(measured) > 1 and measured[0][0] == 0 and last > _MARGIN * measured[0][1]:
        said = f"the {kind} rose from {measured[0][1]:.2f}, as the start had it, to {last:.2f}"
    else:
        return ""
    return f"{said}: nothing was learned; lower training.learning_rate or raise training.warmup_steps"


def read_lines(path: Path) -> TrainingLines:
    """What a training's log holds, none where there is no file.

    Raises:
        DamagedError: as `read_log` does, and where a line lacks what its kind has.
    """
    log = read_log(path)

    def of_kind(kind: str, owner: type[Kind]) -> tuple[Kind, ...]:
        lines = (as_record(owner, line, path, remedy=_REMEDY) for line in log if line.get("kind") == kind)
        by_step = {line.step: line for line in lines}
        return tuple(by_step[step] for step in sorted(by_step))

    return TrainingLines(
        of_kind("train", TrainLine), of_kind("held_out", HeldOutLine), of_kind("evaluation", ScoresLine)
    )


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
    contents = [_parsed(line, position) for line, position in zip(lines, where, strict=True)]
    is_written_by_us = any("checksum" in content for content in contents)
    for content, position in zip(contents, where, strict=True):
        if is_written_by_us and not is_signed(content):
            raise DamagedError(f"{position} does not match its own checksum; {_REMEDY}")
    return [{key: value for key, value in content.items() if key != "checksum"} for content in contents]


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise DamagedError(f"{where} is not readable as JSON ({error}); {_REMEDY}") from None
    as_record(Line, content, Path(where), remedy=_REMEDY)
    return dict(content)


def _is_cut(line: bytes) -> bool:
    """Whether a last line is empty or ends inside its object; one with an end, and more behind it, is damaged."""
    try:
        json.JSONDecoder().raw_decode(line.decode())
    except ValueError:
        return True
    return False
