"""Turns, ratios and memory of another process."""

import operator

import pytest

from langsamp.bench.timing import Alone, Times, alternate, compared


def test_variants_take_turns() -> None:
    calls: list[str] = []
    taken = alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3, title="turns")
    assert "".join(calls) == "abbaab"
    assert {name: len(times) for name, times in taken.items()} == {"a": 3, "b": 3}


def test_ratios_are_of_the_same_round() -> None:
    # both slow down tenfold in the last round; the second is twice as fast in each
    slow = [Times(2.0, 1.0), Times(2.0, 1.0), Times(20.0, 10.0)]
    fast = [Times(each.seconds / 2, each.cpu_seconds) for each in slow]
    reference, ours = compared({"slow": slow, "fast": fast}, amount=10, peaks={"fast": 7.0})
    assert (reference.ratio, reference.spread, reference.rate, reference.peak_mib) == (1.0, (1.0, 1.0), 5.0, None)
    assert (ours.ratio, ours.seconds, ours.cpu_seconds, ours.rate, ours.peak_mib) == (2.0, 1.0, 1.0, 10.0, 7.0)
    assert (reference.cpu_ratio, ours.cpu_ratio) == (1.0, 1.0)


def test_one_round_has_no_spread() -> None:
    (row,) = compared({"only": [Times(1.0, 1.0)]})
    assert row.spread == (1.0, 1.0)


def test_memory_is_that_of_the_child_alone() -> None:
    ballast = b"x" * (300 << 20)  # ours, and none of the child's
    small, large = (Alone().peak_mib(operator.mul, b"x", size << 20) for size in (1, 101))
    assert small < 200
    assert large - small == pytest.approx(100, abs=20)
    assert ballast


def test_a_failure_in_the_child_is_ours() -> None:
    with pytest.raises(ZeroDivisionError):
        Alone("forkserver").peak_mib(operator.truediv, 1, 0)
