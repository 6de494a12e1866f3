"""What analyses of models side by side hold: an ablation, and means by language family. Per cent and points."""

from typing import NamedTuple


class VariantMean(NamedTuple):
    """One variant on one task over one group of languages."""

    task: str
    """With what sets the way of scoring apart, where there are several."""
    variant: str
    """Its place before it, as `first:both`, where several runs have models of one name."""
    name: str
    """What readers call it."""
    group: str
    mean: float
    """Over languages."""
    deviation: float
    """Of that mean over replicates (`scores.systems.replicates`); NaN with one."""
    seeds: int
    languages: int
    difference: float
    """To the baseline `none`, with its 95 % interval, clustered on family."""
    low: float
    high: float
    p: float
    """Wilcoxon over languages."""
    q: float
    """Benjamini and Hochberg over tasks and variants of a group."""
    told_apart: bool
    """q < 0.05 and the interval excludes zero."""
    is_best: bool
    """The highest mean."""


class Contrast(NamedTuple):
    """Two variants whose difference isolates one thing: second - first on one task over one group."""

    task: str
    contrast: str
    """A key of `ablation.CONTRASTS`, or `best`."""
    first: str
    second: str
    group: str
    difference: float
    low: float
    high: float
    p: float
    q: float
    """Over tasks and contrasts of a group."""
    told_apart: bool


class FamilyMean(NamedTuple):
    """One model on one task over one family of languages."""

    task: str
    model: str
    """As tables call it; the trainings of a variant stand together."""
    family: str
    """Glottolog's code, `other`, or `all`."""
    family_name: str
    mean: float
    """Over languages."""
    deviation: float
    """Of that mean over replicates (`scores.systems.replicates`); NaN with one."""
    seeds: int
    languages: int
    difference: float
    """Of the second of two models to the first, with its 95 % interval over the languages of the family."""
    low: float
    high: float
    p: float
    """Wilcoxon over languages."""
