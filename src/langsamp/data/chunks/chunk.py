"""A chunk of a tag's source: read and cleaned apart from the rest, as far as a document can be judged by itself.

What depends on the documents before it, whether it is the first of equal or like ones, is left to `choosing.py`, which
needs only the digests that lie beside the clean text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

from langsamp.addresses import is_address
from langsamp.data.chunks.parts import CleanText, PartEnd, begin_again, write_parts
from langsamp.data.text.cleaning import (
    DUPLICATE,
    Cleaner,
    CleaningCounts,
    check_most_are_text,
    clean_alone,
    count_kept,
    in_batches,
)
from langsamp.data.text.contamination import sentences_at
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.text.duplicates import DIGEST_BYTES, digests_of
from langsamp.data.text.folder import FolderCorpus
from langsamp.data.text.odd_rows import OddRow
from langsamp.data.text.remote import FileRange
from langsamp.disk.files import writing
from langsamp.disk.leftovers import scratch_file
from langsamp.disk.seals import read_record, write_record
from langsamp.errors import DamagedError
from langsamp.languages.tags import LangScript
from langsamp.provenance import file_sha256

_DOCUMENTS = 30_000  # whose digests are read at once


class ChunkRecord(BaseModel):
    """What is noted of a chunk: its files' checksums, and what was counted of its documents."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    """What was read."""
    text_sha256: str
    digests_sha256: str
    ends: tuple[PartEnd, ...]
    held: tuple[tuple[int, tuple[int, ...]], ...]
    """The documents that hold test sentences, each with the lines of `TaskSentences` that these are."""
    read: int
    dropped: Mapping[str, int]
    odd: tuple[tuple[str, str, str], ...]
    """The first documents that cannot be read: file, line and reason."""
    odd_number: int
    looked_at: int
    garbled: int
    characters: int
    bytes: int
    by_character: Mapping[str, int]

    @property
    def documents(self) -> int:
        """Clean documents in the file."""
        return self.ends[-1].documents if self.ends else 0

    def counts(self, *, lines_before: int) -> CleaningCounts:
        """What was counted but the characters, of a chunk that begins after so many lines of its file."""
        counts = CleaningCounts(
            read=self.read, kept=self.documents, characters=self.characters, bytes=self.bytes,
            looked_at=self.looked_at, garbled=self.garbled,
        )  # fmt: skip
        counts.dropped.update(self.dropped)
        odd = [OddRow(where if is_address(where) else Path(where), row, reason) for where, row, reason in self.odd]
        counts.odd.extend([row.after(lines_before) for row in odd], self.odd_number)
        return counts


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A part of one tag's source, its files in `folder`, and how they are made."""

    tag: LangScript
    number: int
    corpus: FolderCorpus
    """Which has no other text of the tag than this."""
    cleaning: CorpusConfig
    folder: Path
    test_sentences: Path | None
    part_bytes: int

    @property
    def is_inside(self) -> bool:
        """Whether it begins inside a file, after the chunk before it."""
        first = self.corpus.files[self.tag][0]
        return isinstance(first, FileRange) and first.start > 0

    @property
    def source(self) -> str:
        """What is read, without the folder that it lies in."""
        return " ".join(
            f"{file.name}:{file.start}-{file.stop}" if isinstance(file, FileRange) else file.name
            for file in self.corpus.files[self.tag]
        )

    @property
    def text(self) -> Path:
        """Where its clean documents are, equal ones once."""
        return self.folder / f"{self.tag}.clean.{self.number:05}.zst"

    @property
    def digests(self) -> Path:
        """Where the digests of these are: for each document one of its text and those of its MinHash's bands."""
        return self.text.with_suffix(".digests")

    @property
    def record(self) -> Path:
        """What is noted of both."""
        return self.text.with_suffix(".json")

    @property
    def kept(self) -> Path:
        """Where will be noted which of its documents are kept."""
        return self.text.with_suffix(".kept.json")

    @property
    def is_read(self) -> bool:
        """Whether its files are there, as they were written."""
        if not (record := self.noted()):
            return False
        return (record.text_sha256, record.digests_sha256) == (file_sha256(self.text), file_sha256(self.digests))

    def read(self) -> None:
        """Write its files, unless they are there."""
        if not self.is_read:
            self._write()

    def result(self) -> ChunkRecord:
        """What is noted of it; it is read if need be."""
        return self.noted() or self._write()

    def noted(self) -> ChunkRecord | None:
        """What is noted of it; None where its files are not there."""
        if not (self.record.is_file() and self.text.is_file() and self.digests.is_file()):
            return None
        record = read_record(ChunkRecord, self.record, remedy=begin_again(self.record))
        return record if record.source == self.source else None

    def clean_text(self, record: ChunkRecord, *, is_whole: bool) -> CleanText:
        """Its text with what `kept` says, or as a whole."""
        return CleanText(file=self.text.name, ends=record.ends, kept=None if is_whole else self.kept.name)

    def read_digests(self, record: ChunkRecord, width: int) -> Iterator[list[bytes]]:
        """The digests of its documents, `width` of each, of some documents at a time.

        Raises:
            DamagedError: where they are not as they were written.
        """
        if file_sha256(self.digests) != record.digests_sha256:
            raise DamagedError(f"{self.digests} does not match its checksum; {begin_again(self.digests)}")
        size = DIGEST_BYTES * width
        with self.digests.open("rb") as file:
            for _ in range(0, record.documents, _DOCUMENTS):
                block = file.read(size * _DOCUMENTS)
                yield [block[at : at + DIGEST_BYTES] for at in range(0, len(block), DIGEST_BYTES)]

    def _write(self) -> ChunkRecord:
        counts, held = CleaningCounts(), dict[int, list[int]]()
        with writing(self.text), scratch_file(self.text) as (text, _), scratch_file(self.digests) as (digests, _):
            with digests.open("wb") as file:
                ends = write_parts(self._batches(counts, held, file), text, part_bytes=self.part_bytes)
            record = ChunkRecord(
                source=self.source,
                text_sha256=file_sha256(text),
                digests_sha256=file_sha256(digests),
                ends=tuple(ends),
                held=tuple((number, tuple(lines)) for number, lines in held.items()),
                read=counts.read,
                dropped=counts.dropped,
                odd=tuple((str(row.where), row.row, row.reason) for row in counts.odd.first),
                odd_number=counts.odd.number,
                looked_at=counts.looked_at,
                garbled=counts.garbled,
                characters=counts.characters,
                bytes=counts.bytes,
                by_character=counts.by_character(),
            )
            text.replace(self.text)
            digests.replace(self.digests)
        write_record(self.record, record.model_dump(mode="json"))
        return record

    def _batches(self, counts: CleaningCounts, held: dict[int, list[int]], digests: IO[bytes]) -> Iterator[list[str]]:
        """Its clean documents; their digests, and which of them hold test sentences, are noted on the way."""
        cleaner = Cleaner(self.tag, self.cleaning, counts=counts, scratch=self.folder)
        known = sentences_at(self.test_sentences) if self.test_sentences is not None else None
        config = self.cleaning
        is_begin = self.number == 0 and config.max_documents is None  # what is no text is told at once
        keeps_all = config.near_duplicates is None and not config.decontaminate
        for batch in in_batches(self.corpus.documents(self.tag)):
            if is_begin and counts.read:
                check_most_are_text(counts)
            documents = clean_alone(batch, counts)
            exact, bands = list[bytes](), list[bytes]()
            if cleaner.seen is not None:
                exact = digests_of([each.text for each in documents])
                is_new = cleaner.seen.are_new(exact)
                counts.dropped[DUPLICATE] += is_new.count(False)
                documents, exact = list(compress(documents, is_new)), list(compress(exact, is_new))
            if not documents:
                continue
            texts = [each.text for each in documents]
            if cleaner.near is not None:
                bands = cleaner.near.digests(texts)
            width = len(bands) // len(texts)
            for number in range(len(texts)):
                digests.writelines([*exact[number : number + 1], *bands[number * width : (number + 1) * width]])
            if known is not None:
                lines = known.lines_in([each.lines for each in documents])
                held.update((number, each) for number, each in enumerate(lines, start=counts.kept) if each)
            count_kept(texts, counts, self.tag, checks_script=is_begin and keeps_all and config.check_script)
            yield texts
