"""Documents to rows on disk: packed token ids, a memory-mapped file per tag, a manifest written last.

A row is `row_tokens` tokens of the tag's documents one after another, each with its special tokens (`<s> ... </s>`), as
in the paper (section 4.1). Nothing is lost but the tail of each tag that fills no row. On request a row holds whole
documents instead, which then do not see each other.
"""

import mmap
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from langsamp.config import Config
from langsamp.data.packing import Delimiters
from langsamp.data.text.contamination import Overlap
from langsamp.disk.files import as_record, read_versioned
from langsamp.disk.seals import check_sealed
from langsamp.errors import DamagedError, DataMissingError
from langsamp.languages.tags import LangScript
from langsamp.machine import most_open_files
from langsamp.provenance import SCHEMA
from langsamp.remote.working_copy import bring

MANIFEST, TOKENIZER, PROVENANCE = "manifest.json", "tokenizer", "provenance.json"
_MOST_MAPS = 256
_LARGE = 2**28
"""Bytes from which a file is read row by row only: around each row of it the system would read 128 KiB that no step
asks for, while a smaller file is soon in memory as a whole, and the sooner the better."""


class RowsConfig(Config):
    """How documents become rows."""

    row_tokens: int = Field(default=512, ge=8)
    """Tokens of a row, special tokens included (paper: 512)."""
    held_out_rows: int = Field(default=8, ge=0)
    """Rows at each tag's end kept for held-out loss, but never more than a tenth of the tag's rows."""
    packing: Literal["concatenate", "best-fit"] = "concatenate"
    """`concatenate` fills every row and cuts documents at its end, as in the paper; `best-fit` puts whole documents
    into rows, pads what is left, and no token attends to another document's."""


class TagRows(BaseModel):
    """What the manifest says of one tag."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: int
    """Documents kept after cleaning."""
    dropped: Mapping[str, int]
    """Dropped documents by reason."""
    notes: tuple[str, ...] = ()
    """What a user should know of the text: which documents could not be read, and why."""
    bytes: int
    """UTF-8 bytes of the kept documents."""
    tokens: int
    """Tokens before packing, special tokens included."""
    ordinary_tokens: int
    """Tokens that are not special; `bytes / ordinary_tokens` turns loss into bits per byte."""
    unknown_share: float
    """Share of the tokens that stand for text, `<unk>` among them, that are `<unk>`."""
    byte_share: float = 0.0
    """Share of the ordinary tokens that are a byte of a character without a piece."""
    share_in_script: float
    """Share of the letters that belong to the tag's script."""
    garbled_share: float = 0.0
    """Share of the documents that were not decoded as they were encoded."""
    rows: int
    """Rows for training."""
    held_out_rows: int
    """Rows for held-out loss, stored after the training rows."""
    tail_tokens: int
    """Tokens after the last full row, the only ones lost."""
    padding_tokens: int = 0
    """Tokens of the rows that stand for nothing; they count as no tokens above."""
    overlap: Mapping[str, Overlap] = {}
    """What the text shares with test sets, by task: in the rows, or dropped where `corpus.decontaminate` says so."""
    sketch: tuple[int, ...] = ()
    """Digests of some documents, the same of the same ones (`tokens.sketch`)."""
    sha256: str
    """Checksum of the tag's file."""


class LookedFor(BaseModel):
    """Which test sentences were looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    """Names tasks and sentences by content."""
    sentences: Mapping[str, int]
    """Different ones by task."""


class Manifest(BaseModel):
    """The contents of a folder of prepared rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    fingerprint: str
    """Names the content: tokenizer, row length and every tag's file."""
    made_from: Mapping[str, object]
    """The settings and the text fingerprint that the rows were made from."""
    source: str
    licence: str | None
    remarks: tuple[str, ...] = ()
    """What of the source as a whole is left out."""
    tokenizer_fingerprint: str
    vocabulary_size: int
    row_tokens: int
    mask_id: int
    special_ids: tuple[int, ...]
    """Ids that stand for no text: of special tokens, and of no token at all."""
    tags: Mapping[str, TagRows]
    looked_for: LookedFor | None = None
    """The test sentences that were looked for in the text; null where none were."""
    frame: Delimiters | None = None
    """Where the rows hold whole documents: the ids around each, and of padding."""

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """What a user should know of the text, by tag."""
        return {tag: entry.notes for tag, entry in self.tags.items()}


class PreparedRows:
    """Rows on disk: ids per tag, memory-mapped when they are asked for, and what is needed to mask them.

    A map takes a file descriptor, of which a process may have 1,024, on some systems 256, while FineWeb-2 has 1,868
    tags: so the maps last used stay open, a quarter of the limit at most, and the others are opened anew (0.1 ms).
    """

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        """Open `folder`; with `verify` every file is read once and compared with its checksum.

        Raises:
            DataMissingError: where `folder` has no manifest (a folder without one does not exist).
            DamagedError: where a file is absent, cut short or changed; it is named.
        """
        self.folder = folder
        self.manifest = read_manifest(folder)
        bring(folder)
        if verify:
            _verify(folder, self.manifest)
        self.tags = [LangScript.parse(tag) for tag in self.manifest.tags]
        self.fingerprint = self.manifest.fingerprint
        self.row_tokens = self.manifest.row_tokens
        self.vocabulary_size = self.manifest.vocabulary_size
        self.mask_id = self.manifest.mask_id
        self.frame = self.manifest.frame
        is_special = np.isin(np.arange(self.vocabulary_size), self.manifest.special_ids)
        self.ordinary_ids: NDArray[np.int64] = np.flatnonzero(~is_special)
        self.sizes = [entry.rows for entry in self.manifest.tags.values()]
        for tag, entry in self.manifest.tags.items():
            self._check(tag, entry)
        self._map = lru_cache(maxsize=_most_maps())(self._mapped)

    @property
    def has_held_out(self) -> bool:
        """Whether any tag has held-out rows."""
        return any(entry.held_out_rows for entry in self.manifest.tags.values())

    def training(self, tag: int) -> NDArray[np.unsignedinteger]:
        """Training rows of the tag with this index, shape (rows, row_tokens), memory-mapped."""
        return self._map(tag)[: self.sizes[tag]]

    def held_out(self, tag: int) -> NDArray[np.unsignedinteger]:
        """Held-out rows of the tag with this index, shape (held-out rows, row_tokens), memory-mapped."""
        return self._map(tag)[self.sizes[tag] :]

    def _mapped(self, tag: int) -> NDArray[np.unsignedinteger]:
        """All rows of the tag with this index, from a file that was checked at the beginning."""
        name = self.tags[tag]
        entry, dtype = self.manifest.tags[str(name)], id_type(self.vocabulary_size)
        shape = (entry.rows + entry.held_out_rows, self.row_tokens)
        if not shape[0]:  # an empty file cannot be mapped
            return np.empty(shape, dtype)
        path = self.folder / file_name(name)
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            if len(mapped) > _LARGE and hasattr(mmap, "MADV_RANDOM"):
                mapped.madvise(mmap.MADV_RANDOM)
            return np.frombuffer(mapped, dtype).reshape(shape)
        except (OSError, ValueError) as error:
            raise DamagedError(
                f"{path} was whole when the rows were opened and cannot be read now ({error}); {_remedy(self.folder)}"
            ) from None

    def _check(self, tag: str, entry: TagRows) -> None:
        path = self.folder / file_name(tag)
        rows = entry.rows + entry.held_out_rows
        expected = rows * self.row_tokens * np.dtype(id_type(self.vocabulary_size)).itemsize
        size = path.stat().st_size if path.is_file() else None
        if size != expected:
            state = "is missing" if size is None else f"has {size:,} bytes"
            raise DamagedError(f"{path} {state}, expected {expected:,} bytes; {_remedy(self.folder)}")


def _most_maps() -> int:
    """Maps that stay open: few beside what torch, threads and logs need, and no more than pays."""
    return max(1, min(_MOST_MAPS, most_open_files() // 4))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of prepared rows.

    Raises:
        DataMissingError: where there is none.
        DamagedError: where it is not one of ours.
    """
    if not (folder / MANIFEST).is_file():
        raise DataMissingError(f"{folder} holds no prepared rows (no {MANIFEST}); make them with `langsamp prepare`")
    path, remedy = folder / MANIFEST, _remedy(folder)
    content = read_versioned(path, remedy=remedy)
    check_sealed(folder, remedy=remedy, only=[MANIFEST])
    return as_record(Manifest, content, path, remedy=remedy)


def _verify(folder: Path, manifest: Manifest) -> None:
    """Read every file once and compare it with its checksum; the tags' also with the one that the manifest has."""
    unneeded = f"nothing is computed from it: delete {folder / PROVENANCE}"
    check_sealed(folder, remedy=unneeded, only=[PROVENANCE], may_lack=[PROVENANCE])
    known = check_sealed(folder, remedy=_remedy(folder), may_lack=[PROVENANCE]).files
    for tag, entry in manifest.tags.items():
        name = file_name(tag)
        if name not in known or known[name].sha256 != entry.sha256:
            raise DamagedError(f"{folder / name} does not match its checksum in {MANIFEST}; {_remedy(folder)}")


def _remedy(folder: Path) -> str:
    return f"put that file back from a copy, or delete {folder} and prepare again"


def file_name(tag: LangScript | str) -> str:
    """Name of the file with the rows of `tag`."""
    return f"{tag}.ids"


def id_type(vocabulary_size: int) -> DTypeLike:
    """The smallest type that holds every token id, little-endian on every machine."""
    return np.dtype("<u2") if vocabulary_size <= 1 << 16 else np.dtype("<u4")


def num_held_out(rows: int, config: RowsConfig) -> int:
    """How many of a tag's `rows` are held out."""
    return min(config.held_out_rows, rows // 10)
