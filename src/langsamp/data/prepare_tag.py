"""What preparing does with one tag, in a process of its own: clean, draw a tokenizer's sample, encode and pack.

A large one is read in chunks first and encoded in parts. Each result appears under its name only when it is whole, so
that a preparation that was killed goes on after the last finished tag, or chunk or part of a large one.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain, islice
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from langsamp.data.chunks.choosing import choose, documents_after
from langsamp.data.chunks.chunk import Chunk
from langsamp.data.chunks.parts import (
    PART_BYTES,
    CleanText,
    TextPart,
    begin_again,
    likely_parts,
    text_parts,
    write_parts,
)
from langsamp.data.packing import Tokens, best_fit, concatenated
from langsamp.data.rows import TOKENIZER, RowsConfig, TagRows, file_name, num_held_out
from langsamp.data.text.cleaning import Cleaner, check_first
from langsamp.data.text.contamination import Overlap, OverlapCounts, sentences_at
from langsamp.data.text.corpus import Corpus, CorpusConfig
from langsamp.data.tokens.encoding import DocumentEncoder, encoder_of
from langsamp.data.tokens.sketch import DocumentSketch
from langsamp.data.tokens.tokenizer_sample import draw
from langsamp.data.workers import each
from langsamp.disk.files import writing
from langsamp.disk.leftovers import scratch_file
from langsamp.disk.seals import read_record, write_record
from langsamp.languages.scripts import share_in_script
from langsamp.languages.tags import LangScript
from langsamp.provenance import file_sha256

_FIRST = 1000  # documents that tell how long they are


@dataclass(frozen=True, kw_only=True)
class TagWork:
    """One tag's part of a preparation whose files lie in `folder`."""

    tag: LangScript
    corpus: Corpus
    cleaning: CorpusConfig
    rows: RowsConfig
    folder: Path
    test_sentences: Path | None = None
    """File with those to be looked for in the text (`contamination.TaskSentences`)."""
    part_bytes: int = PART_BYTES
    """Text beyond which there is more than one chunk to read and one part to encode."""

    @property
    def record(self) -> Path:
        """Where the tag's entry of the manifest waits for the others."""
        return self.folder / f"{self.tag}.json"

    @property
    def _clean(self) -> Path:
        return self.folder / f"{self.tag}.clean.zst"

    @property
    def _counted(self) -> Path:
        return self.folder / f"{self.tag}.clean.json"

    @property
    def is_cleaned(self) -> bool:
        """Whether the tag's clean documents are on disk."""
        return self._counted.is_file() and all(
            (self.folder / name).is_file() for text in self._cleaned().texts for name in (text.file, text.kept) if name
        )

    @property
    def likely_parts(self) -> int:
        """How many parts the tag's text has, about."""
        return likely_parts(self.corpus.size(self.tag), self.part_bytes)

    def parts(self) -> list[TextPart]:
        """The parts of the tag's clean documents, which are written if need be; each can be encoded apart."""
        self.clean()
        return text_parts(self.folder, self._cleaned().texts)

    def chunks(self) -> list[Chunk]:
        """The chunks of the tag's text, each of which can be read apart; none where all of it is read in one go."""
        is_small = self.likely_parts == 1
        would_load_too_much = self.cleaning.max_documents is not None and self.cleaning.is_remote
        chunks = () if is_small or would_load_too_much else self.corpus.chunks(self.tag, self.part_bytes)
        return [
            Chunk(
                tag=self.tag, number=number, corpus=corpus, cleaning=self.cleaning, folder=self.folder,
                test_sentences=self.test_sentences, part_bytes=self.part_bytes,
            )
            for number, corpus in enumerate(chunks if len(chunks) > 1 else ())
        ]  # fmt: skip

    def chunks_to_read(self) -> list[Chunk]:
        """Those that `clean` needs; with `max_documents` the first ones, of which it likely keeps all."""
        chunks, cap = self.chunks(), self.cleaning.max_documents
        if cap is None or not chunks:
            return chunks
        first = list(islice(self.corpus.documents(self.tag), _FIRST))
        likely_bytes = cap * sum(len(text.encode("utf-8", "surrogatepass")) + 1 for text in first) // max(len(first), 1)
        return chunks[: likely_bytes // self.part_bytes]

    def clean(self) -> int:
        """Write the tag's clean documents and return their number; of a large tag, choose from its chunks."""
        if not self.is_cleaned:
            for path in self.folder.glob(f"{self.tag}.part-*"):  # of clean text that is no longer there
                path.unlink(missing_ok=True)
            cleaner, chunks = self._cleaner(), self.chunks()
            texts = choose(cleaner, chunks)
            if self.cleaning.check_script and texts:
                check_first(chain.from_iterable(map(TextPart.batches, text_parts(self.folder, texts))), self.tag)
            if texts and len(texts) == len(chunks):
                cleaner.check_end()
            else:
                left = documents_after(chunks, len(texts)) if texts else self.corpus.documents(self.tag)
                texts.append(self._write_clean(cleaner.batches(left)))
            cleaned = _Cleaned(**_cleaning_record(cleaner), texts=tuple(texts))
            write_record(self._counted, cleaned.model_dump(mode="json"))
            for chunk in chunks:
                chunk.digests.unlink(missing_ok=True)
        return self._cleaned().documents

    def sample(self, quota: int, seed: int) -> list[str]:
        """`quota` clean documents, drawn by `seed`."""
        batches = chain.from_iterable(part.batches() for part in self.parts())
        return draw(chain.from_iterable(batches), quota=quota, tag=self.tag, seed=seed)

    def look(self) -> dict[str, Overlap]:
        """What the tag's clean documents share with test sets, by task; nothing is written."""
        cleaner = self._cleaner()
        for _ in cleaner.batches(self.corpus.documents(self.tag)):
            pass
        return cleaner.overlap.by_task if cleaner.overlap is not None else {}

    def encode(self) -> TagRows:
        """Write the tag's rows and return its entry of the manifest."""
        if (finished := self._encoded()) is not None:
            return finished
        encoder, sketch = encoder_of(self.folder / TOKENIZER), DocumentSketch()
        batches: Iterator[Sequence[Tokens]]
        if self.is_cleaned:
            cleaned, parts = self._cleaned(), self.parts()
            batches = chain.from_iterable(part.encoded(encoder, sketch) for part in parts)
        else:
            cleaned, parts, cleaner = None, [], self._cleaner()
            batches = map(encoder, sketch.watching(cleaner.batches(self.corpus.documents(self.tag))))
        path = self.folder / file_name(self.tag)
        tally = self._write(batches, encoder, path)
        held_out = num_held_out(tally.rows, self.rows)
        entry = TagRows(
            **(cleaned.model_dump(exclude={"texts"}) if cleaned else _cleaning_record(cleaner)),
            tokens=tally.tokens,
            ordinary_tokens=tally.ordinary,
            unknown_share=tally.unknown_share,
            byte_share=tally.bytes / max(tally.ordinary, 1),
            rows=tally.rows - held_out,
            held_out_rows=held_out,
            tail_tokens=tally.tail,
            padding_tokens=tally.padding,
            sketch=sketch.digests,
            sha256=file_sha256(path),
        )
        write_record(self.record, entry.model_dump(mode="json"))
        for part in parts:
            part.delete_tokens()
        return entry

    def _write(self, batches: Iterator[Sequence[Tokens]], encoder: DocumentEncoder, path: Path) -> "_Tally":
        tally = _Tally(encoder)
        with writing(path), scratch_file(path) as (scratch, _):  # another worker may do the same at the same time
            with scratch.open("wb") as file:
                for tokens in self._packed(batches, encoder):
                    tally.add(tokens)
                    if tokens.ndim == 2:
                        tokens.tofile(file)
            scratch.chmod(0o644)
            scratch.replace(path)
        return tally

    def _encoded(self) -> TagRows | None:
        """The entry of rows that were written before a stop; None where there are none, or not as they were written."""
        if not self.record.is_file():
            return None
        entry = read_record(TagRows, self.record, remedy=begin_again(self.record))
        path = self.folder / file_name(self.tag)
        return entry if path.is_file() and file_sha256(path) == entry.sha256 else None

    def _packed(
        self, batches: Iterator[Sequence[Tokens]], encoder: DocumentEncoder
    ) -> Iterator[NDArray[np.unsignedinteger]]:
        if encoder.frame is None:
            return concatenated(batches, row_tokens=self.rows.row_tokens, dtype=encoder.dtype)
        return best_fit(batches, row_tokens=self.rows.row_tokens, dtype=encoder.dtype, delimiters=encoder.frame)

    def _cleaner(self) -> Cleaner:
        overlap = OverlapCounts(sentences_at(self.test_sentences)) if self.test_sentences is not None else None
        return Cleaner(self.tag, self.cleaning, scratch=self.folder, overlap=overlap)

    def _write_clean(self, batches: Iterator[list[str]]) -> CleanText:
        with writing(self._clean), scratch_file(self._clean) as (scratch, _):
            ends = write_parts(batches, scratch, part_bytes=self.part_bytes)
            scratch.replace(self._clean)
        return CleanText(file=self._clean.name, ends=tuple(ends))

    def _cleaned(self) -> "_Cleaned":
        return read_record(_Cleaned, self._counted, remedy=begin_again(self._counted))


def clean_large_tags(jobs: Sequence[TagWork], pool: Executor | None) -> None:
    """Write the clean text of the tags that are large; nothing where all are small or done."""
    large = [job for job in jobs if job.likely_parts > 1 and not (job.record.is_file() or job.is_cleaned)]
    if chunks := [chunk for job in large for chunk in job.chunks_to_read()]:
        each(methodcaller("read"), chunks, pool, "reading large tags", unit="chunks")
    if large:
        each(methodcaller("clean"), large, pool, "cleaning large tags")


def encode_parts(jobs: Sequence[TagWork], pool: Executor | None) -> None:
    """Make the tokens of the tags that are cleaned and have several parts."""
    in_parts = [job.parts() for job in jobs if job.is_cleaned and not job.record.is_file()]
    parts = [part for parts in in_parts if len(parts) > 1 for part in parts]
    if parts:
        each(methodcaller("encode"), parts, pool, "encoding large tags", unit="parts")


class _Cleaned(BaseModel):
    """What cleaning has counted of a tag; the fields but the last are those of `TagRows`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: int
    dropped: Mapping[str, int]
    bytes: int
    notes: tuple[str, ...]
    share_in_script: float
    garbled_share: float = 0.0
    overlap: Mapping[str, Overlap]
    texts: tuple[CleanText, ...]
    """The files of clean text, in their order."""


class _Tally:
    """Counts of a tag's tokens while they are packed."""

    def __init__(self, encoder: DocumentEncoder) -> None:
        self._encoder = encoder
        self.tokens = self.ordinary = self.unknown = self.bytes = self.rows = self.tail = self.padding = 0

    @property
    def unknown_share(self) -> float:
        """Share of `<unk>` among the tokens of text, to which it belongs though most tokenizers call it special."""
        is_special = self._encoder.unknown_id is not None and self._encoder.is_special[self._encoder.unknown_id]
        return self.unknown / max(self.ordinary + (self.unknown if is_special else 0), 1)

    def add(self, tokens: NDArray[np.unsignedinteger]) -> None:
        padding = 0 if self._encoder.frame is None else int(np.count_nonzero(tokens == self._encoder.frame.padding))
        self.padding += padding
        self.tokens += tokens.size - padding
        self.ordinary += int(np.count_nonzero(~self._encoder.is_special[tokens]))
        self.unknown += int(np.count_nonzero(tokens == self._encoder.unknown_id))
        self.bytes += int(np.count_nonzero(self._encoder.is_byte[tokens]))
        if tokens.ndim == 2:
            self.rows += len(tokens)
        else:
            self.tail = len(tokens)


def _cleaning_record(cleaner: Cleaner) -> dict[str, Any]:
    counts, overlap = cleaner.counts, cleaner.overlap
    return {
        "documents": counts.kept,
        "dropped": {reason: number for reason, number in sorted(counts.dropped.items()) if number},
        "bytes": counts.bytes,
        "notes": counts.odd.notes(counts.read),
        "share_in_script": round(share_in_script(counts.letters(), cleaner.tag.script), 4),
        "garbled_share": round(counts.garbled_share, 4),
        "overlap": {} if overlap is None else {task: shared.model_dump() for task, shared in overlap.by_task.items()},
    }
