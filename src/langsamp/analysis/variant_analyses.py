"""Analyses of models side by side: an ablation, and means by language family. Per cent and points."""

from typing import ClassVar

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.variants_record import Contrast, FamilyMean, VariantMean


class AblationAnalysis(Analysis):
    """The variants of runs on each task and group."""

    kind: ClassVar[str] = "ablation"

    variants: tuple[str, ...]
    """In order."""
    missing: tuple[str, ...]
    """Of `ablation.EXPECTED`."""
    ablation: tuple[VariantMean, ...]
    contrasts: tuple[Contrast, ...]


class FamiliesAnalysis(Analysis):
    """Families x tasks x models."""

    kind: ClassVar[str] = "families"

    models: tuple[str, ...]
    families: tuple[FamilyMean, ...]

    @property
    def compares(self) -> bool:
        """Whether two models stand against each other."""
        return any(line.difference == line.difference for line in self.families)
