"""What is known of this machine, and limits of a container."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from langsamp import machine


def test_this_machine_has_a_name_cores_and_memory() -> None:
    assert machine.processor()
    assert 1 <= machine.usable_cores() <= (os.cpu_count() or 1)
    assert 0 < machine.available_memory_bytes() <= machine.memory_bytes()
    assert 0 < machine.peak_memory_bytes() <= machine.memory_bytes()


def test_a_container_has_less(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "_LIMITS", tmp_path)
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text(f"{200 << 20}\n")
    (tmp_path / "memory.current").write_text(f"{50 << 20}\n")
    assert machine.usable_cores() == 1
    assert machine.memory_bytes() == 200 << 20
    assert machine.available_memory_bytes() == 150 << 20


def test_a_container_without_limits_has_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cores, memory = machine.usable_cores(), machine.memory_bytes()
    monkeypatch.setattr(machine, "_LIMITS", tmp_path)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert (machine.usable_cores(), machine.memory_bytes()) == (cores, memory)


def test_peak_memory_does_not_shrink() -> None:
    before = machine.peak_memory_bytes()
    ballast = b"x" * (100 << 20)
    peak = machine.peak_memory_bytes()
    del ballast
    slack = 1 << 20  # the kernel counts pages of each thread in small heaps
    assert machine.peak_memory_bytes() + slack >= peak >= before - slack


_KEEPING = """
import resource
from pathlib import Path
from langsamp import machine

def new_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        b"x" * (100 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

always, small = new_pages(), resident()
with machine.keeping_freed_memory():
    new_pages()
    print(always, new_pages(), resident() - small)
print(resident() - small)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_freed_memory_is_kept_for_the_next_allocation_and_given_back_at_the_end() -> None:
    answer = subprocess.run([sys.executable, "-c", _KEEPING], capture_output=True, text=True, check=True)
    always, kept, more, after = map(int, answer.stdout.split())
    if kept > always // 10:
        pytest.skip("another allocator than glibc's")
    assert more > 90 << 20
    assert after < 50 << 20
