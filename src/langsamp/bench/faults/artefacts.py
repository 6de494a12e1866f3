"""What a run has left on the disk: the same, whatever happened on the way there, but for what tells the time."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file

from langsamp.disk.seals import CHECKSUMS
from langsamp.provenance import file_sha256

_TELL_TIME = {"provenance.json", "checkpoint.json", "cell.json", "log.jsonl", CHECKSUMS}
_TIMES = {"tokens_per_second", "data_wait", "seconds", "checksum"}
_TIMES_OF_A_PAGE = re.compile(
    rb"(?<=, finished )[^<]*|(?<=<dt>Time of the last command</dt><dd>)[^<]*|(?<=<dt>Peak memory</dt><dd>)[^<]*"
)
_OF_OLDER_CHECKPOINTS = re.compile(r".*/checkpoints/step-\d+/.*")


def content(folder: Path) -> dict[str, str]:
    """Digest of every file that can be seen and does not tell the time."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.name not in _TELL_TIME]
    return {str(path): _digest(folder / path) for path in files if not any(part[0] == "." for part in path.parts)}


def kind(name: str) -> str:
    """What the file of this name holds: `rows`, `weights`, `scores`, or `others`."""
    if PurePath(name).name in ("scores.parquet", "predictions.parquet"):
        return "scores"
    return {".ids": "rows", ".safetensors": "weights"}.get(PurePath(name).suffix, "others")


def stamps(folder: Path) -> dict[Path, int]:
    """When all that lies in `folder`, hidden or not, was last changed."""
    times = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # what a killed process has started may still take its files away
            times[path] = path.lstat().st_mtime_ns
    return times


def curves(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The lines of every training's log without what tells time."""
    return {
        str(path.relative_to(folder)): [
            {key: value for key, value in json.loads(line).items() if key not in _TIMES}
            for line in path.read_text("utf-8").splitlines()
        ]
        for path in folder.rglob("log.jsonl")
    }


def differences(folder: Path, whole: Mapping[str, str]) -> Iterator[str]:
    """What in `folder` is not as in one whose `content` was `whole`, and what is left over of something half-done.

    A training that was killed before it could delete an older checkpoint may keep that.
    """
    now = content(folder)
    for name in sorted({name for name, _ in now.items() ^ whole.items()}):
        if name not in now:
            yield f"{name} is missing"
        elif name in whole:
            yield f"{name} has another content"
        elif not _OF_OLDER_CHECKPOINTS.fullmatch(name):
            yield f"{name} is too much"
    yield from (f"{path.relative_to(folder)} is left over" for path in folder.rglob(".*"))


def _digest(path: Path) -> str:
    if path.suffix == ".html":
        return hashlib.sha256(_TIMES_OF_A_PAGE.sub(b"", path.read_bytes())).hexdigest()
    if path.suffix != ".safetensors":
        return file_sha256(path)
    try:
        tensors = sorted(load_file(path).items())  # the header's order is another each time
    except SafetensorError:
        return "damaged"
    return hashlib.sha256(b"".join(name.encode() + tensor.tobytes() for name, tensor in tensors)).hexdigest()
