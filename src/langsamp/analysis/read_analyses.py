"""Analyses of any kind, as they lie in a run."""

from pathlib import Path

from langsamp.analysis.analysis import RECORD, Analysis, remedy_of
from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.analysis.neutrality.record import NeutralityAnalysis
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.disk.files import read_versioned
from langsamp.disk.seals import CHECKSUMS, check_sealed
from langsamp.errors import DamagedError

_KINDS: dict[str, type[Analysis]] = {
    each.kind: each
    for each in (
        VectorsAnalysis, IdentificationAnalysis, NeutralityAnalysis, DonorsAnalysis, TransferAnalysis,
        AblationAnalysis, FamiliesAnalysis,
    )
}  # fmt: skip


def read_analysis(folder: Path) -> Analysis:
    """The analysis that was saved as `folder`, as the class of its kind.

    Raises:
        DamagedError: where a file of it is absent or not as it was written.
    """
    remedy = remedy_of(folder)
    check_sealed(folder, remedy=remedy)
    kind = read_versioned(folder / RECORD, remedy=remedy).get("kind")
    if kind not in _KINDS:
        raise DamagedError(f"{folder / RECORD} is of the kind {kind!r}, expected {', '.join(_KINDS)}; {remedy}")
    return _KINDS[kind].load(folder)


def read_analyses(folder: Path) -> tuple[Analysis, ...]:
    """Every analysis that lies in `folder` (a run's `analysis/`), by folder name; none where there is no such folder.

    Raises:
        DamagedError: where one cannot be read.
    """
    folders = {path.parent for name in (RECORD, CHECKSUMS) for path in folder.glob(f"[!.]*/{name}")}
    return tuple(map(read_analysis, sorted(folders)))
