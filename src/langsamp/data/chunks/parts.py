"""A tag's clean text on disk in parts of bounded size, and the tokens of each part, which are made apart from the rest.

A part is one compressed frame of a file with clean text, so that it is read without what stands before. Its tokens
stay on disk until the tag's rows are written. They are never needed: the text gives the same.
"""

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from langsamp.data.packing import Delimiters, Ids, Tokens
from langsamp.data.rows import TOKENIZER
from langsamp.data.tokens.encoding import DocumentEncoder, encoder_of
from langsamp.data.tokens.sketch import DocumentSketch
from langsamp.disk.files import writing
from langsamp.disk.leftovers import scratch_file
from langsamp.disk.seals import read_record, write_record
from langsamp.errors import DamagedError
from langsamp.provenance import file_sha256

PART_BYTES = 64 << 20
"""Clean text of a part: 40 s for one processor and a unigram tokenizer, which encodes 1.7 MB a second."""
_DOCUMENTS = 1000
_BLOCK = 1 << 20  # tokens


def likely_parts(size: int, part_bytes: int) -> int:
    """How many parts a tag with so many bytes of text has, about."""
    return 1 + size // part_bytes


class PartEnd(NamedTuple):
    """How much of a file stands before the end of a part."""

    bytes: int
    documents: int


class CleanText(BaseModel):
    """What is noted of a file of clean text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    ends: tuple[PartEnd, ...]
    kept: str | None = None
    """The file that says which of its documents are kept; None where all are."""


class _TokensRecord(BaseModel):
    """What is noted of a part's tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    sketch: tuple[int, ...]
    """Of its documents (`tokens.sketch`)."""


class _KeptRecord(BaseModel):
    """Which documents of a file are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bits: str
    """One for each, eight to a byte, in base 64."""


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """A part of the clean text in the file `text`, whose name begins with that of the tag."""

    text: Path
    number: int
    """Among all parts of the tag."""
    start: PartEnd
    end: PartEnd
    kept: Path | None
    """Where is noted which documents of the file are kept; None where all are."""

    @property
    def tokens(self) -> Path:
        """Where its tokens are."""
        return self.text.with_name(f"{self.text.name.partition('.')[0]}.part-{self.number:05}.ids")

    @property
    def record(self) -> Path:
        """What is noted of its tokens."""
        return self.tokens.with_suffix(".json")

    @property
    def is_encoded(self) -> bool:
        """Whether its tokens are there, as they were written."""
        if not (self.record.is_file() and self.tokens.is_file()):
            return False
        return file_sha256(self.tokens) == self._noted().sha256

    def encode(self) -> None:
        """Write its tokens, unless they are there."""
        if self.is_encoded:
            return
        encoder, sketch = encoder_of(self.text.parent / TOKENIZER), DocumentSketch()
        with writing(self.tokens), scratch_file(self.tokens) as (scratch, _):
            with scratch.open("wb") as file:
                for batch in sketch.watching(self.batches()):
                    np.fromiter(chain.from_iterable(encoder(batch)), encoder.dtype).tofile(file)
            digest = file_sha256(scratch)
            scratch.replace(self.tokens)
        write_record(self.record, _TokensRecord(sha256=digest, sketch=sketch.digests).model_dump(mode="json"))

    def encoded(self, encoder: DocumentEncoder, sketch: DocumentSketch) -> Iterator[Sequence[Tokens]]:
        """The tokens of its documents in batches, in their order; whole documents where rows hold such.

        What passes by is added to `sketch`.
        """
        if not self.is_encoded:
            return map(encoder, sketch.watching(self.batches()))
        sketch.add(self._noted().sketch)
        blocks = _blocks(self.tokens, encoder)
        return ([block] for block in blocks) if encoder.frame is None else documents_in(blocks, encoder.frame)

    def batches(self) -> Iterator[list[str]]:
        """Its documents that are kept, in lists none of which is empty.

        Raises:
            DamagedError: where they cannot be read as they were written.
        """
        is_kept = None if self.kept is None else iter(_read_kept(self.kept)[self.start.documents :].tolist())
        try:
            for batch in self._read():
                if kept := batch if is_kept is None else list(compress(batch, is_kept)):
                    yield kept
        except (zstandard.ZstdError, UnicodeDecodeError) as error:
            raise DamagedError(f"{self.text} cannot be read ({error}); {begin_again(self.text)}") from None

    def _noted(self) -> _TokensRecord:
        return read_record(_TokensRecord, self.record, remedy=begin_again(self.record))

    def delete_tokens(self) -> None:
        """Take its tokens away."""
        self.record.unlink(missing_ok=True)
        self.tokens.unlink(missing_ok=True)

    def _read(self) -> Iterator[list[str]]:
        with self.text.open("rb") as file:
            file.seek(self.start.bytes)
            packed = file.read(self.end.bytes - self.start.bytes)
        there = self.start.bytes + len(packed)
        if there < self.end.bytes:  # of text that is cut short zstandard gives what is there
            raise zstandard.ZstdError(f"it ends at byte {there:,}, expected {self.end.bytes:,} or more")
        with zstandard.open(io.BytesIO(packed), "rt", encoding="utf-8", newline="\n") as lines:
            while batch := [line.removesuffix("\n") for line in islice(lines, _DOCUMENTS)]:
                yield batch


def write_parts(batches: Iterable[list[str]], file: Path, *, part_bytes: int) -> list[PartEnd]:
    """Write documents, one a line, in parts of about so many bytes; where each ends."""
    ends, left, documents = [], iter(batches), 0
    with file.open("wb") as packed:
        for first in left:
            size = 0
            compressor = zstandard.ZstdCompressor(write_checksum=True)
            with compressor.stream_writer(packed, closefd=False) as frame:
                for batch in chain([first], left):
                    text = ("\n".join(batch) + "\n").encode()
                    frame.write(text)
                    size += len(text)
                    documents += len(batch)
                    if size >= part_bytes:
                        break
            ends.append(PartEnd(packed.tell(), documents))
    return ends


def write_kept(file: Path, is_kept: NDArray[np.bool_]) -> None:
    """Note which documents of a file of clean text are kept."""
    write_record(file, {"bits": base64.b64encode(np.packbits(is_kept).tobytes()).decode()})


def text_parts(folder: Path, texts: Sequence[CleanText]) -> list[TextPart]:
    """The parts of one tag's files, which `write_parts` wrote."""
    spans = [(text, *span) for text in texts for span in zip((PartEnd(0, 0), *text.ends), text.ends, strict=False)]
    return [
        TextPart(
            text=folder / text.file, number=number, start=start, end=end, kept=folder / text.kept if text.kept else None
        )
        for number, (text, start, end) in enumerate(spans)
    ]


def documents_in(blocks: Iterable[Ids], frame: Delimiters) -> Iterator[list[Ids]]:
    """The documents whose tokens stand one after another, cut into blocks anywhere; each is between special tokens."""
    marks = 2 if frame.begin == frame.end else 1  # of a document
    rest: Ids | None = None
    for block in blocks:
        tokens = block if rest is None else np.concatenate([rest, block])
        *whole, rest = np.split(tokens, np.flatnonzero(tokens == frame.begin)[::marks][1:])
        yield whole
    if rest is not None:
        yield [rest]


def begin_again(path: Path) -> str:
    """What to do about a file of a preparation that is half done."""
    return f"delete that file ({path.name} is made anew) and run the same command again"


def _read_kept(file: Path) -> NDArray[np.bool_]:
    bits = base64.b64decode(read_record(_KeptRecord, file, remedy=begin_again(file)).bits)
    return np.unpackbits(np.frombuffer(bits, np.uint8)).astype(bool)


def _blocks(file: Path, encoder: DocumentEncoder) -> Iterator[Ids]:
    with file.open("rb") as tokens:
        while len(block := np.fromfile(tokens, encoder.dtype, _BLOCK)):
            yield block
