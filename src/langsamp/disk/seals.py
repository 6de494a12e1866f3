"""The checksums of a folder's files, written last and compared before a file is used; and of single files, inside them.

A folder of ours that is whole holds `checksums.json`: size and sha256 of every other file in it. One that is without
(a stock model) is taken as it is. Files that were added later, pictures or notes, are nobody's business here.

Reading a file for its checksum costs what reading it once costs, about a second for each gigabyte. It is done once in a
process, and again only where the file changes on the disk.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from langsamp.addresses import with_addresses
from langsamp.disk.files import (
    PUT_BACK,
    Record,
    as_record,
    check_not_older,
    read_json,
    read_versioned,
    write_json,
    write_text,
)
from langsamp.errors import DamagedError
from langsamp.provenance import SCHEMA, file_sha256, fingerprint
from langsamp.remote.tree import SEAL
from langsamp.remote.working_copy import bring

CHECKSUMS = SEAL
_LAST_LINE = "# sha256 of the lines above: "


class Checksum(BaseModel):
    """What one file must be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bytes: int
    sha256: str


class Seal(BaseModel):
    """What `checksums.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    files: Mapping[str, Checksum]
    """By path in the folder, with `/` between its parts."""
    fingerprint: str
    """Of `files`, so that damage to this file is not taken for damage to others."""


class _Stamp(NamedTuple):
    """What changes with every change of a file, and not with the name of its folder."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "_Stamp":
        about = path.stat()
        return cls(about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


_verified: set[tuple[_Stamp, str]] = set()
"""Files that had this checksum when this process read or wrote them."""
_seals: dict[str, tuple[_Stamp, Seal]] = {}


def seal(folder: Path, *, known: Mapping[str, str] | None = None) -> None:
    """Write the checksums of all files in `folder`, which nobody uses before.

    Files whose sha256 is `known` since they were written are not read for it, but must be there.
    """
    sums = {}
    files = {path for path in folder.rglob("*") if path.is_file() and path != folder / CHECKSUMS}
    for path in sorted(files | {folder / name for name in known or ()}):
        name, stamp = path.relative_to(folder).as_posix(), _Stamp.of(path)
        digest = (known or {}).get(name)
        if digest is None:
            digest = file_sha256(path)
            _verified.add((stamp, digest))
        sums[name] = {"bytes": stamp.size, "sha256": digest}
    write_text(folder / CHECKSUMS, _text(sums))


def is_sealed(folder: Path) -> bool:
    """Whether damage to the files in `folder` can be seen."""
    return (folder / CHECKSUMS).is_file()


def read_seal(folder: Path, *, remedy: str) -> Seal:
    """What the files in `folder` must be.

    Raises:
        DamagedError: where `checksums.json` is absent or damaged; `remedy` is what to do.
    """
    path = folder / CHECKSUMS
    if not path.is_file():
        for record in sorted(folder.glob("*.json")):
            check_not_older(record, read_json(record, remedy=remedy))
        raise DamagedError(f"{path} is missing; {remedy}")
    name, stamp = str(path.absolute()), _Stamp.of(path)
    if name not in _seals or _seals[name][0] != stamp:
        content = read_versioned(path, remedy=remedy)
        known = as_record(Seal, content, path, remedy=remedy)
        if path.read_text(encoding="utf-8") != _text({key: each.model_dump() for key, each in known.files.items()}):
            raise DamagedError(f"{path} does not match its own checksum; {remedy}")
        _seals[name] = (stamp, known)
    return _seals[name][1]


def check_sealed(
    folder: Path, *, remedy: str, only: Collection[str] | None = None, may_lack: Collection[str] = ()
) -> Seal:
    """Accept the files of a sealed `folder`, or `only` those named, if each is as it was written; its seal.

    `remedy` is what to do about damage, at the cost of no more than what is damaged. Files that `may_lack` names may be
    absent.

    Raises:
        DamagedError: naming the first file that is missing, has another size or another content.
    """
    known = read_seal(folder, remedy=remedy)
    bring(folder, known.files if only is None else only)
    for name in known.files if only is None else only:
        path, wanted = folder / name, known.files.get(name)
        if wanted is None and name in may_lack:
            continue
        if wanted is None:
            raise DamagedError(f"{folder / CHECKSUMS} knows no {name}; {remedy}")
        if path.is_file():
            _check(path, wanted, remedy)
        elif name not in may_lack:
            raise DamagedError(f"{path} is missing; {remedy}")
    return known


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that stands alone, with a checksum of its content inside."""
    rest = _as_read({key: value for key, value in content.items() if key != "schema"})
    write_json(path, {"schema": SCHEMA, **rest, "checksum": fingerprint(rest)})


def read_record(owner: type[Record], path: Path, *, remedy: str = PUT_BACK) -> Record:
    """What `write_record` wrote, as the record that it is.

    Raises:
        DamagedError: where it is no JSON, of another schema, no such record, or not as it was written.
    """
    content = read_versioned(path, remedy=remedy)
    checksum = content.pop("checksum", None)
    del content["schema"]
    if checksum != fingerprint(content):
        raise DamagedError(f"{path} does not match its own checksum; {remedy}")
    return as_record(owner, content, path, remedy=remedy)


def with_last_line(text: str) -> str:
    """A text for people (YAML), with its checksum as a comment at the end."""
    return f"{text}{_LAST_LINE}{hashlib.sha256(text.encode()).hexdigest()}\n"


def check_last_line(text: str, path: Path, *, remedy: str) -> None:
    """Accept the text of a file that ends with no checksum, or with the right one.

    Raises:
        DamagedError: where it ends with another one.
    """
    above, line, _ = text.rpartition(_LAST_LINE)
    if line and with_last_line(above) != text:
        raise DamagedError(f"{path} does not match the checksum in its last line; {remedy}")


def has_last_line(path: Path) -> bool:
    """Whether a file ends with a checksum, right or wrong, as those do that a run writes for people."""
    return _LAST_LINE.encode() in path.read_bytes()


def signed_line(content: Mapping[str, Any]) -> str:
    """One line of JSON that ends with a checksum of the rest."""
    line = _as_read(content)
    return json.dumps({**line, "checksum": fingerprint(line)}) + "\n"


def is_signed(content: Mapping[str, Any]) -> bool:
    """Whether a line that was read is what `signed_line` wrote."""
    rest = {key: value for key, value in content.items() if key != "checksum"}
    return content.get("checksum") == fingerprint(rest)


def _as_read(content: Mapping[str, Any]) -> dict[str, Any]:
    """`content` as JSON gives it back, with text for every key, and as `write_text` writes it."""
    return dict(json.loads(with_addresses(json.dumps(content))))


def _text(sums: Mapping[str, Mapping[str, Any]]) -> str:
    return json.dumps({"schema": SCHEMA, "files": sums, "fingerprint": fingerprint(sums)}, indent=1) + "\n"


def _check(path: Path, wanted: Checksum, remedy: str) -> None:
    stamp = _Stamp.of(path)
    if (stamp, wanted.sha256) in _verified:
        return
    if stamp.size != wanted.bytes:
        raise DamagedError(f"{path} has {stamp.size:,} bytes, expected {wanted.bytes:,}; {remedy}")
    if file_sha256(path) != wanted.sha256:
        raise DamagedError(f"{path} does not match its checksum in {CHECKSUMS}; {remedy}")
    _verified.add((stamp, wanted.sha256))
