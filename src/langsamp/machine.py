"""Which machine this is: its processor, the cores and the memory that this process may use, what it takes and keeps."""

import ctypes
import os
import platform
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")
_LIMITS = Path("/sys/fs/cgroup")
_REFUSED = re.compile(r"DefaultCPUAllocator: can't allocate memory: you tried to allocate (\d+) bytes")
"""What torch says where the system refuses memory of the processor."""
"""Where Linux keeps the limits of a container (control groups, version 2)."""

_BF16 = ("amx_bf16", "avx512_bf16", "avx_ne_convert", "bf16")

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -2, -3, -4
"""Settings of glibc's allocator (`man mallopt`)."""
_KEEPING = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: 64 << 20}
_USUAL = {_MMAP_MAX: 65_536, _MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20, _TOP_PAD: 128 << 10}
"""What glibc itself arrives at after some large allocations."""


def processor() -> str:
    """The processor's name."""
    return _cpu_info("model name") or platform.processor() or platform.machine()


def processor_flags() -> frozenset[str]:
    """What the processor can do, in Linux's words (`avx512f`, `avx512_bf16` ...); empty elsewhere."""
    return frozenset((_cpu_info("flags") or _cpu_info("Features")).split())


def bf16_instructions() -> tuple[str, ...] | None:
    """Processor flags that mean products of bf16 numbers in hardware; None where the system does not tell any flag.

    Without them torch computes bf16 in software, several times slower than fp32 (docs/performance.md).
    """
    flags = processor_flags()
    return tuple(flag for flag in _BF16 if flag in flags) if flags else None


def usable_cores() -> int:
    """Cores that this process may use: all, or fewer where it is bound to some or its container is limited."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota, _, period = _limit("cpu.max").partition(" ")
    return max(1, min(cores, int(quota) // int(period))) if quota.isdigit() else cores


def cores_of_each(number: int) -> int:
    """Cores that each of `number` processes side by side may use, one at least."""
    return max(1, usable_cores() // number)


def most_open_files() -> int:
    """Files that this process may have open at once, the soft limit (`ulimit -n`)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def memory_bytes() -> int:
    """Memory of the machine or, where it is less, of the container."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _limit("memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def available_memory_bytes() -> int:
    """Memory that can still be taken without swapping; all of it where the system does not tell."""
    available = memory_bytes()
    if sys.platform == "linux":
        available = min(available, _kib(Path("/proc/meminfo"), "MemAvailable"))
    used = _limit("memory.current")
    return min(available, memory_bytes() - int(used)) if used.isdigit() else available


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far.

    On Linux not `ru_maxrss`: a new process inherits that from its parent, so a small child of a large parent looks
    large.
    """
    if sys.platform == "linux":
        return _kib(Path("/proc/self/status"), "VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


def resident_memory_bytes() -> int:
    """The memory that this process holds now; the most so far, where the system does not tell."""
    return _kib(Path("/proc/self/status"), "VmRSS") if sys.platform == "linux" else peak_memory_bytes()


def out_of_memory(error: RuntimeError) -> str:
    """What memory did not suffice for, in words; empty where `error` is another one.

    torch has an error of its own for the memory of accelerators alone.
    """
    if type(error).__name__ == "OutOfMemoryError":  # of torch, which not everybody has imported
        return str(error).partition(".")[0]
    refused = _REFUSED.search(str(error))
    return "" if refused is None else f"{int(refused[1]) / (1 << 30):.1f} GiB more could not be had"


@contextmanager
def keeping_freed_memory() -> Iterator[None]:
    """Within this block the process keeps what it frees for what it allocates next; at its end it gives it back.

    Otherwise large arrays come anew from the system each time, which clears them page by page: up to a third of a
    training step on a CPU. For glibc's allocator; with another one nothing changes.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallopt") or not hasattr(library, "malloc_trim"):
        yield
        return
    for setting, value in _KEEPING.items():
        library.mallopt(setting, value)
    try:
        yield
    finally:
        for setting, value in _USUAL.items():
            library.mallopt(setting, value)
        library.malloc_trim(0)


def _cpu_info(key: str) -> str:
    if not _CPU_INFO.is_file():
        return ""
    for line in _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _kib(file: Path, key: str) -> int:
    """A size like `VmHWM:  123 kB` of a file of the kernel, in bytes."""
    line = next(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) << 10


def _limit(name: str) -> str:
    """A limit of this container; empty where there is none."""
    file = _LIMITS / name
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""
