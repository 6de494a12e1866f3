"""Measuring on a machine that others use too: variants take turns, so that a busy moment slows all of them alike."""

import contextlib
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median, quantiles
from typing import NamedTuple, ParamSpec, TypeVar

from langsamp.bench.record import Row
from langsamp.machine import peak_memory_bytes
from langsamp.progress import Bar

P = ParamSpec("P")
Variant = TypeVar("Variant")

TICK = 0.01
"""Seconds; what the system's count of processor time can tell apart."""


class Times(NamedTuple):
    """What one call took."""

    seconds: float
    cpu_seconds: float
    """Processor time of all threads, and of the child processes that ended meanwhile."""

    @classmethod
    def now(cls) -> "Times":
        """Readings of both clocks."""
        return cls(time.perf_counter(), sum(os.times()[:4]))

    def since(self, before: "Times") -> "Times":
        """What passed after `before`."""
        return Times(self.seconds - before.seconds, self.cpu_seconds - before.cpu_seconds)

    def shared(self, number: int) -> "Times":
        """What each of `number` equal parts took."""
        return Times(self.seconds / number, self.cpu_seconds / number)


def alternate(variants: Mapping[str, Callable[[], object]], *, rounds: int, title: str) -> dict[str, list[Times]]:
    """What each variant took in each round; all run once in every round, every other round in reverse order."""
    taken: dict[str, list[Times]] = {name: [] for name in variants}
    for _, name in in_turns(list(variants), rounds=rounds, title=title):
        with silence():
            began = Times.now()
            variants[name]()
            taken[name].append(Times.now().since(began))
    return taken


def in_turns(variants: Sequence[Variant], *, rounds: int, title: str) -> Iterator[tuple[int, Variant]]:
    """Each variant once in every round, with the round's number; every other round in reverse order."""
    with Bar(title, total=rounds * len(variants), unit="turns") as bar:
        for number in range(rounds):
            for variant in variants[:: -1 if number % 2 else 1]:
                yield number, variant
                bar.update()


def cpu_ratios(reference: Sequence[Times], ours: Sequence[Times]) -> list[float]:
    """Speed against the reference by processor time, round by round; what took less than a tick counts as one."""
    pairs = zip(reference, ours, strict=True)
    return [max(one.cpu_seconds, TICK) / max(other.cpu_seconds, TICK) for one, other in pairs]


def compared(
    taken: Mapping[str, Sequence[Times]], *, amount: float | None = None, peaks: Mapping[str, float] | None = None
) -> tuple[Row, ...]:
    """A row for each variant, the first of which is the reference; each call did `amount` units of work."""
    reference = next(iter(taken.values()))
    rows = []
    for name, times in taken.items():
        ratios = [theirs.seconds / ours.seconds for theirs, ours in zip(reference, times, strict=True)]
        seconds = median(each.seconds for each in times)
        rows.append(
            Row(
                variant=name,
                seconds=seconds,
                cpu_seconds=median(each.cpu_seconds for each in times),
                ratio=median(ratios),
                spread=_quartiles(ratios),
                cpu_ratio=median(cpu_ratios(reference, times)),
                rate=None if amount is None else amount / seconds,
                peak_mib=(peaks or {}).get(name),
            )
        )
    return tuple(rows)


@dataclass(frozen=True)
class Alone:
    """New processes, each of which does nothing but call one function, which is importable by name."""

    start: str = "spawn"
    """How they start: `spawn` counts what the function imports, and nothing else; `forkserver` starts at once and
    counts all that its server has imported, which is enough where nobody reads the number.
    """

    def peak_mib(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
        """The most memory that such a process holds, in MiB."""
        with ProcessPoolExecutor(1, mp_context=get_context(self.start)) as pool:
            return pool.submit(_peak_after, function, args, kwargs).result()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """No progress bars of what is measured among ours."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield


def _peak_after(function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> float:
    with silence():
        function(*args, **kwargs)
    return peak_memory_bytes() / 2**20


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
