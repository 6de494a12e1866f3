"""What a run's analyses could not make, written down for the report, which reads it without torch or a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from langsamp.disk.layout import RunLayout
from langsamp.disk.seals import read_record, write_record


class Unmade(NamedTuple):
    """An analysis that was not made."""

    name: str
    reason: str
    has_failed: bool
    """True where it was to be made; False where what it needs is not there, such as vectors enough to compare."""

    def __str__(self) -> str:
        """One sentence for the terminal and the report."""
        return f"no analysis {self.name}: {self.reason}"


class _UnmadeRecord(BaseModel):
    """What the file of analyses that were not made holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unmade: tuple[Unmade, ...]


def write_unmade(run: Path, unmade: Sequence[Unmade]) -> None:
    """Write down what was not made; nothing stays where all was.

    Raises:
        UserError: where the run's folder cannot be written.
    """
    if unmade:
        write_record(RunLayout(run).unmade, _UnmadeRecord(unmade=tuple(unmade)).model_dump(mode="json"))
    else:
        RunLayout(run).unmade.unlink(missing_ok=True)


def read_unmade(run: Path) -> list[Unmade]:
    """What the last analyses of a run could not make.

    Raises:
        DamagedError: where that was written down and is not as it was written.
    """
    path = RunLayout(run).unmade
    if not path.is_file():
        return []
    return [*read_record(_UnmadeRecord, path, remedy=f"delete {path} and run the recipe again").unmade]
