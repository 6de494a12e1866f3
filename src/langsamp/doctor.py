"""What this machine offers `langsamp`, what is missing, and how to get it; without a look at the network."""

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from langsamp.disk.files import free_bytes
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import TaskData
from langsamp.machine import available_memory_bytes, memory_bytes, processor, processor_flags, usable_cores

State = Literal["ok", "note", "problem"]

_US = "langsamp"
_NAMED = ("torch", "transformers", "tokenizers", "sentencepiece", "protobuf")
"""Packages whose versions are worth reading in any case; the last two read the tokenizers of XLM-R's kind."""
_DEVELOPMENT = "dev"
_BF16 = ("amx_bf16", "avx512_bf16", "avx_ne_convert", "bf16")
"""Processor flags that mean multiplication of bf16 numbers in hardware."""
_GIB = 1 << 30
_LITTLE_MEMORY, _TOO_LITTLE_MEMORY = 4 * _GIB, _GIB
_LITTLE_DISK, _TOO_LITTLE_DISK = 10 * _GIB, _GIB


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `note` is worth knowing, with `problem` something will not work."""

    name: str
    state: State
    observed: str
    mend: str = ""


def examine(folder: Path = Path()) -> list[Finding]:
    """What was found on this machine for work in `folder`."""
    parts = (_installed(), _processor(), _torch(), _memory(), _disk(folder), _hub(), _data())
    return [finding for part in parts for finding in part]


def _installed() -> Iterator[Finding]:
    try:
        ours = metadata(_US)
    except PackageNotFoundError:
        yield Finding(_US, "problem", "not installed, only its source is there", "pip install -e . in its folder")
        return
    yield _python(ours["Requires-Python"])
    yield from _packages()
    yield _extras([extra for extra in ours.get_all("Provides-Extra") or [] if extra != _DEVELOPMENT])


def _python(wanted: str) -> Finding:
    running = platform.python_version()
    if SpecifierSet(wanted).contains(running, prereleases=True):
        return Finding("Python", "ok", running)
    return Finding("Python", "problem", f"{running}, but {wanted} is needed", f"make an environment with {wanted}")


def _requirements(extra: str = "") -> list[Requirement]:
    """What our metadata ask for: always, or in addition for an extra."""
    wanted = [Requirement(line) for line in requires(_US) or ()]
    asked = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": extra})]
    return [each for each in asked if ("extra" in str(each.marker)) == bool(extra)]


def _lacking(requirement: Requirement) -> str | None:
    """What is wrong with an installed package, None where it is as needed."""
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return "not installed"
    fits = requirement.specifier.contains(installed, prereleases=True)
    return None if fits else f"{installed}, but {requirement.specifier} is needed"


def _is_there(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _packages() -> Iterator[Finding]:
    needed = _requirements()
    lacking = {requirement: wrong for requirement in needed if (wrong := _lacking(requirement))}
    for requirement, wrong in lacking.items():
        yield Finding(requirement.name, "problem", wrong, f"pip install '{requirement}'")
    good = [requirement.name for requirement in needed if requirement not in lacking]
    named = ", ".join(f"{name} {version(name)}" for name in _NAMED if _is_there(name))
    yield Finding("packages", "ok", f"{len(good)} of {len(needed)} as needed: {named}")


def _extras(extras: Sequence[str]) -> Finding:
    """The optional parts, and how to get those that are not there."""
    lacking = {extra: [lack for each in _requirements(extra) if (lack := _lacking(each))] for extra in extras}
    summary = ", ".join(f"{extra} {', '.join(wrong) or 'installed'}" for extra, wrong in lacking.items())
    missing = ",".join(extra for extra, wrong in lacking.items() if wrong)
    return (
        Finding("extras", "note", summary, f"pip install '{_US}[{missing}]'")
        if missing
        else Finding("extras", "ok", summary)
    )


def _processor() -> Iterator[Finding]:
    cores, present = usable_cores(), os.cpu_count()
    yield Finding("processor", "ok", f"{processor()}, {cores} of {present} cores usable")
    flags = processor_flags()
    if bf16_flags := [flag for flag in _BF16 if flag in flags]:
        yield Finding(
            "bf16", "ok", f"the processor computes in bf16 ({bf16_flags[0]}): training.precision bf16 is faster"
        )
    elif flags:
        yield Finding("bf16", "note", "the processor has no bf16 instructions", "keep training.precision fp32 on it")


def _torch() -> Iterator[Finding]:
    try:
        import torch
    except (ImportError, OSError) as error:
        again = "install torch again, see pytorch.org/get-started"
        yield Finding("torch", "problem", f"cannot be loaded: {str(error).splitlines()[0]}", again)
        return
    yield _threads(torch.get_num_threads())
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        yield Finding(
            f"GPU {number}", "ok", f"{torch.cuda.get_device_name(number)}, {_gib(free)} of {_gib(total)} free"
        )
    if torch.cuda.device_count():
        return
    if torch.accelerator.is_available():
        yield Finding("GPU", "ok", f"{torch.accelerator.current_accelerator()}")
    elif Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPUs only"
        mend = "install a torch that fits the driver, see pytorch.org/get-started"
        yield Finding("GPU", "note", f"there is an NVIDIA driver, but this torch (for {built}) finds no GPU", mend)
    else:
        yield Finding("GPU", "note", "none: training and evaluation run on the processor", "choose sizes to match")


def _threads(threads: int) -> Finding:
    cores = usable_cores()
    summary = f"torch computes in {threads} threads on {cores} usable cores"
    if threads > cores or threads == 1 < cores:  # fewer than all is right where two cores share one unit of arithmetic
        return Finding("threads", "note", summary, f"set OMP_NUM_THREADS={cores}")
    return Finding("threads", "ok", summary)


def _memory() -> Iterator[Finding]:
    free = available_memory_bytes()
    summary = f"{_gib(free)} of {_gib(memory_bytes())} free"
    if free < _TOO_LITTLE_MEMORY:
        yield Finding("memory", "problem", summary, "end other programs: even the quickstart needs 1 GiB")
    elif free < _LITTLE_MEMORY:
        yield Finding("memory", "note", summary, "enough for the quickstart; XLM-R base takes 4 GiB or more")
    else:
        yield Finding("memory", "ok", summary)


def _disk(folder: Path) -> Iterator[Finding]:
    free = free_bytes(folder)
    summary = f"{_gib(free)} free in {folder.absolute()}"
    if free < _TOO_LITTLE_DISK:
        yield Finding("disk", "problem", summary, "free some space or work in another folder")
    elif free < _LITTLE_DISK:
        # 278 M parameters with two moments of AdamW, in fp32
        yield Finding(
            "disk", "note", summary, "a checkpoint of XLM-R base takes 3.1 GiB; see training.keep_checkpoints"
        )
    else:
        yield Finding("disk", "ok", summary)
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            yield Finding("folder", "ok", "can be written to")
    except OSError as error:
        yield Finding(
            "folder", "problem", f"{existing} cannot be written to: {error.strerror}", "work in another folder"
        )


def _hub() -> Iterator[Finding]:
    """Where Hugging Face's libraries look for models, by their environment variables."""
    home = os.environ.get("HF_HOME") or f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    cache = os.environ.get("HF_HUB_CACHE") or f"{home}/hub"
    summary = f"{sum(1 for _ in Path(cache).expanduser().glob('models--*'))} models in the cache {cache}"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        yield Finding("hub", "note", f"offline by HF_HUB_OFFLINE, {summary}", "unset HF_HUB_OFFLINE to download models")
    else:
        yield Finding("hub", "ok", f"downloads allowed, {summary}")


def _data() -> Iterator[Finding]:
    """Which tasks find their text in the folder that LANGSAMP_DATA names."""
    name = os.environ.get("LANGSAMP_DATA")
    if not name:
        summary = "LANGSAMP_DATA is not set; the embedded tasks need no data"
        yield Finding("evaluation data", "note", summary, "for the others, set it to the folder that holds eval/")
        return
    folder = Path(name) / "eval" if (Path(name) / "eval").is_dir() else Path(name)
    for task in TASKS.values():
        if task.draws:
            continue
        try:
            tags = task.open(TaskData(data=folder)).tags
        except DataMissingError:
            yield Finding(
                task.name, "note", f"no data in {folder}", f"langsamp evaluate --task {task.name} says what it needs"
            )
        except UserError as error:
            yield Finding(task.name, "problem", str(error), "mend or remove these files")
        else:
            yield Finding(task.name, "ok", f"{len(tags)} languages in {folder}")


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
