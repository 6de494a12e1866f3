"""What an analysis of donors holds."""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from langsamp.analysis.analysis import Analysis


class Donor(NamedTuple):
    """One candidate for one target."""

    target: str
    target_name: str
    rank: int
    """From 1, best first."""
    donor: str
    donor_name: str
    basis: Literal["vectors", "kinship"]
    """What ranks: cosines of language vectors, or, where the target has no trained vector, kinship."""
    cosine: float
    """NaN by kinship."""
    same_family: bool
    same_script: bool
    tree_distance: int | None
    """Edges in Glottolog's tree."""
    kilometres: float
    donor_rows: int
    """Training rows of the tag."""
    target_rows: int
    english_rank: int | None
    """None where English is no candidate."""
    english_cosine: float
    target_warnings: str
    donor_warnings: str
    warnings: str
    """Those of the target and of the donor."""


class DonorsAnalysis(Analysis):
    """Donors of some targets, or of every language of a model."""

    kind: ClassVar[str] = "donors"

    candidates: tuple[str, ...]
    """Tags."""
    targets: tuple[str, ...]
    untrained_targets: tuple[str, ...]
    closest: Mapping[str, str]
    """The first donor by target, only where vectors rank."""
    nearest: Mapping[str, tuple[tuple[str, float], ...]]
    """By target the three closest of all trained languages, with cosines."""
    chance_cosine: float
    """See `analyse.chance_cosine`."""
    items: Mapping[str, Mapping[str, int]]
    """By task and candidate its training items; one without any is missing."""
    donors: tuple[Donor, ...]

    def of(self, target: str) -> list[Donor]:
        """The donors of one target, best first."""
        return [donor for donor in self.donors if donor.target == target]

    @property
    def first(self) -> list[Donor]:
        """The best donor of every target."""
        return [donor for donor in self.donors if donor.rank == 1]
