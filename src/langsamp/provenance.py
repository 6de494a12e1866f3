"""Where a folder comes from: names made of content, settings that decide a result, versions, machine."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from langsamp.errors import UserError
from langsamp.machine import peak_memory_bytes

SCHEMA = 2
"""Version of every JSON file we write; readers refuse another one."""

_STARTED = time.monotonic()
_VERSIONED = ("langsamp", "torch", "transformers", "tokenizers", "accelerate", "numpy", "babel", "sentencepiece")


def file_sha256(path: Path) -> str:
    """Checksum of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(content: Any) -> str:
    """16 hexadecimal digits that name `content` (anything JSON can hold): equal content, equal name."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def differing_keys(mine: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Lines `key: theirs -> mine` for each leaf in which two nested mappings differ."""
    lines: list[str] = []
    for key in sorted(mine.keys() | theirs.keys()):
        ours, other, name = mine.get(key), theirs.get(key), f"{prefix}{key}"
        if isinstance(ours, Mapping) and isinstance(other, Mapping):
            lines += differing_keys(ours, other, f"{name}.")
        elif ours != other:
            lines.append(f"{name}: {other!r} -> {ours!r}")
    return lines


def check_same_recipe(mine: Mapping[str, Any], theirs: Mapping[str, Any], *, out: Path) -> None:
    """Accept what lies in `out` where it was made with `theirs`, and `mine` are the same settings.

    Raises:
        UserError: naming every one that differs.
    """
    if changes := differing_keys(mine, theirs):
        raise UserError(
            f"{out} was made with another recipe ({'; '.join(changes)}): choose another output folder, or delete that "
            "one"
        )


def provenance(**facts: Any) -> dict[str, Any]:
    """Where an output folder comes from: `facts`, versions, git revision, command line, wall time, peak memory."""
    return {
        "schema": SCHEMA,
        **facts,
        "versions": {"python": platform.python_version(), **_versions()},
        "git": _git_revision(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "machine": {"system": platform.platform(), "processors": os.cpu_count()},
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "wall_seconds": round(time.monotonic() - _STARTED, 1),
        "peak_memory_mib": peak_memory_bytes() >> 20,
    }


def _versions() -> dict[str, str]:
    versions = {}
    for name in _VERSIONED:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _git_revision() -> str | None:
    """The revision of this code, marked where a file of it was changed; None where it is in no repository.

    `git describe --dirty` would say both, but takes a lock, and leaves it behind where the disk is full.
    """
    try:
        revision = _git("describe", "--always", "--abbrev=12")
        is_changed = bool(_git("--no-optional-locks", "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{revision}-dirty" if is_changed else revision


def _git(*words: str) -> str:
    answer = subprocess.run(["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return answer.stdout.strip()
