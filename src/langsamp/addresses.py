"""A place by its address (`s3://bucket/run`): the words that are one, whether it may be asked, and where it is here.

Locks, renames and memory maps need a disk, so what lies at an address is worked on in a folder of this machine, its
working copy: `FOLDER/NAME` below `copies_folder`, where FOLDER is a fingerprint of the address and NAME its last part.
"""

import hashlib
import os
import re
import sys
from functools import lru_cache
from pathlib import Path

from langsamp.errors import UserError

FOLDER_VARIABLE = "LANGSAMP_COPIES"
"""Names the folder of all working copies."""
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+([^/].*)", re.DOTALL)
"""Of `pathlib` as well, which makes one stroke of two."""
_NO_PLACE = re.compile(
    r"[a-z][a-z0-9+.-]+:///*|(s3|gs|gcs|abfs|az|hf|memory|file|local):/*|(?P<here>(file|local)://[^/].*)", re.DOTALL
)
_DISKS = ("file", "local")
_HERE = {"file", "local", "memory"}
"""Protocols that reach no other machine."""
_SERVERS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Variables that give one address of S3 several meanings."""
_OFFLINE = "HF_HUB_OFFLINE"
"""Of the hub: whether other machines are not to be asked for models, data and text."""
_COPY = re.compile(r"/([0-9a-f]{16})/")


def is_address(word: str) -> bool:
    """Whether this names something by `PROTOCOL://`, and no folder of this machine."""
    return "://" in word and address_of(word) is not None


def address_of(word: str | Path) -> str | None:
    """The address that is meant, in one spelling; None for a path, a hub id or any other word.

    Raises:
        UserError: for a protocol with no place behind it, and a path of this machine that does not begin at its root.
    """
    if match := _NO_PLACE.fullmatch(str(word)):
        said = "name what lies there, as in s3://bucket/run"
        if match["here"]:
            said = "a path of this machine has three strokes before it, as in file:///data/run"
        raise UserError(f"{word} is no address: {said}")
    match = _ADDRESS.fullmatch(str(word))
    if match is None:
        return None
    protocol, rest = match.groups()
    if protocol in _DISKS:
        return f"file://{os.path.normpath(f'/{rest}')}"
    return f"{protocol}://{rest.rstrip('/')}"


def is_elsewhere(address: str) -> bool:
    """Whether reading an address asks another machine."""
    return address.partition("://")[0] not in _HERE


def stay_offline() -> None:
    """Ask no other machine from now on, in this process and those that it starts; what was downloaded is used."""
    os.environ[_OFFLINE] = "1"
    if hub := sys.modules.get("huggingface_hub.constants"):  # it has read the variable already
        hub.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


def check_allowed(address: str) -> None:
    """Accept what lies on another machine.

    Raises:
        UserError: where other machines are not to be asked.
    """
    if os.environ.get(_OFFLINE, "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise UserError(
            f"{address} is on another machine, which is not asked (--offline, or {_OFFLINE} is set): name a folder of "
            "this one, or leave that out"
        )


def copies_folder() -> Path:
    """Where all working copies lie."""
    named = os.environ.get(FOLDER_VARIABLE)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "langsamp" / "outputs"
    return Path(named or cache).expanduser().resolve()


def working_folder(address: str) -> Path:
    """Where what lies at an address is worked on."""
    server = next((os.environ[name] for name in _SERVERS if os.environ.get(name)), "")
    digest = hashlib.sha256(f"{address}\n{server if address.startswith('s3') else ''}".encode()).hexdigest()[:16]
    return copies_folder() / digest / name_of(address)


def folder_of(named: str) -> Path:
    """The folder that a user's word means: that of this path, or where what lies at this address is worked on."""
    address = address_of(named)
    return Path(named) if address is None else working_folder(address)


def name_of(address: str) -> str:
    """The last part of an address."""
    return address.rpartition("/")[2]


def note_address(address: str, copy: Path) -> None:
    """Leave the address beside its working copy, for messages of every process."""
    file = _file(copy.parent)
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_name(f".address.{os.getpid()}")
        scratch.write_text(address, encoding="utf-8")
        scratch.replace(file)


@lru_cache(maxsize=256)
def noted_address(folder: Path) -> str | None:
    """The address whose working copy lies in `folder`; None where there is none."""
    file = _file(folder)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def with_addresses(text: str) -> str:
    """A message with addresses in place of their working copies."""
    root = str(copies_folder())
    if root not in text:
        return text
    for digest in dict.fromkeys(_COPY.findall(text)):
        if (address := noted_address(Path(root) / digest)) is not None:
            text = text.replace(f"{root}/{digest}/{name_of(address)}", address)
    return text


def _file(folder: Path) -> Path:
    return folder / "address"
