"""Which examples move the weights when, and at which rate: the whole difference between the protocols' training.

All of it is arithmetic over (number of examples, settings, seed), known before the first update. A part is the examples
whose mean loss is taken at once; an update adds up the means of its parts, each divided by `accumulation`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langsamp.evaluation.protocols import FineTuning


@dataclass(frozen=True, kw_only=True)
class Update:
    """One step of the optimizer."""

    number: int
    """Counts from 1."""
    epoch: int
    """Counts from 1."""
    parts: tuple[NDArray[np.int64], ...]
    """The examples whose losses count."""
    passed: NDArray[np.int64]
    """The examples that are over with this update, also those that the original protocol loses."""
    rate: float
    """Learning rate."""
    looks: bool
    """Whether the dev set is looked at afterwards."""


def updates(num_examples: int, settings: FineTuning, *, seed: int) -> Iterator[Update]:
    """All updates of a training; the order within an epoch is a pure function of (seed, epoch)."""
    size = settings.batch_size // settings.accumulation
    total, horizon = num_updates(num_examples, settings), _horizon(num_examples, settings)
    number, waiting = 0, []
    for epoch in range(1, settings.epochs + 1):
        order = np.random.default_rng([seed, epoch]).permutation(num_examples)
        parts = [order[first : first + size] for first in range(0, num_examples, size)]
        final = _per_epoch(num_examples, settings) * settings.accumulation
        for count, part in enumerate(parts, start=1):
            waiting.append(part)
            if count % settings.accumulation and (count < len(parts) or settings.carries_parts):
                continue
            number += 1
            yield Update(
                number=number,
                epoch=epoch,
                parts=tuple(waiting[-1:] if settings.drops_parts else waiting),
                passed=np.concatenate(waiting),
                rate=settings.learning_rate * (1 - (number - (not settings.schedule_first)) / horizon),
                looks=count >= min(final, len(parts))
                if settings.select_every is None
                else number % settings.select_every == 0 or number == total,
            )
            waiting = []


def num_updates(num_examples: int, settings: FineTuning) -> int:
    """How many updates there are; under `carries_parts` too few examples give none."""
    return settings.epochs * _per_epoch(num_examples, settings)


def num_looks(num_examples: int, settings: FineTuning) -> int:
    """How often the dev set is looked at."""
    total = num_updates(num_examples, settings)
    if settings.select_every is None:
        return settings.epochs if total else 0
    return math.ceil(total / settings.select_every)


def _num_parts(num_examples: int, settings: FineTuning) -> int:
    return math.ceil(num_examples / (settings.batch_size // settings.accumulation))


def _per_epoch(num_examples: int, settings: FineTuning) -> int:
    batches = _num_parts(num_examples, settings) / settings.accumulation
    return math.floor(batches) if settings.carries_parts else math.ceil(batches)


def _horizon(num_examples: int, settings: FineTuning) -> int:
    """Updates after which the rate would be 0."""
    if settings.drops_parts:
        return settings.epochs * _num_parts(num_examples, settings)
    return num_updates(num_examples, settings)
