"""What a benchmark found: times as ratios of one run, the targets they are held against, the machine they are from."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from langsamp.machine import memory_bytes, processor, usable_cores
from langsamp.provenance import SCHEMA, provenance


class Row(BaseModel):
    """One variant of one measurement."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: str
    """What was run."""
    group: str | None = None
    """Size of what it was run on, where a record has several; its first row is the reference of the group."""
    seconds: float | None = None
    """Median over the rounds."""
    cpu_seconds: float | None = None
    """Median of the processor time, over all threads and processes."""
    ratio: float | None = None
    """Speed against the reference: its seconds over ours in the same round, median over the rounds."""
    spread: tuple[float, float] | None = None
    """Lower and upper quartile of that ratio over the rounds."""
    cpu_ratio: float | None = None
    """The same of the processor time, which other programs on the machine disturb less."""
    rate: float | None = None
    """Units of work a second, of the kind that the record names."""
    share: float | None = None
    """Of the group's seconds together, where its rows are parts of one thing."""
    peak_mib: float | None = None
    """Most memory that a process held which did this and nothing else."""
    above_mib: float | None = None
    """Of that, what is over weights, gradients and optimizer state."""
    faults: int | None = None
    """How many times it was harmed."""
    at_work: int | None = None
    """Of these, after how many something on the disk was not as before."""
    too_late: int | None = None
    """How many times besides it was to be harmed, and was done before."""
    stood: int | None = None
    """Of `faults`, how many left no trace, or were found and named."""
    rows: int | None = None
    """Files of rows that were compared, by bytes."""
    weights: int | None = None
    """Files of weights that were compared, by the bits of each tensor."""
    scores: int | None = None
    """Files of scores that were compared, by bytes."""
    others: int | None = None
    """Other files that were compared, by bytes."""
    error: float | None = None
    """Largest difference from the exact result, as a share of its largest number."""


class Target(BaseModel):
    """A number that a measurement is held against."""

    model_config = ConfigDict(frozen=True)

    name: str
    measured: float
    limit: float
    at_most: bool = False
    """True where less is better."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_met(self) -> bool:
        """Whether `measured` is on the right side of `limit`."""
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def _machine() -> dict[str, Any]:
    return {
        "processor": processor(),
        "usable_cores": usable_cores(),
        "memory_gib": round(memory_bytes() / 2**30, 1),
        "load": round(os.getloadavg()[0], 1),
    }


class Record(BaseModel):
    """One benchmark, run once on one machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    name: str
    measures: str
    """What is compared with what, in a sentence or two."""
    unit: str
    """What `rate` counts."""
    rows: tuple[Row, ...]
    """The first one is the reference."""
    targets: tuple[Target, ...]
    settings: Mapping[str, Any]
    """Sizes of what was measured."""
    machine: Mapping[str, Any] = Field(default_factory=_machine)
    provenance: Mapping[str, Any] = Field(default_factory=provenance)
