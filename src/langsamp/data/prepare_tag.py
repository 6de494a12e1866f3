"""What preparing does with one tag, in a process of its own: clean, draw a tokenizer's sample, encode and pack.

Each result appears under its name only when it is whole, so that a preparation that was killed goes on after the last
finished tag.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from langsamp.data.packing import best_fit, concatenated
from langsamp.data.rows import TOKENIZER, RowsConfig, TagRows, file_name, held_out_share
from langsamp.data.text.cleaning import CleaningCounts, clean_batches
from langsamp.data.text.contamination import Overlap, OverlapCounts, sentences_at
from langsamp.data.text.corpus import Corpus, CorpusConfig
from langsamp.data.tokens.encoding import DocumentEncoder, encoder_of
from langsamp.data.tokens.tokenizer_sample import draw
from langsamp.disk.files import writing
from langsamp.disk.leftovers import scratch_file
from langsamp.disk.seals import read_record, write_record
from langsamp.errors import DamagedError
from langsamp.languages.scripts import share_in_script
from langsamp.languages.tags import LangScript
from langsamp.provenance import file_sha256

_DOCUMENTS = 1000


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

    def clean(self) -> int:
        """Write the tag's clean documents and return their number."""
        if not (self._counted.is_file() and self._clean.is_file()):
            counts, overlap = CleaningCounts(), self._overlap()
            checked = zstandard.ZstdCompressor(write_checksum=True)
            with writing(self._clean), scratch_file(self._clean) as (part, _):
                with zstandard.open(part, "wt", cctx=checked, encoding="utf-8", newline="\n") as file:
                    for batch in self._clean_batches(counts, overlap):
                        file.write("\n".join(batch) + "\n")
                part.replace(self._clean)
            write_record(self._counted, _cleaning_record(self.tag, counts, overlap))
        return self._cleaned().documents

    def sample(self, quota: int, seed: int) -> list[str]:
        """`quota` clean documents, drawn by `seed`."""
        return draw(chain.from_iterable(self._stored_batches()), quota=quota, tag=self.tag, seed=seed)

    def look(self) -> dict[str, Overlap]:
        """What the tag's clean documents share with test sets, by task; nothing is written."""
        overlap = self._overlap()
        for _ in self._clean_batches(CleaningCounts(), overlap):
            pass
        return overlap.by_task if overlap is not None else {}

    def encode(self) -> TagRows:
        """Write the tag's rows and return its entry of the manifest."""
        if (finished := self._encoded()) is not None:
            return finished
        encoder = encoder_of(self.folder / TOKENIZER)
        cleaned: _Cleaned | None = None
        if self._clean.is_file() and self._counted.is_file():
            cleaned, batches = self._cleaned(), self._stored_batches()
        else:
            counts, overlap = CleaningCounts(), self._overlap()
            batches = self._clean_batches(counts, overlap)
        path = self.folder / file_name(self.tag)
        tally = _Tally(encoder)
        with writing(path), scratch_file(path) as (part, _):  # another worker may do the same at the same time
            with part.open("wb") as file:
                for tokens in self._packed(batches, encoder):
                    tally.add(tokens)
                    if tokens.ndim == 2:
                        tokens.tofile(file)
            part.chmod(0o644)
            part.replace(path)
        held_out = held_out_share(tally.rows, self.rows)
        entry = TagRows(
            **(cleaned.model_dump() if cleaned else _cleaning_record(self.tag, counts, overlap)),
            tokens=tally.tokens,
            ordinary_tokens=tally.ordinary,
            unknown_share=tally.unknown_share,
            byte_share=tally.bytes / max(tally.ordinary, 1),
            rows=tally.rows - held_out,
            held_out_rows=held_out,
            tail_tokens=tally.tail,
            padding_tokens=tally.padding,
            sha256=file_sha256(path),
        )
        write_record(self.record, entry.model_dump(mode="json"))
        return entry

    def _encoded(self) -> TagRows | None:
        """The entry of rows that were written before a stop; None where there are none, or not as they were written."""
        if not self.record.is_file():
            return None
        entry = read_record(TagRows, self.record, remedy=_begin_again(self.record))
        path = self.folder / file_name(self.tag)
        return entry if path.is_file() and file_sha256(path) == entry.sha256 else None

    def _packed(self, batches: Iterator[list[str]], encoder: DocumentEncoder) -> Iterator[NDArray[np.unsignedinteger]]:
        if encoder.frame is None:
            return concatenated(batches, encode=encoder, row_tokens=self.rows.row_tokens, dtype=encoder.dtype)
        return best_fit(
            batches, encode=encoder, row_tokens=self.rows.row_tokens, dtype=encoder.dtype, delimiters=encoder.frame
        )

    def _overlap(self) -> OverlapCounts | None:
        return OverlapCounts(sentences_at(self.test_sentences)) if self.test_sentences is not None else None

    def _clean_batches(self, counts: CleaningCounts, overlap: OverlapCounts | None) -> Iterator[list[str]]:
        documents, scratch = self.corpus.documents(self.tag), self.folder
        return clean_batches(
            documents, tag=self.tag, config=self.cleaning, counts=counts, scratch=scratch, overlap=overlap
        )

    def _cleaned(self) -> "_Cleaned":
        return read_record(_Cleaned, self._counted, remedy=_begin_again(self._counted))

    def _stored_batches(self) -> Iterator[list[str]]:
        try:
            yield from self._read_clean()
        except (zstandard.ZstdError, UnicodeDecodeError) as error:
            raise DamagedError(f"{self._clean} cannot be read ({error}); {_begin_again(self._clean)}") from None

    def _read_clean(self) -> Iterator[list[str]]:
        with zstandard.open(self._clean, "rt", encoding="utf-8", newline="\n") as file:
            batch: list[str] = []
            for line in file:
                batch.append(line.removesuffix("\n"))
                if len(batch) == _DOCUMENTS:
                    yield batch
                    batch = []
            if batch:
                yield batch


class _Cleaned(BaseModel):
    """What cleaning has counted of a tag; the fields are those of `TagRows`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: int
    dropped: Mapping[str, int]
    bytes: int
    notes: tuple[str, ...]
    share_in_script: float
    overlap: Mapping[str, Overlap]


def _begin_again(path: Path) -> str:
    """What to do about a file of a preparation that is half done."""
    return f"delete that file ({path.name} is made anew) and run the same command again"


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


def _cleaning_record(tag: LangScript, counts: CleaningCounts, overlap: OverlapCounts | None) -> dict[str, Any]:
    return {
        "documents": counts.kept,
        "dropped": {reason: number for reason, number in sorted(counts.dropped.items()) if number},
        "bytes": counts.bytes,
        "notes": counts.odd.notes(counts.read),
        "share_in_script": round(share_in_script(counts.letters(), tag.script), 4),
        "overlap": {} if overlap is None else {task: shared.model_dump() for task, shared in overlap.by_task.items()},
    }
